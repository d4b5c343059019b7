/**
 * The form of a value: everything that its receiver knows before it reads one number of it. Keys of records and columns
 * of tables are part of it, contents are not. A contract of disclosures compares forms.
 *
 * Written as one line in which sizes stand in brackets: `{ mean: number, name: text up to 40 bytes }`,
 * `list of number [7]`, `table(id VARCHAR, income DOUBLE) [7, 2]`.
 */
import { arrayKindOf, arrayWord, isTensor } from './value-kinds.ts';

/** Stands in a template where a size is. JSON never has it in a text, so no key can look like one. */
export const SIZE_HERE = '\u0000';

/** Of elements of a list that differ in it. */
export const MIXED = 'any';

export interface ValueForm {
  /** The form with {@link SIZE_HERE} in place of each size. */
  readonly template: string;
  /** In the order in which they stand in the template. */
  readonly sizes: readonly (number | typeof MIXED)[];
}

/** A kind of object that this room does not know (a table), as far as its form goes; see `ValueAdapter`. */
export interface FormAdapter {
  readonly kind: string;
  matches(value: object): boolean;
  shape?(value: object): readonly number[] | undefined;
  form?(value: object): ValueForm;
}

/** Characters of a form: a record of hundreds of keys. One that is longer has no form that a contract can name. */
export const FORM_CHARS_MAX = 10_000;
/** Forms that the elements of one list can have; more are no form. */
const ELEMENT_FORMS_MAX = 8;

const TOO_LONG: ValueForm = { template: 'a value of too many parts', sizes: [] };

/** Total: of a value that can be sent. */
export function formOf(value: unknown, adapters: readonly FormAdapter[] = []): ValueForm {
  const form = visit(value, adapters);
  return form.template.length > FORM_CHARS_MAX ? TOO_LONG : form;
}

/** A form as one line, with words in place of its sizes. */
export function formText(
  { template, sizes }: ValueForm,
  words: readonly string[] = sizes.map(String),
): string {
  return template
    .split(SIZE_HERE)
    .map((piece, index) => (index === 0 ? piece : `${words[index - 1] ?? MIXED}${piece}`))
    .join('');
}

/** Whether the size that stands behind this much of a template is of bytes, of which fewer are no other form. */
export const isUpTo = (before: string): boolean => before.endsWith(' up to ');

/** What `kind [shape]` is as a form; the kind is of words of Privity's own. */
export function plainForm(kind: string, shape: readonly number[] | undefined): ValueForm {
  if (shape === undefined) return { template: kind, sizes: [] };
  return { template: `${kind} [${shape.map(() => SIZE_HERE).join(', ')}]`, sizes: shape };
}

/** A name as it stands in a form: as it is if it is a plain word, else as JSON. */
export const formName = (name: string): string =>
  /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) ? name : JSON.stringify(name);

function visit(value: unknown, adapters: readonly FormAdapter[]): ValueForm {
  switch (typeof value) {
    case 'undefined':
      return word('nothing');
    case 'string':
      return upTo('text', Buffer.byteLength(value));
    case 'bigint':
      return upTo('bigint', Math.ceil(value.toString(16).length / 2));
    case 'object':
      return value === null ? word('null') : visitObject(value, adapters);
    default:
      return word(typeof value);
  }
}

function visitObject(value: object, adapters: readonly FormAdapter[]): ValueForm {
  const adapter = adapters.find((candidate) => candidate.matches(value));
  if (adapter !== undefined) return adapter.form?.(value) ?? plainForm(adapter.kind, adapter.shape?.(value));
  const arrayKind = arrayKindOf(value);
  if (arrayKind !== undefined)
    return plainForm(arrayWord(arrayKind, 'array'), [(value as Uint8Array).length]);
  if (value instanceof Blob)
    return plainForm(value.type === '' ? 'blob' : `blob of ${JSON.stringify(value.type)}`, [value.size]);
  if (value instanceof Date) return word('date');
  if (Array.isArray(value)) return listForm(value, adapters);
  if (isTensor(value)) return plainForm(arrayWord(String(arrayKindOf(value.data)), 'tensor'), value.shape);
  return recordForm(value as Readonly<Record<string, unknown>>, adapters);
}

/** In their own order: another one would tell something. */
function recordForm(value: Readonly<Record<string, unknown>>, adapters: readonly FormAdapter[]): ValueForm {
  const keys = Object.keys(value);
  if (keys.length === 0) return word('{}');
  const texts: string[] = [];
  const sizes: (number | typeof MIXED)[] = [];
  let chars = 0;
  for (const key of keys) {
    const form = visit(value[key], adapters);
    const text = `${formName(key)}: ${form.template}`;
    chars += text.length;
    if (chars > FORM_CHARS_MAX) return TOO_LONG;
    texts.push(text);
    sizes.push(...form.sizes);
  }
  return { template: `{ ${texts.join(', ')} }`, sizes };
}

function listForm(items: readonly unknown[], adapters: readonly FormAdapter[]): ValueForm {
  if (items.length === 0) return word('empty list');
  if (items.every((item) => typeof item === 'number')) return listOf('number', [], items.length);
  const forms = new Map<string, (number | typeof MIXED)[]>();
  for (const item of items) {
    const { template, sizes } = visit(item, adapters);
    const known = forms.get(template);
    if (known) {
      for (const [slot, size] of known.entries())
        known[slot] = both(template, slot, size, sizes[slot] ?? MIXED);
    } else if (forms.size === ELEMENT_FORMS_MAX) return TOO_LONG;
    else forms.set(template, [...sizes]);
  }
  const sorted = [...forms].sort(([a], [b]) => (a < b ? -1 : 1));
  const text = sorted.map(([template]) => template).join(' | ');
  const sizes = sorted.flatMap(([, of]) => of);
  return listOf(sorted.length > 1 ? `(${text})` : text, sizes, items.length);
}

function both(template: string, slot: number, a: number | typeof MIXED, b: number | typeof MIXED) {
  if (a === MIXED || b === MIXED) return MIXED;
  if (a === b) return a;
  const before = template.split(SIZE_HERE)[slot] ?? '';
  return isUpTo(before) ? Math.max(a, b) : MIXED;
}

const listOf = (template: string, sizes: readonly (number | typeof MIXED)[], length: number): ValueForm => ({
  template: `list of ${template} [${SIZE_HERE}]`,
  sizes: [...sizes, length],
});

const word = (template: string): ValueForm => ({ template, sizes: [] });
const upTo = (kind: string, bytes: number): ValueForm => ({
  template: `${kind} up to ${SIZE_HERE} bytes`,
  sizes: [bytes],
});
