// What the public surface says of itself, read from the sources: signatures as they are written there, docstrings with
// their tags.
import { join } from 'node:path';
import ts from 'typescript';
import { root } from '../ensure-installed.mjs';

/** Longer unions stand as they are derived. */
const WORDS_MAX = 40;

/** Types of tables, in fewer words. */
const LONG_CONSTANTS = {
  errorCatalogue: 'Readonly<Record<ErrorCode, ErrorEntry>>',
  failureCodes: 'Readonly<Record<FailureCode, FailureCodeInfo>>',
};

const ENTRIES = {
  privity: 'src/index.ts',
  'privity/control': 'src/control/index.ts',
  'privity/stats': 'src/stats/index.ts',
  'privity/testing': 'src/testing/index.ts',
};

/**
 * @typedef {{ text: string, params: [string, string][], throws: string[], examples: string[], internal: boolean }} Doc
 * @typedef {{ name: string, signature: string, doc: Doc }} Member
 * @typedef {{ name: string, kind: string, signature: string, doc: Doc, members: Member[], mentions: Set<string> }}
 *   Entry
 * @returns {Record<string, Map<string, Entry>>} by entry point, by name
 */
export function readSurface() {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
  const files = Object.values(ENTRIES).map((file) => join(root, file));
  const program = ts.createProgram(files, { ...options, noEmit: true, incremental: false });
  const checker = program.getTypeChecker();
  return Object.fromEntries(
    Object.entries(ENTRIES).map(([name, file]) => {
      const source = program.getSourceFile(join(root, file));
      const exported = checker.getExportsOfModule(checker.getSymbolAtLocation(source));
      return [name, new Map(exported.map((symbol) => [symbol.name, entryOf(symbol, checker)]))];
    }),
  );
}

function entryOf(exported, checker) {
  const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
  const nodes = withoutBody(symbol.declarations ?? []);
  const [node] = nodes;
  if (node === undefined || node.getSourceFile().fileName.includes('/node_modules/'))
    return {
      name: exported.name,
      kind: 'namespace',
      signature: '',
      doc: emptyDoc(),
      members: [],
      mentions: new Set(),
    };
  const members = membersOf(node)
    .map((member) => memberOf(member))
    .filter(({ doc }) => !doc.internal);
  const signature = nodes.map((declared) => signatureOf(declared, checker, members.length > 0)).join('\n');
  const written = [signature, ...members.map((member) => member.signature)].join('\n');
  const mentions = new Set(written.match(/\b[A-Za-z]\w+\b/g));
  return {
    name: exported.name,
    kind: kindOf(node),
    signature,
    doc: docOfAll(nodes),
    members: grouped(members),
    mentions,
  };
}

/** Of a function with overloads nobody can call what is behind them. */
function withoutBody(nodes) {
  return nodes.length > 1 ? nodes.filter((node) => !ts.isFunctionDeclaration(node) || !node.body) : nodes;
}

/** Of overloads the last is the plainest, since compilers explain that one: what is said of it comes first. */
function docOfAll(nodes) {
  const [node] = nodes;
  if (!ts.isFunctionDeclaration(node) || nodes.length === 1) return docOf(holderOf(node));
  const docs = nodes.map((each) => docOf(each)).reverse();
  return {
    text: docs.map(({ text }) => text).join('\n\n'),
    params: docs.flatMap(({ params }) => params),
    throws: docs.flatMap(({ throws }) => throws),
    examples: docs.flatMap(({ examples }) => examples),
    internal: false,
  };
}

/** Overloads stand together; what is said of them is said of each in its turn. */
function grouped(members) {
  const byName = new Map();
  for (const member of members) byName.set(member.name, [...(byName.get(member.name) ?? []), member]);
  return [...byName.values()].flat();
}

/** A variable's docstring is before its statement. */
const holderOf = (node) => (ts.isVariableDeclaration(node) ? node.parent.parent : node);

function kindOf(node) {
  if (ts.isFunctionDeclaration(node)) return 'function';
  if (ts.isClassDeclaration(node)) return 'class';
  return ts.isVariableDeclaration(node) ? 'constant' : 'type';
}

function membersOf(node) {
  if (ts.isInterfaceDeclaration(node)) return [...node.members];
  if (ts.isClassDeclaration(node)) {
    const hidden = ts.ModifierFlags.Private | ts.ModifierFlags.Protected;
    return node.members.filter(
      (member) =>
        !(ts.getCombinedModifierFlags(member) & hidden) &&
        !(member.name && ts.isPrivateIdentifier(member.name)) &&
        !ts.isClassStaticBlockDeclaration(member),
    );
  }
  if (!ts.isTypeAliasDeclaration(node)) return [];
  // Of several types together, what they say of themselves; a union is read as a whole.
  const parts = ts.isIntersectionTypeNode(node.type) ? node.type.types : [node.type];
  return parts.filter(ts.isTypeLiteralNode).flatMap(({ members }) => [...members]);
}

