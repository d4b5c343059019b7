/** Making a secure device: which parties, which protocol. */
import { UsageError } from '../../../base/errors.ts';
import type { Channel } from '../../../contracts/channel.ts';
import type { Random } from '../../../contracts/random.ts';
import {
  checkDealer,
  checkMembers,
  isSecureProtocol,
  type MemberLists,
  type SecureProtocol,
  secureProtocols,
} from '../../../secure/protocols/table.ts';
import { FRAC_BITS, FRAC_BITS_MAX } from '../../../secure/ring/fixed-point.ts';
import type { SecureDevice } from '../../model/at.ts';
import type { AnyParty, NameOf } from '../../model/handle-types.ts';
import { kindOf } from '../../steps/handle.ts';
import { constantOn } from './methods.ts';
import type { DeviceRecord } from './records.ts';
import { contexts, partyNames } from './run-context.ts';

/** How a device computes. */
export interface SecureOptions<P extends SecureProtocol> {
  /**
   * `rep3`: three parties, of whom any two could put their shares together (honest majority). `semi2k`: two to five
   * parties, none of whom learns anything even if all others put theirs together. Both for parties that follow the
   * protocol.
   */
  readonly protocol: P;
  /**
   * Bits of fixed-point numbers right of the point: 1 to 24. Default 18, which leaves 26 left of it. The same at all
   * parties.
   */
  readonly fracBits?: number;
  /**
   * `semi2k` only: a party that is no member and deals correlated randomness. It learns nothing as long as it does not
   * conspire with a member. Without one, two members make theirs by oblivious transfer, more slowly.
   */
  readonly dealer?: AnyParty;
}

const devices = new WeakMap<object, DeviceRecord>();

export function deviceRecordOf(value: unknown): DeviceRecord | undefined {
  return typeof value === 'object' && value !== null ? devices.get(value) : undefined;
}

/** Shown by the compiler where the dealer of a device is one of its members. */
export interface DealerHoldsShares {
  /** Name another party as dealer, or none. */
  readonly 'Error: the dealer knows the masks of all shares; it must be no member': never;
}

/** The members that a protocol takes. */
export type DeviceMembers<P extends SecureProtocol> = MemberLists<AnyParty>[P];
/** The name of the dealer; never without one. */
export type DealerOf<O> = O extends { readonly dealer: infer D extends AnyParty } ? NameOf<D> : never;

/**
 * A secure device: parties that compute together on values that none of them has. Not a step: nothing is sent before
 * something is shared. Each scope that uses the device agrees on randomness of its own, which is destroyed with the
 * scope.
 *
 * @throws {UsageError} PRIVITY_SECURE_PARTIES, PRIVITY_SECURE_OPTIONS, PRIVITY_SECURE_DEALER,
 *   PRIVITY_STEP_PARTY_UNKNOWN
 * @example
 * const spu = secure([alice, bob, carol], { protocol: 'rep3' });
 * const x = heights.to(spu, { shape: [n] }); // nobody has x
 * return await reveal(x.mean());             // everybody has its mean
 */
export function secure<
  const P extends SecureProtocol,
  const M extends DeviceMembers<P>,
  const O extends SecureOptions<P>,
>(
  members: M,
  options: O & {
    readonly protocol: P;
  } & ([DealerOf<O> & NameOf<M[number]>] extends [never] ? unknown : DealerHoldsShares),
): SecureDevice<NameOf<M[number]>, P> {
  const { names, run } = membersOf(members);
  const parties = contexts.get(run)?.parties ?? [];
  const { protocol, fracBits, dealer } = checkedOptions(options, run);
  const inOrder = parties.filter((party) => names.includes(party));
  if (inOrder.length !== names.length)
    throw new UsageError('PRIVITY_SECURE_PARTIES', 'A party was named twice as a member of a secure device.');
  checkMembers(protocol, names.length);
  checkDealer(protocol, inOrder, dealer);
  const ranks = dealer === undefined ? inOrder : [...inOrder, dealer];
  const key = `${protocol} of ${inOrder.join(', ')}${dealer === undefined ? '' : `, dealer ${dealer}`}, ${fracBits} fractional bits`;
  return register({
    run,
    key,
    protocol,
    members: inOrder,
    dealer,
    ranks,
    places: parties.filter((party) => ranks.includes(party)),
    fracBits,
  }) as SecureDevice<NameOf<M[number]>, P>;
}

