/** What scripts/reference reads of the public surface, and the pages that it makes of it. */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { projectRoot } from './project-files.ts';

export interface Doc {
  readonly text: string;
  readonly examples: readonly string[];
}
export interface Entry {
  readonly name: string;
  readonly kind: 'function' | 'class' | 'constant' | 'type' | 'namespace';
  readonly doc: Doc;
  readonly members: readonly { readonly name: string; readonly doc: Doc }[];
}
type EntryPoint = 'privity' | 'privity/control' | 'privity/stats' | 'privity/testing';
export type Surface = Readonly<Record<EntryPoint, ReadonlyMap<string, Entry>>>;

const script = (name: string): string => pathToFileURL(join(projectRoot, 'scripts/reference', name)).href;
const model = (await import(script('model.mjs'))) as { readSurface(): Surface };
const render = (await import(script('render.mjs'))) as {
  misplaced(surface: Surface): readonly string[];
  renderReference(surface: Surface): Readonly<Record<string, string>>;
};
const around = (await import(script('surroundings.mjs'))) as {
  isWhole(example: string): boolean;
};
const { GROUPS } = (await import(script('pages.mjs'))) as {
  GROUPS: readonly {
    readonly pages: readonly {
      readonly file: string;
      readonly from: EntryPoint;
      readonly names: readonly string[];
    }[];
  }[];
};
export const { isWhole } = around;
/** In the order in which the index has them. */
export const pages = GROUPS.flatMap((group) => group.pages);
export const { readSurface } = model;
export const { misplaced, renderReference } = render;
