import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { projectRoot } from './project-files.ts';
import { type Entry, misplaced, readSurface, renderReference, type Surface } from './reference.ts';

const folder = join(projectRoot, 'docs/reference');
const surface = readSurface();

/** The surface with one more name, or with other words for one. */
function withEntry(name: string, entry: Entry | undefined): Surface {
  const privity = new Map(surface.privity);
  if (entry === undefined) privity.delete(name);
  else privity.set(name, entry);
  return { ...surface, privity };
}

describe('docs/reference', () => {
  it('is what the docstrings say (npm run gen writes it)', () => {
    const committed = Object.fromEntries(
      readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')]),
    );
    assert.deepEqual(committed, renderReference(surface));
  });

  it('has every public name on one page', () => {
    assert.ok(surface.privity.size > 50 && surface['privity/testing'].size > 50);
    assert.ok(surface['privity/control'].size > 50);
    assert.deepEqual(misplaced(surface), []);
  });

  it('notices a name without a page, one that is gone, and words that have changed', () => {
    const psi = surface.privity.get('psi');
    assert.ok(psi);
    assert.deepEqual(misplaced(withEntry('planted', psi)), ['planted of privity stands on no page']);
    assert.deepEqual(misplaced(withEntry('psi', undefined)), ['psi of privity is no public name']);
    const changed = withEntry('psi', { ...psi, doc: { ...psi.doc, text: 'Planted.' } });
    assert.notEqual(renderReference(changed)['psi.md'], renderReference(surface)['psi.md']);
  });
});