function register(described: Omit<DeviceRecord, 'handle' | 'opener' | 'server'>): object {
  const { members, protocol, fracBits } = described;
  const handle: object = Object.freeze({
    members: Object.freeze([...members]),
    protocol,
    fracBits,
    constant: (values: unknown, options: unknown) => constantOn(record, values, options),
  });
  const record: DeviceRecord = {
    ...described,
    handle,
    opener: (random, threads, plaintext) => (channel) =>
      plaintext ? openTwin(record, channel, random, threads) : openSession(record, channel, random, threads),
    server: (random, threads) => (channel) => deal(channel, random, threads),
  };
  devices.set(handle, record);
  return handle;
}

/** Loaded with the first exchange: it brings kernels with it. */
async function openSession(
  { protocol, fracBits, ranks, dealer }: DeviceRecord,
  channel: Channel,
  random: Random,
  threads: number,
) {
  const { createSession } = await import('../../../secure/session.ts');
  const options = { fracBits, threads, ...(dealer !== undefined && { dealer: ranks.indexOf(dealer) }) };
  return createSession(protocol, channel, random, options);
}

/** The plaintext twin of a device, which needs no dealer: everybody on its channel is a member. */
async function openTwin({ fracBits }: DeviceRecord, channel: Channel, random: Random, threads: number) {
  const { createSession } = await import('../../../secure/session.ts');
  return createSession('ref', channel, random, { fracBits, threads });
}

async function deal(channel: Channel, random: Random, threads: number): Promise<unknown> {
  const [{ serveDealer }, { loadKernels }, { matmulThreads }] = await Promise.all([
    import('../../../secure/correlation/dealer.ts'),
    import('../../../secure/kernels/load.ts'),
    import('../../../secure/kernels/matmul-threads.ts'),
  ]);
  const letThreadsGo = matmulThreads.hold(threads);
  try {
    return await serveDealer(channel, random, await loadKernels());
  } finally {
    await letThreadsGo();
  }
}

function membersOf(members: readonly unknown[]): { readonly names: readonly string[]; readonly run: object } {
  const list: readonly unknown[] = Array.isArray(members) ? members : [];
  const known = list.map((member) => namedParty(member));
  const [first] = known;
  if (first === undefined)
    throw new UsageError(
      'PRIVITY_SECURE_PARTIES',
      'A secure device takes a list of the parties that are its members.',
    );
  if (known.some(({ run }) => run !== first.run)) throw unknownParty('a party of another run');
  return { names: known.map(({ name }) => name), run: first.run };
}

function namedParty(value: unknown): { readonly name: string; readonly run: object } {
  const known = typeof value === 'object' && value !== null ? partyNames.get(value) : undefined;
  if (known === undefined) throw unknownParty(`${kindOf(value)} that is no party of this job`);
  return known;
}

const unknownParty = (what: string): UsageError =>
  new UsageError(
    'PRIVITY_STEP_PARTY_UNKNOWN',
    `secure() was given ${what}. Use the party objects that the job function receives.`,
  );

const optionNames: readonly string[] = ['protocol', 'fracBits', 'dealer'];

function checkedOptions(
  options: unknown,
  run: object,
): { readonly protocol: SecureProtocol; readonly fracBits: number; readonly dealer: string | undefined } {
  const wrong = (why: string): UsageError =>
    new UsageError('PRIVITY_SECURE_OPTIONS', `The options of a secure device are wrong: ${why}.`);
  if (typeof options !== 'object' || options === null) throw wrong('there are none; say { protocol }');
  const given = options as Readonly<Record<string, unknown>>;
  const strange = Object.keys(given).find((key) => !optionNames.includes(key));
  if (strange !== undefined) throw wrong(`there is no option "${strange}"`);
  const { protocol, fracBits = FRAC_BITS, dealer } = given;
  if (!isSecureProtocol(protocol))
    throw wrong(`protocol is ${secureProtocols.map((name) => `"${name}"`).join(' or ')}`);
  if (typeof fracBits !== 'number' || !Number.isInteger(fracBits) || fracBits < 1 || fracBits > FRAC_BITS_MAX)
    throw wrong(`fracBits is a whole number of 1 to ${FRAC_BITS_MAX}`);
  if (dealer === undefined) return { protocol, fracBits, dealer };
  const named = namedParty(dealer);
  if (named.run !== run) throw unknownParty('a dealer of another run');
  return { protocol, fracBits, dealer: named.name };
}
