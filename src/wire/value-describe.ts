/** What the disclosure ledger says of a value: its kind and shape, never its content. */
import { arrayKindOf, arrayWord, isTensor } from './value-kinds.ts';
import type { ValueAdapter } from './value-snapshot.ts';

export interface ValueDescription {
  readonly type: string;
  readonly shape?: readonly number[];
}

export function describeValue(value: unknown, adapters: readonly ValueAdapter[] = []): ValueDescription {
  if (value === null) return { type: 'null' };
  if (typeof value !== 'object') return { type: typeof value };
  const adapter = adapters.find((candidate) => candidate.matches(value));
  if (adapter !== undefined) return { type: adapter.kind, ...shaped(adapter.shape?.(value)) };
  const arrayKind = arrayKindOf(value);
  if (arrayKind !== undefined)
    return { type: arrayWord(arrayKind, 'array'), shape: [(value as Uint8Array).length] };
  if (value instanceof Blob) return { type: 'blob', shape: [value.size] };
  if (value instanceof Date) return { type: 'date' };
  if (Array.isArray(value)) return { type: 'array', shape: [value.length] };
  if (isTensor(value))
    return { type: arrayWord(String(arrayKindOf(value.data)), 'tensor'), shape: [...value.shape] };
  return { type: 'record', shape: [Object.keys(value).length] };
}

const shaped = (shape: readonly number[] | undefined): { shape?: readonly number[] } =>
  shape === undefined ? {} : { shape };
