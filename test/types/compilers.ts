/** A folder as a user has it, with Privity and types of Node installed, and what a compiler says of the files in it. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { projectRoot } from '../tidy/project-files.ts';

/** The one that builds Privity, and the one that `npm install typescript` gives. */
export const compilers = ['typescript', 'typescript-7'] as const;
export type Compiler = (typeof compilers)[number];

/** Of the page that tells users which one to take. */
export function documentedConfig(): string {
  const page = readFileSync(join(projectRoot, 'docs/writing-a-job.md'), 'utf8');
  const [, config = ''] = /```json tsconfig[^\n]*\n(.*?)```/s.exec(page) ?? [];
  return config;
}

export interface Diagnostic {
  readonly file: string;
  readonly line: number;
  readonly code: number;
  readonly text: string;
}

export function versionOf(compiler: Compiler): string {
  const file = join(projectRoot, 'node_modules', compiler, 'package.json');
  return (JSON.parse(readFileSync(file, 'utf8')) as { readonly version: string }).version;
}

/** Compiles `files` (path to text) with the documented settings. */
export function diagnosticsOf(
  compiler: Compiler,
  files: Readonly<Record<string, string>>,
): readonly Diagnostic[] {
  const folder = mkdtempSync(join(tmpdir(), 'privity-types-'));
  try {
    mkdirSync(join(folder, 'node_modules'));
    symlinkSync(projectRoot, join(folder, 'node_modules/privity'));
    symlinkSync(join(projectRoot, 'node_modules/@types'), join(folder, 'node_modules/@types'));
    const all = { 'package.json': '{ "type": "module" }', 'tsconfig.json': documentedConfig(), ...files };
    for (const [name, text] of Object.entries(all)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
    const tsc = join(projectRoot, 'node_modules', compiler, 'bin/tsc');
    const { stdout, stderr, status } = spawnSync(process.execPath, [tsc, '-p', '.', '--pretty', 'false'], {
      cwd: folder,
      encoding: 'utf8',
    });
    const found = parse(stdout);
    if (status !== 0 && found.length === 0) throw new Error(`${compiler}: ${stdout}${stderr}`);
    return found;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Text that a diagnostic goes on with is indented. */
function parse(output: string): Diagnostic[] {
  const found: Diagnostic[] = [];
  for (const part of output.split(/\n(?=\S)/)) {
    const match = /^(.+?)\((\d+),\d+\): error TS(\d+): (.*)$/s.exec(part.trimEnd());
    if (match === null) {
      if (part.trim() !== '') throw new Error(`not a diagnostic: ${part}`);
      continue;
    }
    const [, file = '', line, code, text = ''] = match;
    found.push({ file, line: Number(line), code: Number(code), text });
  }
  return found;
}