function memberOf(node) {
  const name = ts.isConstructorDeclaration(node)
    ? 'constructor'
    : ts.isCallSignatureDeclaration(node)
      ? '(call)'
      : node.name.getText().replace(/^'|'$/g, '');
  return { name, signature: declaration(node), doc: docOf(node) };
}

function signatureOf(node, checker, hasMembers) {
  if (ts.isTypeAliasDeclaration(node)) {
    const words = wordsOf(node, checker);
    if (words !== undefined) return words;
    return hasMembers ? `type ${headOf(node)}` : trimmed(node, node.getEnd());
  }
  if (ts.isInterfaceDeclaration(node) || ts.isClassDeclaration(node)) {
    const open = node.members.pos - 1;
    return trimmed(node, open);
  }
  return declaration(node, checker);
}

const headOf = (node) =>
  node
    .getSourceFile()
    .text.slice(node.name.getStart(), node.type.getStart())
    .replace(/\s*=\s*$/, '');

/** A type that is nothing but words is shown as those words, however it is derived. */
function wordsOf(node, checker) {
  if (node.typeParameters || ts.isUnionTypeNode(node.type)) return undefined;
  const type = checker.getTypeAtLocation(node.name);
  if (!type.isUnion() || !type.types.every((one) => one.isStringLiteral())) return undefined;
  if (type.types.length > WORDS_MAX) return undefined;
  const words = inOrder(node.type, checker) ?? type.types.map(({ value }) => value).sort();
  const quoted = words.map((word) => `'${word}'`);
  const line = `type ${node.name.text} = ${quoted.join(' | ')};`;
  return line.length <= 100 ? line : `type ${node.name.text} =\n  | ${quoted.join('\n  | ')};`;
}

/**
 * As the list or the record has them from which they are derived: the compiler's own order changes with unrelated code.
 */
function inOrder(node, checker) {
  if (ts.isIndexedAccessTypeNode(node)) {
    const list = checker.getTypeFromTypeNode(node.objectType);
    return checker.isTupleType(list) ? checker.getTypeArguments(list).map(({ value }) => value) : undefined;
  }
  if (!ts.isTypeOperatorNode(node)) return undefined;
  return checker.getPropertiesOfType(checker.getTypeFromTypeNode(node.type)).map(({ name }) => name);
}

/** A declaration without what it does: no body, no value. */
function declaration(node, checker) {
  if (ts.isVariableDeclaration(node)) {
    const flags = ts.TypeFormatFlags.NoTruncation;
    const type =
      node.type?.getText() ?? checker.typeToString(checker.getTypeAtLocation(node), undefined, flags);
    return `const ${node.name.text}: ${LONG_CONSTANTS[node.name.text] ?? type}`;
  }
  const end = node.body?.pos ?? (node.initializer ? node.initializer.pos : node.getEnd());
  return trimmed(node, end);
}

function trimmed(node, end) {
  const source = node.getSourceFile();
  const written = source.text.slice(node.getStart(source, false), end);
  const lines = written
    .replace(/\b(export|override|async|declare) /g, '')
    .replace(/\s*[={;]?\s*$/, '')
    .split('\n');
  const { line } = source.getLineAndCharacterOfPosition(node.getStart(source, false));
  const indent = /^ */.exec(source.text.slice(source.getLineStarts()[line]))[0].length;
  return [lines[0], ...lines.slice(1).map((text) => text.slice(indent))].join('\n');
}

const emptyDoc = () => ({ text: '', params: [], throws: [], examples: [], internal: false });

function docOf(node) {
  const doc = emptyDoc();
  const parsed = ts.getJSDocCommentsAndTags(node).filter(ts.isJSDoc).at(-1);
  if (parsed === undefined) return doc;
  doc.text = (ts.getTextOfJSDocComment(parsed.comment) ?? '').trim();
  for (const tag of parsed.tags ?? []) {
    const raw = rawText(tag);
    if (tag.tagName.text === 'internal') doc.internal = true;
    if (tag.tagName.text === 'throws') doc.throws.push(raw.replace(/\s*\n\s*/g, ' '));
    if (tag.tagName.text === 'example') doc.examples.push(raw.replace(/^```ts\n|\n?```$/g, ''));
    if (ts.isJSDocParameterTag(tag))
      doc.params.push([
        tag.name.getText(),
        raw
          .slice(tag.name.getText().length)
          .replace(/^[\s-]+/, '')
          .replace(/\s*\n\s*/g, ' '),
      ]);
    if (tag.tagName.text === 'returns') doc.text += `\n\nGives ${raw.replace(/\s*\n\s*/g, ' ')}.`;
  }
  return doc;
}

/** A tag's text as it is written, without the stars at the margin. */
function rawText(tag) {
  const text = tag.getSourceFile().text.slice(tag.tagName.end, tag.end);
  return text
    .replace(/\*\/\s*$/, '')
    .split('\n')
    .map((line, index) => (index === 0 ? line : line.replace(/^\s*\* ?/, '')))
    .join('\n')
    .trim();
}
