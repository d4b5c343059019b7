// The rooms of src/ and what each may import (docs/architecture.md has the same table; test/tidy/layers.test.ts compares).
// A room may import what it names, and whatever those may import: imports only go down.

/** @type {Record<string, readonly string[]>} */
export const rooms = {
  base: [],
  contracts: ['base'],
  wire: ['contracts'],
  transport: ['wire'],
  coordination: ['wire'],
  data: ['contracts'],
  secure: ['contracts'],
  psi: ['secure', 'data'],
  engine: ['contracts'],
  program: ['coordination', 'data', 'secure', 'psi', 'engine', 'observe'],
  observe: ['coordination'],
  supervisor: ['program', 'coordination', 'transport', 'observe'],
  cli: ['supervisor', 'observe', 'testing'],
  testing: ['supervisor', 'observe'],
};

/** Every room that `room` may import, itself included. */
export function reachable(room, seen = new Set()) {
  if (seen.has(room)) return seen;
  seen.add(room);
  for (const below of rooms[room] ?? []) reachable(below, seen);
  return seen;
}

const oneOf = (names) => `^src/(${[...names].join('|')})/`;
const tests = '\\.test\\.ts$';

/** Tests may also use what src/testing offers. */
const roomRules = Object.keys(rooms).flatMap((room) => [
  {
    name: `layer-${room}`,
    comment: `src/${room} may import only ${[...reachable(room)].join(', ')}`,
    severity: 'error',
    from: { path: `^src/${room}/`, pathNot: tests },
    to: { path: '^src/', pathNot: oneOf(reachable(room)) },
  },
  {
    name: `layer-${room}-tests`,
    comment: `tests in src/${room} may import only what the room may, and src/testing`,
    severity: 'error',
    from: { path: `^src/${room}/.*${tests}` },
    to: { path: '^src/', pathNot: oneOf(new Set([...reachable(room), 'testing'])) },
  },
]);

export default {
  forbidden: [
    ...roomRules,
    {
      name: 'unknown-room',
      comment: 'a new folder in src/ needs a line in the table of rooms',
      severity: 'error',
      from: { path: '^src/[^/]+/', pathNot: oneOf(Object.keys(rooms)) },
      to: {},
    },
    {
      name: 'face',
      comment: 'src/index.ts is the public face: the command line and the test tools are not part of it',
      severity: 'error',
      from: { path: '^src/[^/]+\\.ts$' },
      to: { path: '^src/(cli|testing)/' },
    },
    {
      name: 'src-alone',
      comment: 'the product does not depend on its tests, examples, benchmarks or scripts',
      severity: 'error',
      from: { path: '^src/', pathNot: tests },
      to: { path: '^(test|bench|examples|scripts)/' },
    },
    {
      name: 'no-dev-dependencies',
      comment: 'what is published may import only published dependencies',
      severity: 'error',
      from: { path: '^src/', pathNot: tests },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['npm-peer', 'npm-optional', 'type-only'] },
    },
    {
      name: 'unlisted-dependency',
      comment: 'a package that package.json does not list',
      severity: 'error',
      from: { path: '^(src|test|bench)/' },
      to: {
        dependencyTypes: ['npm-no-pkg', 'npm-unknown'],
        dependencyTypesNot: ['npm', 'npm-dev', 'npm-peer'],
      },
    },
    {
      name: 'unresolvable',
      comment: 'an import that leads nowhere',
      severity: 'error',
      from: { path: '^(src|test|bench)/' },
      to: { couldNotResolve: true },
    },
    {
      name: 'no-cycles',
      comment: 'modules that need each other at run time are one module, or need a third',
      severity: 'error',
      from: { path: '^src/' },
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'examples-outside',
      comment: "examples use only what the package exports, by the package's name",
      severity: 'error',
      from: { path: '^examples/' },
      to: { path: '^(src|test|bench|scripts)/' },
    },
  ],
  options: {
    doNotFollow: { path: ['node_modules', '^dist'] },
    exclude: { path: ['/\\.venv/'] },
    tsPreCompilationDeps: 'specify',
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'types', 'node', 'default'],
    },
  },
};
