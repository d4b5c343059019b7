// Writes docs/reference from the docstrings in src/. What renders is pure: the test of the pages calls it, too.
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './ensure-installed.mjs';
import { readSurface } from './reference/model.mjs';
import { misplaced, renderReference } from './reference/render.mjs';

const surface = readSurface();
const problems = misplaced(surface);
if (problems.length > 0) {
  console.error(`scripts/reference/pages.mjs:\n${problems.join('\n')}`);
  process.exit(1);
}
const folder = join(root, 'docs/reference');
mkdirSync(folder, { recursive: true });
const pages = renderReference(surface);
for (const name of readdirSync(folder)) if (!(name in pages)) rmSync(join(folder, name));
for (const [name, text] of Object.entries(pages)) writeFileSync(join(folder, name), text);
