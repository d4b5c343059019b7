/** Forms as a contract writes them: sizes are numbers, symbols, or anything. See src/wire/value-form.ts. */
import { isUpTo, SIZE_HERE } from '../../wire/value-form.ts';

/** A size that a contract leaves open. */
export const ANY = 'any';

export interface WrittenSize {
  /** A number, a symbol or {@link ANY}. */
  readonly word: string;
  /** Bytes of a text: fewer are within it. */
  readonly upTo: boolean;
}

export interface WrittenForm {
  readonly template: string;
  readonly sizes: readonly WrittenSize[];
}

/** Names in quotes are names, whatever they look like; sizes stand in brackets, and in `up to 40 bytes`. */
const PARTS = /"(?:[^"\\]|\\.){0,4000}"|\[([^\][]{0,4000})\]| up to (\S{1,200}) bytes/g;

export function parseForm(text: string): WrittenForm {
  const sizes: WrittenSize[] = [];
  const template = text.replace(PARTS, (whole: string, dimensions?: string, bytes?: string) => {
    if (bytes !== undefined) {
      sizes.push({ word: bytes, upTo: true });
      return ` up to ${SIZE_HERE} bytes`;
    }
    if (dimensions === undefined) return whole;
    const words = dimensions.trim() === '' ? [] : dimensions.split(',').map((word) => word.trim());
    sizes.push(...words.map((word) => ({ word, upTo: false })));
    return `[${words.map(() => SIZE_HERE).join(', ')}]`;
  });
  return { template, sizes };
}

/** For each size of a template, whether it is of bytes. */
export const upToOf = (template: string): readonly boolean[] =>
  template.split(SIZE_HERE).slice(0, -1).map(isUpTo);
