// Pages of docs/reference from what scripts/reference/model.mjs reads. Pure.
import { GROUPS, SHARED } from './pages.mjs';
import { surroundingsText } from './surroundings.mjs';

const NOTE = '<!-- Generated from the docstrings in src/ by `npm run gen`; edits here are overwritten. -->';

const pages = GROUPS.flatMap((group) => group.pages);
const pageOf = new Map(pages.flatMap((page) => page.names.map((name) => [name, page])));

/** As GitHub makes them of headings. */
const slugOf = (heading) =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(' ', '-');

/** Links to public names: two headings that differ only in case get different anchors. */
class Links {
  #anchors = new Map();

  constructor(surface) {
    for (const page of pages) {
      const seen = new Map([[slugOf(page.title), 1]]);
      for (const name of page.names) {
        const headings = [name, ...sectionsOf(surface[page.from].get(name).members).map(({ name }) => name)];
        for (const [at, heading] of [...new Set(headings)].entries()) {
          const slug = slugOf(heading);
          const count = seen.get(slug) ?? 0;
          seen.set(slug, count + 1);
          if (at === 0) this.#anchors.set(name, count === 0 ? slug : `${slug}-${count}`);
        }
      }
    }
  }

  to(name, from) {
    const { file } = pageOf.get(name);
    return `[\`${name}\`](${file === from?.file ? '' : `${file}.md`}#${this.#anchors.get(name)})`;
  }
}

