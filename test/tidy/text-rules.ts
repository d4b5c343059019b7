import type { ProjectFile, Violation } from './project-files.ts';

/** Past this a file is about two things. Aim at a quarter of it. */
export const SOURCE_LINES_MAX = 400;
/** Tests are lists of cases and are read one at a time. */
const TEST_LINES_MAX = 600;

const isSource = (path: string): boolean => path.startsWith('src/') && !path.startsWith('src/wire/gen/');
const isTest = (path: string): boolean => path.endsWith('.test.ts');
const isCode = (path: string): boolean => /\.(ts|mjs|js)$/.test(path);

/** A rule looks at one file and says what is wrong with it. */
export type Rule = (file: ProjectFile) => readonly string[];

export const fileLength: Rule = ({ path, text }) => {
  const lines = text.split('\n').length - 1;
  const limit = isTest(path) ? TEST_LINES_MAX : SOURCE_LINES_MAX;
  return isSource(path) && lines > limit ? [`${lines} lines; split it (limit ${limit})`] : [];
};

export const fileName: Rule = ({ path }) => {
  if (!/^(src|test|bench|examples|templates|scripts)\//.test(path) || path.startsWith('src/wire/gen/'))
    return [];
  const name = path.slice(path.lastIndexOf('/') + 1);
  const found: string[] = [];
  const vague = path.split('/').find((part) => /^(utils?|helpers?|common|misc|manager)(\.|-|$)/i.test(part));
  if (vague !== undefined) found.push(`'${vague}' says nothing; name the file after what it does`);
  if (isCode(path) && !/^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+)*$/.test(name)) found.push('not in kebab-case');
  return found;
};

/** The words are put together here so that this file does not contain what it looks for. */
const word = (...parts: readonly string[]): string => parts.join('');

const machinePath = new RegExp(
  [
    `(^|[^A-Za-z0-9._/-])/(${word('wo', 'rk')}|${word('fa', 'rm')}|${word('ro', 'ot')}|${word('ho', 'me')}/[a-z]+|${word('Us', 'ers')}/[A-Za-z]+)/`,
    word('C:', '\\\\', 'Users'),
    word('/tmp/', 'brief'),
  ].join('|'),
  'm',
);

export const machinePaths: Rule = ({ text }) => {
  const found = machinePath.exec(text);
  return found === null ? [] : [`names a path of one machine (${found[0].trim()})`];
};

const registryHost = new RegExp(
  [
    word('registry', '\\.npmjs'),
    word('registry', '\\.yarnpkg'),
    word('https?://', '[^/\\s"]*(npm|registry|artifactory|nexus|verdaccio)[^/\\s"]*\\.[^/\\s"]+/'),
  ].join('|'),
  'i',
);

export const registryHosts: Rule = ({ text }) =>
  registryHost.test(text) ? ['names the host of a package registry'] : [];

export const lockfile: Rule = ({ path, text }) =>
  path.endsWith('package-lock.json') && new RegExp(`"${word('res', 'olved')}": *"http`).test(text)
    ? ['records download addresses; .npmrc prevents that: run `npm install --package-lock-only` again']
    : [];

export const unfinished: Rule = ({ path, text }) =>
  /^(src|scripts|bench|examples|templates|proto)\//.test(path)
    ? [
        ...text.matchAll(
          new RegExp(`\\b(${word('TO', 'DO')}|${word('FIX', 'ME')}|${word('XX', 'X')})\\b`, 'g'),
        ),
      ].map((match) => `contains ${match[0]}`)
    : [];

const skipping =
  /\b(it|test|describe|suite)\s*\.\s*(skip|only|todo)\b|\b(skip|todo): *(true|'[^']|"[^"])|\bonly: *true|\bt\.(skip|todo)\(/;

export const skippedTests: Rule = ({ path, text }) => {
  if (!isTest(path)) return [];
  const found = skipping.exec(text);
  return found === null ? [] : [`a test that does not run ('${found[0]}')`];
};

/** A test file must test: itself, or by a suite that several implementations share. */
export const assertionFree: Rule = ({ path, text }) =>
  isTest(path) && !/\bassert\b|from '[^']+-suite\.ts'/.test(text) ? ['asserts nothing'] : [];

