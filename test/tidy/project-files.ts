import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** One text file of the project; `path` is relative to the root, with forward slashes. */
export interface ProjectFile {
  readonly path: string;
  readonly text: string;
}

/** What a rule says about a file that breaks it. */
export interface Violation {
  readonly path: string;
  readonly says: string;
}

/** Compiled tests live in DIST/test/tidy. */
export const projectRoot = fileURLToPath(new URL('../../../', import.meta.url));

/** What git ignores; read from the tree and not from git, because a source archive has no git. */
const IGNORED = /^(node_modules|dist[^/]*|reports|\.git|\.privity|\.venv)$/;

/** Larger files are data. */
const TEXT_BYTES_MAX = 4 * 1024 * 1024;

export function projectFiles(folder = '', root = projectRoot): ProjectFile[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (IGNORED.test(entry.name)) return [];
    if (entry.isDirectory()) return projectFiles(path, root);
    if (!entry.isFile()) return [];
    const bytes = readFileSync(join(root, path));
    return bytes.length > TEXT_BYTES_MAX || bytes.includes(0) ? [] : [{ path, text: bytes.toString('utf8') }];
  });
}

/** Violations as one readable text, so that a failing assertion shows them. */
export function listing(violations: readonly Violation[]): string {
  return violations.map(({ path, says }) => `${path}: ${says}`).join('\n');
}