/** What can be told in a line of a table. */
const isField = ({ signature, doc }) =>
  !/[(\n]/.test(signature) && doc.examples.length + doc.throws.length === 0 && !doc.text.includes('\n\n');
/** What has more to say stands in a section of its own. */
const sectionsOf = (members) => members.filter((member) => !isField(member));

/**
 * What the list of pages lacks or has too much of, in words; empty if every public name stands on one page.
 * @param {Record<string, Map<string, unknown>>} surface
 */
export function misplaced(surface) {
  const found = [];
  const listed = pages.flatMap(({ names, from }) => names.map((name) => `${name} of ${from}`));
  for (const [from, entries] of Object.entries(surface))
    for (const name of entries.keys())
      if (!listed.includes(`${name} of ${from}`) && !isShared(from, name))
        found.push(`${name} of ${from} stands on no page`);
  for (const page of pages)
    for (const name of page.names)
      if (!surface[page.from].has(name)) found.push(`${name} of ${page.from} is no public name`);
  for (const name of new Set(listed))
    if (listed.filter((other) => other === name).length > 1) found.push(`${name} stands twice`);
  return found;
}

/** Whether a name that an entry point gives is documented with another one. */
const isShared = (from, name) =>
  from === 'privity/control' ? pageOf.has(name) : from === 'privity/testing' && SHARED.includes(name);

/** @returns {Record<string, string>} pages by file name */
export function renderReference(surface) {
  const links = new Links(surface);
  return {
    'README.md': index(surface, links),
    ...Object.fromEntries(pages.map((page) => [`${page.file}.md`, pageText(page, surface, links)])),
  };
}

/** Names that the index lists of one page; of more those that people look for. */
const INDEX_NAMES_MAX = 13;

function index(surface, links) {
  const parts = GROUPS.map(({ heading, pages: own }) => {
    const lines = own.map((page) => {
      const isLong = page.names.length > INDEX_NAMES_MAX;
      const names = page.names.filter((name) => !isLong || isFirst(surface[page.from].get(name)));
      return `- **[${page.title}](${page.file}.md)**: ${names.map((name) => links.to(name)).join(', ')}${isLong ? ', …' : ''}`;
    });
    return `## ${heading}\n\n${lines.join('\n')}\n`;
  });
  const head = [
    NOTE,
    '# Reference',
    '',
    'Every name that `privity`, `privity/stats`, `privity/control` and `privity/testing` export: what it does, what it costs, which errors it throws, and an example.',
    '',
  ];
  return [...head, ...parts].join('\n');
}

const isFirst = ({ kind, doc, members }) =>
  kind === 'function' ||
  kind === 'class' ||
  doc.examples.length > 0 ||
  members.some((member) => !isField(member)) ||
  members.length > 7;

function pageText(page, surface, links) {
  const entries = surface[page.from];
  const importing = `\`import { … } from '${page.from}'\``;
  const around = surroundingsText(page.file, examplesOf(page, entries), surface);
  const list = page.names.map((name) => `- ${links.to(name, page)}: ${firstSentence(entries.get(name))}`);
  const parts = page.names.map((name) => entryText(entries.get(name), page, links));
  return `${[NOTE, `# ${page.title}`, '', page.intro, '', importing, '', ...list, '', ...(around ? [around, ''] : []), ...parts].join('\n').trimEnd()}\n`;
}

const examplesOf = ({ names }, entries) =>
  names.flatMap((name) => {
    const { doc, members } = entries.get(name);
    return [doc, ...members.map((member) => member.doc)].flatMap(({ examples }) => examples);
  });

const ZOD =
  '[Zod](https://zod.dev), the version that Privity itself uses: for schemas of arguments and settings.';

function firstSentence({ kind, doc }) {
  if (kind === 'namespace') return ZOD;
  const text = doc.text.split('\n\n')[0].replace(/\s*\n\s*/g, ' ');
  return linked(/^.*?[.:](?= [A-Z]|$)/.exec(text)?.[0] ?? text);
}

/** Whether a word of a signature can be the name: what starts runs is known to no job, and has short names. */
const isOf = (from, page) => page !== undefined && (page.from !== 'privity/control' || from === page.from);

function entryText({ name, kind, doc, members, signature, mentions }, page, links) {
  if (kind === 'namespace') return `## ${name}\n\n${ZOD}\n`;
  const others = [...mentions].filter((other) => other !== name && isOf(page.from, pageOf.get(other))).sort();
  return [
    `## ${name}`,
    '',
    // A bare name says nothing that the heading does not.
    ...(/^(interface|class|type) \w+$/.test(signature) ? [] : [code(signature), '']),
    docText(doc),
    ...membersText(members),
    ...(others.length === 0 ? [] : [`See ${others.map((other) => links.to(other, page)).join(', ')}.`, '']),
  ].join('\n');
}

function membersText(members) {
  const rows = members.filter(isField).map(({ signature, doc }) => {
    const [, field = '', type = ''] = /^(?:readonly )?('[^']*'|[^:]*): (.*)$/s.exec(signature) ?? [];
    return `| \`${cell(field)}\` | \`${cell(type)}\` | ${cell(linked(doc.text))} |`;
  });
  const sections = sectionsOf(members).flatMap(({ name, signature, doc }, at, all) => [
    // Of overloads the first has the heading.
    ...(all[at - 1]?.name === name ? [] : [`### ${name}`, '']),
    code(signature),
    '',
    docText(doc),
  ]);
  return [
    ...(rows.length === 0 ? [] : ['| field | type | |', '| --- | --- | --- |', ...rows, '']),
    ...sections,
  ];
}

function docText({ text, params, throws, examples }) {
  const lines = [linked(text), ''];
  for (const [name, words] of params) lines.push(`- \`${name}\`: ${linked(words)}`);
  if (params.length > 0) lines.push('');
  if (throws.length > 0) lines.push('Throws:', '', ...throws.map((line) => `- ${thrown(line)}`), '');
  for (const example of examples) lines.push('Example:', '', code(example), '');
  return lines.join('\n');
}

/** Blocks named `typescript` show; blocks named `ts` would be compiled as whole modules. */
const code = (text) => `\`\`\`typescript\n${text}\n\`\`\``;

const cell = (text) => text.replaceAll('|', '\\|').replace(/\s*\n\s*/g, ' ');

const thrown = (line) => linked(line.replace(/^\{(\w+)\}\s*/, (_, name) => `\`${name}\` `));

/** Codes, pages and public names in running text become links. */
function linked(text) {
  return text
    .split(/(```[\s\S]*?```)/)
    .map((part, at) => (at % 2 === 1 ? part : withLinks(part)))
    .join('');
}

function withLinks(text) {
  return text
    .replace(/\{@link (\w+)\}/g, '`$1`')
    .replace(/\bPRIVITY_[A-Z0-9_]+\b(?!…)/g, (name) =>
      name.endsWith('_') ? name : `[${name}](../errors.md#${slugOf(name)})`,
    )
    .replace(/(?<![[(/])\bdocs\/([a-z-]+)\.md/g, '[docs/$1.md](../$1.md)')
    .replace(/\{(UsageError|DataError|PeerError)\}/g, '`$1`')
    .replace(/<(?=[\w/])/g, '\\<');
}