/** Where failures are on their way to somebody who waits: everywhere but in what lets them go. */
const failuresWay = /^src\/(?!base\/ignored\.ts)/;
/** A handler of rejections that does nothing, whatever it returns, and a block that catches an error and is empty. */
const silent = [
  /\bcatch\(\s*\(?\w*\)?\s*=>\s*(undefined|null|void 0|\[\]|\{\s*\})\s*,?\s*\)/g,
  /\bthen\(\s*(undefined|null|[\w.]+),\s*\(\)\s*=>\s*(undefined|null|void 0|\{\s*\})\s*,?\s*\)/g,
  /\bcatch\s*(\(\w+\)\s*)?\{\s*\}/g,
];
/** `ignored(promise, 'why')`: the reason is a sentence, not a blank. */
const unexplained = /\bignored\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*,\s*(?:''|""|``)\s*\)/g;

/**
 * A rejection that nobody hears is a party that waits: `ignored(promise, 'why')` in src/base/ignored.ts, or a comment
 * in the block.
 */
export const silence: Rule = ({ path, text }) => {
  if (!failuresWay.test(path) || isTest(path)) return [];
  const found = [...silent, unexplained].flatMap((pattern) => [...text.matchAll(pattern)]);
  return found.map(([match]) => `lets a failure go without a word: ${match}`);
};

/** Comments wider than this are read with the head, not with the eyes. Biome wraps code, and leaves comments alone. */
export const COMMENT_COLUMNS_MAX = 120;
/** A line that is a comment, or has one behind its code. */
const commentLine = /^\s*(\/\/|\/?\*)|[;,{}()\]] \/\/ /;

export const commentWidth: Rule = ({ path, text }) =>
  /^(src|test|scripts|bench|examples|kernels)\//.test(path) &&
  isCode(path) &&
  !path.startsWith('src/wire/gen/')
    ? text.split('\n').flatMap((line, at) => {
        const columns = [...line].length;
        return columns > COMMENT_COLUMNS_MAX && commentLine.test(line)
          ? [`line ${at + 1}: a comment of ${columns} columns (limit ${COMMENT_COLUMNS_MAX})`]
          : [];
      })
    : [];

/** Words that make a reader go back to find out who is meant. Name the party, the caller, the reader. */
const twiceRead = new RegExp(
  `\\b(${word('who', 'ever')}|${word('who', 'mever')}|${word('which', 'ever')}|for want of)\\b`,
  'gi',
);

export const plainWords: Rule = ({ path, text }) =>
  (/^(src|docs|examples)\//.test(path) || /^[A-Z]+\.md$/.test(path)) && !path.startsWith('src/wire/gen/')
    ? [...text.matchAll(twiceRead)].map(([found]) => `says '${found}'; name who is meant`)
    : [];
/** What counts characters where a terminal counts columns. Zeros before a number are none of it. */
const countsCharacters = [
  /\.padEnd\(/g,
  /\.padStart\((?![^()]*, *'0'\))/g,
  /\bMath\.max\(\.\.\.[^;]*?\.length\)/g,
];

/** Some characters take two columns of a terminal, and some none: src/cli/output/columns.ts knows. */
export const screenColumns: Rule = ({ path, text }) => {
  if (!path.startsWith('src/cli/') || isTest(path) || path === 'src/cli/output/columns.ts') return [];
  const found = countsCharacters.flatMap((pattern) => [...text.matchAll(pattern)]);
  return found.map(([match]) => `counts characters, not columns (src/cli/output/columns.ts): ${match}`);
};

export const textRules: Readonly<Record<string, Rule>> = {
  fileLength,
  fileName,
  machinePaths,
  registryHosts,
  lockfile,
  unfinished,
  skippedTests,
  assertionFree,
  silence,
  commentWidth,
  plainWords,
  screenColumns,
};

export function violations(files: readonly ProjectFile[], rule: Rule): Violation[] {
  return files.flatMap((file) => rule(file).map((says) => ({ path: file.path, says })));
}
