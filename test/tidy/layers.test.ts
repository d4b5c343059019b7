import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { projectRoot } from './project-files.ts';

interface CruiseResult {
  readonly summary: {
    readonly totalCruised: number;
    readonly violations: readonly {
      readonly from: string;
      readonly to: string;
      readonly rule: { name: string };
    }[];
  };
  readonly modules: readonly { readonly source: string; readonly dependencies: readonly unknown[] }[];
}

function cruise(root: string, areas: readonly string[]): CruiseResult {
  const args = [
    join(projectRoot, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs'),
    ...areas,
    '--config',
    join(root, '.dependency-cruiser.mjs'),
    '--output-type',
    'json',
  ];
  const { stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 256 * 1024 * 1024,
  });
  assert.ok(stdout.startsWith('{'), `dependency-cruiser printed no result: ${stderr}`);
  return JSON.parse(stdout) as CruiseResult;
}

const describeViolations = (result: CruiseResult): string =>
  result.summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} → ${to}`).join('\n');

/** A project of its own with the real table of rooms, in which each rule is broken once. */
function plant(files: Readonly<Record<string, string>>): CruiseResult {
  const root = mkdtempSync(join(tmpdir(), 'privity-layers-'));
  try {
    cpSync(join(projectRoot, '.dependency-cruiser.mjs'), join(root, '.dependency-cruiser.mjs'));
    cpSync(join(projectRoot, 'tsconfig.json'), join(root, 'tsconfig.json'));
    writeFileSync(join(root, 'package.json'), '{"name":"planted","type":"module"}');
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
    const areas = [...new Set(Object.keys(files).map((path) => path.split('/')[0] ?? ''))];
    return cruise(root, areas);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

describe('layers', () => {
  it('the table of rooms holds', () => {
    const result = cruise(projectRoot, ['src', 'test', 'bench', 'examples', 'templates']);
    assert.equal(describeViolations(result), '');

    // With a compiler that it does not know, dependency-cruiser passes because it sees nothing.
    // Declarations of foreign modules are no modules.
    const sources = readdirSync(join(projectRoot, 'src'), { recursive: true })
      .map(String)
      .filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'));
    const seen = result.modules.filter((module) => module.source.startsWith('src/'));
    assert.ok(seen.length >= sources.length, `${seen.length} modules seen, ${sources.length} files exist`);
    const imports = seen.reduce((sum, module) => sum + module.dependencies.length, 0);
    assert.ok(imports > sources.length, `only ${imports} imports seen`);
  });

  it('finds planted violations', () => {
    const result = plant({
      'src/base/up.ts': "import { x } from '../program/x.ts';\nexport const y = x;\n",
      'src/program/x.ts': 'export const x = 1;\n',
      'src/coordination/types.ts': "import type { T } from '../transport/t.ts';\nexport type U = T;\n",
      'src/transport/t.ts': 'export type T = 1;\n',
      'src/index.ts': "export { c } from './cli/c.ts';\n",
      'src/cli/c.ts': 'export const c = 1;\n',
      'src/attic/a.ts': "export { x } from '../program/x.ts';\n",
      'src/data/one.ts': "import type { Two } from './two.ts';\nexport type One = Two[];\n",
      'src/data/two.ts': "import type { One } from './one.ts';\nexport type Two = One;\n",
      'src/supervisor/seam/s.ts': "import { p } from '../party/p.ts';\nexport const s = p;\n",
      'src/supervisor/party/p.ts': 'export const p = 1;\n',
      'src/program/model/m.ts': "export { d } from '../devices/secure/d.ts';\n",
      'src/program/devices/secure/d.ts': 'export const d = 1;\n',
      'src/stats/behind.ts': "export { x } from '../program/x.ts';\n",
      'src/stats/face.ts': "export { c } from '../index.ts';\n",
      'src/data/lost.ts': "import './nowhere.ts';\n",
      'src/data/tested.ts': "import '../../test/x.ts';\n",
      'test/x.ts': 'export const t = 1;\n',
      'examples/e.ts': "import '../src/index.ts';\n",
      'templates/t.ts': "import '../src/index.ts';\n",
    });
    const names = new Set(result.summary.violations.map(({ rule }) => rule.name));
    assert.deepEqual(
      [...names].sort(),
      [
        'chamber-program-model',
        'chamber-supervisor-seam',
        'examples-outside',
        'face',
        'layer-base',
        'layer-coordination',
        'layer-stats',
        'no-cycles',
        'src-alone',
        'unknown-room',
        'unresolvable',
      ],
      describeViolations(result),
    );
    const behind = result.summary.violations.filter(({ rule }) => rule.name === 'layer-stats');
    assert.deepEqual(
      behind.map(({ from }) => from),
      ['src/stats/behind.ts'],
    );
  });

  it('the page about the architecture has the same table', async () => {
    const { rooms, chambers } = (await import(
      pathToFileURL(join(projectRoot, '.dependency-cruiser.mjs')).href
    )) as {
      rooms: Record<string, readonly string[]>;
      chambers: Record<string, Record<string, readonly string[]>>;
    };
    const importsOf = (text: string): readonly string[] =>
      text.trim() === 'nothing' ? [] : text.trim().split(', ');
    const page = readFileSync(join(projectRoot, 'docs/architecture.md'), 'utf8');
    const rows = [...page.matchAll(/^\| `src\/([a-z]+)\/` \| [^|]+ \| ([^|]+) \|$/gm)].map(
      ([, room = '', imports = '']) => [room, importsOf(imports)],
    );
    assert.deepEqual(Object.fromEntries(rows), rooms);
    for (const [room, table] of Object.entries(chambers)) {
      const lines = [
        ...page.matchAll(new RegExp(`^\\| \`src/${room}/([a-z/-]+)/\` \\| [^|]+ \\| ([^|]+) \\|$`, 'gm')),
      ];
      const said = lines.map(([, chamber = '', imports = '']) => [chamber, importsOf(imports)]);
      assert.deepEqual(Object.fromEntries(said), table);
      const folders = readdirSync(join(projectRoot, 'src', room), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
        .map(({ parentPath }) => relative(join(projectRoot, 'src', room), parentPath));
      assert.deepEqual(
        [...new Set(folders)].filter((folder) => folder !== '').sort(),
        Object.keys(table).sort(),
      );
    }
  });
});
