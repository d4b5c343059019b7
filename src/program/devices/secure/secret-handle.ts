/**
 * Secrets as a job holds them: methods that issue steps, public shape and type, and no value. Anything else that a
 * program could do with a value throws, as for handles.
 */
import { inspect } from 'node:util';
import { UsageError } from '../../../base/errors.ts';
import type { SecretRecord } from './records.ts';

const records = new WeakMap<object, SecretRecord>();

/** @param methods the same object for all secrets; each method gets the secret as `this` */
export function makeSecret(record: SecretRecord, methods: object): object {
  const { device, shape, dtype } = record;
  const target = Object.freeze({
    __proto__: methods,
    device: device.handle,
    shape,
    dtype,
    [inspect.custom]: () => describeSecret(record),
    [Symbol.toStringTag]: 'Secret',
  });
  const secret = new Proxy(target, traps);
  records.set(secret, record);
  records.set(target, record);
  return secret;
}

export function describeSecret({ name, device, shape, dtype }: SecretRecord): string {
  return `Secret<${dtype} [${shape}] on ${device.key}> "${name}"`;
}

export function secretRecordOf(value: unknown): SecretRecord | undefined {
  return typeof value === 'object' && value !== null ? records.get(value) : undefined;
}

/** Printers, promises and test frameworks look for these on every object; there is nothing to find. */
const quiet: ReadonlySet<PropertyKey> = new Set([
  ...['then', 'catch', 'finally', 'constructor', '$$typeof', 'nodeType', 'asymmetricMatch'],
  ...[inspect.custom, Symbol.toStringTag],
]);
const own: ReadonlySet<PropertyKey> = new Set(['device', 'shape', 'dtype']);

const traps: ProxyHandler<object> = {
  get: (target, key) => {
    const known: unknown = Reflect.get(target, key);
    if (own.has(key) || (typeof known === 'function' && known !== Object.prototype.valueOf)) return known;
    if (quiet.has(key)) return known;
    if (typeof key === 'symbol' && key !== Symbol.toPrimitive && key !== Symbol.iterator) return known;
    return refuse(
      target,
      key === 'toJSON' ? 'printed' : typeof key === 'symbol' ? 'used' : 'read a property of',
    );
  },
  ownKeys: (target) => refuse(target, 'listed the keys of'),
  set: (target) => refuse(target, 'wrote to'),
  defineProperty: (target) => refuse(target, 'wrote to'),
  deleteProperty: (target) => refuse(target, 'deleted from'),
};

function refuse(target: object, what: string): never {
  const record = records.get(target);
  throw new UsageError(
    'PRIVITY_HANDLE_COERCED',
    `The job ${what} a secret ("${record?.name ?? '?'}") as if it were the value, which nobody has. ` +
      'Compute with its methods (x.add(y), x.lt(0.5).select(a, b), ...), or open it: await reveal(x), x.to(party).',
  );
}
