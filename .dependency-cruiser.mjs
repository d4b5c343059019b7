// The rooms of src/ and what each may import (docs/architecture.md has the same table; test/tidy/layers.test.ts compares).
// A room may import what it names, and whatever those may import: imports only go down. A room that names index.ts
// stands where users do: it has what they can import, and nothing behind it.

/** @type {Record<string, readonly string[]>} */
export const rooms = {
  base: [],
  contracts: ['base'],
  wire: ['contracts'],
  transport: ['wire'],
  coordination: ['wire'],
  data: ['contracts'],
  secure: ['engine'],
  psi: ['secure', 'data'],
  engine: ['contracts'],
  program: ['coordination', 'data', 'secure', 'psi', 'engine', 'observe'],
  observe: ['coordination'],
  supervisor: ['program', 'coordination', 'transport', 'observe'],
  simulation: ['supervisor', 'observe'],
  config: ['supervisor'],
  record: ['config', 'observe'],
  node: ['record', 'config', 'observe', 'simulation'],
  control: ['node', 'record', 'observe'],
  cli: ['control', 'node', 'record', 'config', 'observe', 'simulation'],
  testing: ['simulation'],
  stats: ['index.ts'],
};

/**
 * The chambers of the large rooms: what each may import of its own room, and whatever those may. Files that stand in no chamber put the
 * room together, and may import all of it.
 *
 * @type {Record<string, Record<string, readonly string[]>>}
 */
export const chambers = {
  program: {
    model: [],
    state: ['model'],
    'data-plane': ['state'],
    steps: ['data-plane'],
    flow: ['steps'],
    'devices/secure': ['steps'],
    devices: ['devices/secure'],
    loading: ['state'],
  },
  supervisor: {
    sandbox: [],
    seam: ['sandbox'],
    machine: ['seam'],
    record: ['machine'],
    planes: ['machine'],
    'stand-in': ['machine'],
    program: ['planes', 'record'],
    party: ['record'],
  },
};

/** Every room that `room` may import, itself included; the same of chambers. */
export function reachable(room, seen = new Set(), table = rooms) {
  if (seen.has(room)) return seen;
  seen.add(room);
  for (const below of table[room] ?? []) reachable(below, seen, table);
  return seen;
}

const placeOf = (name) => (name.endsWith('.ts') ? `${name.replace('.', '\\.')}$` : `${name}/`);
const oneOf = (names) => `^src/(${[...names].map(placeOf).join('|')})`;
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

/** A chamber within another is a chamber of its own. */
const filesOf = (room, chamber) => `^src/${room}/${chamber}/[^/]+$`;

/** The job's face is what `loading` gives to a job under the name of the package. */
const FACE = '^src/program/public\\.ts$';

const chamberRules = Object.entries(chambers).flatMap(([room, table]) =>
  Object.keys(table).map((chamber) => {
    const below = [...reachable(chamber, new Set(), table)];
    return {
      name: `chamber-${room}-${chamber.replace('/', '-')}`,
      comment: `src/${room}/${chamber} may import of its room only ${below.join(', ')}`,
      severity: 'error',
      from: { path: filesOf(room, chamber), pathNot: tests },
      to: { path: `^src/${room}/`, pathNot: [...below.map((name) => filesOf(room, name)), FACE] },
    };
  }),
);

export default {
  forbidden: [
    ...roomRules,
    ...chamberRules,
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
      to: { path: '^src/(cli|control|simulation|testing)/' },
    },
    {
      name: 'src-alone',
      comment: 'the product does not depend on its tests, examples, benchmarks or scripts',
      severity: 'error',
      from: { path: '^src/', pathNot: tests },
      to: { path: '^(test|bench|examples|templates|scripts)/' },
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
      comment: 'modules that need each other, be it for types only, are one module, or need a third',
      severity: 'error',
      from: { path: '^src/' },
      to: { circular: true },
    },
    {
      name: 'examples-outside',
      comment: "examples and templates use only what the package exports, by the package's name",
      severity: 'error',
      from: { path: '^(examples|templates)/' },
      to: { path: '^(src|test|bench|scripts)/' },
    },
  ],
  options: {
    doNotFollow: { path: ['node_modules', '^dist'] },
    exclude: { path: ['/\\.venv/'] },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'types', 'node', 'default'],
    },
  },
};
