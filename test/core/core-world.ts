/**
 * A world of coordination cores and nothing else: no programs, no sockets, no clock. Messages wait in one queue for
 * each ordered pair of parties until a test delivers them; faults are actions like any other. The world is immutable,
 * so a test can go on from any state in several ways.
 */
import type { FailureCode } from '../../src/base/failure-codes.ts';
import { PROTOCOL_VERSION } from '../../src/coordination/handshake.ts';
import { initialState, step } from '../../src/coordination/machine.ts';
import type {
  CoreBounds,
  CoreEvent,
  CoreState,
  Effect,
  Hello,
  Message,
  Outcome,
  Signer,
} from '../../src/coordination/types.ts';

export const testBounds: CoreBounds = {
  joinTimeoutMs: 10_000,
  lateJoinMs: 2_000,
  heartbeatMs: 250,
  suspectAfterMs: 600,
  lostAfterMs: 1_000,
  lingerMs: 1_500,
  runDeadlineMs: 60_000,
  agreeMs: 2_000,
  confirmMs: 2_000,
};

export interface World {
  readonly cores: readonly CoreState[];
  readonly crashed: readonly boolean[];
  /** queues[from][to] */
  readonly queues: readonly (readonly (readonly Message[])[])[];
  /** links[a][b], a < b: false once the network has cut it. */
  readonly links: readonly (readonly boolean[])[];
  /** What each party's program was told of scopes: `ended SCOPE` or `cancelled SCOPE`, and how. */
  readonly told: readonly Readonly<Record<string, string>>[];
  readonly now: number;
}

/** Signatures that can be told apart without cryptography: the party's number and the text's length. */
export function testSigner(self: number): Signer {
  return {
    sign: (text) => `${self}:${text.length}`,
    accepts: (party, text, signature) => signature === `${party}:${text.length}`,
  };
}

export function testHello(party: number, more: Partial<Hello> = {}): Hello {
  return {
    protocol: PROTOCOL_VERSION,
    version: '0',
    federation: 'f',
    job: 'j',
    args: 'a',
    runId: '',
    nonce: `nonce-${party}`,
    ...more,
  };
}

export function newWorld(size: number, bounds: CoreBounds = testBounds): World {
  const parties = ['alice', 'bob', 'carol', 'dave', 'erin', 'frank', 'grace', 'heidi'].slice(0, size);
  return {
    cores: parties.map((_, self) =>
      initialState({ self, parties, bounds, nonce: `nonce-${self}`, signer: testSigner(self) }, 0),
    ),
    crashed: parties.map(() => false),
    queues: parties.map(() => parties.map(() => [])),
    links: parties.map(() => parties.map(() => true)),
    told: parties.map(() => ({})),
    now: 0,
  };
}

/** A world in which the handshake is over and every program runs. */
export function runningWorld(size: number, bounds: CoreBounds = testBounds): World {
  let world = newWorld(size, bounds);
  for (let party = 0; party < size; party++)
    world = happen(world, party, { type: 'loaded', hello: testHello(party) });
  return deliverAll(world);
}

/** One event at one party; what it sends is put into the queues. */
export function happen(world: World, party: number, event: CoreEvent): World {
  const core = world.cores[party];
  if (core === undefined || world.crashed[party]) return world;
  const { state, effects } = step(core, event, world.now);
  let { queues, told } = world;
  for (const effect of effects) {
    if (effect.type === 'scopeEnded' || effect.type === 'scopeCancelled')
      told = told.with(party, { ...told[party], ...wordOf(effect) });
    if (effect.type !== 'send' || !isLinked(world, party, effect.to)) continue;
    const row = queues[party] ?? [];
    queues = queues.with(party, row.with(effect.to, enqueue(row[effect.to] ?? [], effect.message)));
  }
  return { ...world, cores: world.cores.with(party, state), queues, told };
}

function wordOf(effect: Extract<Effect, { type: 'scopeEnded' | 'scopeCancelled' }>): Record<string, string> {
  if (effect.type === 'scopeCancelled') return { [`cancelled ${effect.scope}`]: effect.failure.incident };
  const absent = effect.absent?.map(({ incident }) => incident) ?? [];
  return { [`ended ${effect.scope}`]: [effect.failure?.incident ?? 'ok', ...absent].join(' without ') };
}

/** A newer board contains the older one, so the sender replaces what it has not sent yet (as the supervisor does). */
export function replacesLast(last: Message | undefined, message: Message): boolean {
  return message.type === 'board' && last?.type === 'board' && message.epoch === last.epoch;
}

function enqueue(queue: readonly Message[], message: Message): readonly Message[] {
  return replacesLast(queue.at(-1), message) ? queue.with(-1, message) : [...queue, message];
}

export function deliver(world: World, from: number, to: number): World {
  const [message, ...rest] = world.queues[from]?.[to] ?? [];
  if (message === undefined) return world;
  const row = world.queues[from] ?? [];
  const queues = world.queues.with(from, row.with(to, rest));
  return happen({ ...world, queues }, to, { type: 'received', peer: from, message });
}

export function deliverAll(world: World): World {
  for (let at = world; ; ) {
    const [next] = deliveries(at);
    if (next === undefined) return at;
    at = deliver(at, next.from, next.to);
  }
}

export function deliveries(world: World): readonly { from: number; to: number }[] {
  return world.queues.flatMap((row, from) =>
    row.flatMap((queue, to) => (queue.length > 0 && !world.crashed[to] ? [{ from, to }] : [])),
  );
}

/** The party stops for ever; what it sent before may still arrive. */
export function crash(world: World, party: number): World {
  return { ...world, crashed: world.crashed.with(party, true) };
}

/** The network between two parties is gone, and what was under way on it. */
export function cutLink(world: World, a: number, b: number): World {
  const [low, high] = [Math.min(a, b), Math.max(a, b)];
  const links = world.links.with(low, (world.links[low] ?? []).with(high, false));
  const without = (from: number, to: number, queues: World['queues']) =>
    queues.with(from, (queues[from] ?? []).with(to, []));
  return { ...world, links, queues: without(a, b, without(b, a, world.queues)) };
}

export function isLinked(world: World, a: number, b: number): boolean {
  return world.links[Math.min(a, b)]?.[Math.max(a, b)] !== false;
}

export function failed(world: World, party: number, code: FailureCode = 'TASK_FAILED', stepId = '1'): World {
  const name = world.cores[party]?.config.parties[party] ?? '?';
  const failure = { code, origin: name, reporter: name, stepId, incident: `incident-${name}` };
  return happen(world, party, { type: 'failed', failure });
}

export function outcomes(world: World): readonly (Outcome | null)[] {
  return world.cores.map((core) => core.outcome);
}
