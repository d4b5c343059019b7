import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
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
    const result = cruise(projectRoot, ['src', 'test', 'bench', 'examples']);
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
      'src/data/one.ts': "import { two } from './two.ts';\nexport const one = () => two;\n",
      'src/data/two.ts': "import { one } from './one.ts';\nexport const two = () => one;\n",
      'src/data/lost.ts': "import './nowhere.ts';\n",
      'src/data/tested.ts': "import '../../test/x.ts';\n",
      'test/x.ts': 'export const t = 1;\n',
      'examples/e.ts': "import '../src/index.ts';\n",
    });
    const names = new Set(result.summary.violations.map(({ rule }) => rule.name));
    assert.deepEqual(
      [...names].sort(),
      [
        'examples-outside',
        'face',
        'layer-base',
        'layer-coordination',
        'no-cycles',
        'src-alone',
        'unknown-room',
        'unresolvable',
      ],
      describeViolations(result),
    );
  });

  it('the page about the architecture has the same table', async () => {
    const { rooms } = (await import(pathToFileURL(join(projectRoot, '.dependency-cruiser.mjs')).href)) as {
      rooms: Record<string, readonly string[]>;
    };
    const page = readFileSync(join(projectRoot, 'docs/architecture.md'), 'utf8');
    const rows = [...page.matchAll(/^\| `src\/([a-z]+)\/` \| [^|]+ \| ([^|]+) \|$/gm)].map(
      ([, room = '', imports = '']) => [room, imports.trim() === 'nothing' ? [] : imports.trim().split(', ')],
    );
    assert.deepEqual(Object.fromEntries(rows), rooms);
  });
});
