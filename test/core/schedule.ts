/**
 * One seeded schedule of the coordination core: all parties of a run over virtual time and a faulty network. The core
 * is the real one; links, programs and processes are models of what they promise. The same plan gives the same
 * schedule, to the last event.
 */
import { initialState, step } from '../../src/coordination/machine.ts';
import type { CoreEvent, CoreState, Effect, Message } from '../../src/coordination/types.ts';
import { SeededRandom } from '../../src/simulation/seeded-random.ts';
import { testHello, testSigner } from './core-world.ts';
import { Network } from './network.ts';
import { Outboxes } from './outboxes.ts';
import { NAMES, scheduleBounds } from './plan.ts';
import { loses } from './plan-losses.ts';
import type { Fault, Plan } from './plan-types.ts';
import { forgedMessage, forgedText, loudestFailure, plantedFailure, plantedSilence } from './planted.ts';
import { Program } from './program.ts';
import {
  BUSY_LATE_MS,
  cutWords,
  EVENTS_MAX,
  FLUSH_MS,
  hasComeTo,
  type PartyRecord,
  type ScheduleOptions,
  UNTIL_MS,
  whomItHits,
  wordsOf,
} from './schedule-record.ts';
import { VirtualTime } from './virtual-time.ts';

export class Schedule {
  readonly plan: Plan;
  readonly parties: PartyRecord[] = [];
  readonly network: Network;
  readonly time: VirtualTime;
  /** Faults that took place, with the moment. */
  readonly happened: { readonly fault: Fault; readonly at: number }[] = [];
  /** Messages that were longer than a link carries. */
  readonly refusals: string[] = [];
  events = 0;
  readonly #options: ScheduleOptions;
  readonly #random: SeededRandom;
  readonly #clocks: { rate: number; ahead: number; wake: number; busyUntil: number }[] = [];
  readonly #inboxes: (() => void)[][] = [];
  readonly #outboxes: Outboxes;

  constructor(plan: Plan, options: ScheduleOptions = {}) {
    this.plan = plan;
    this.#options = options;
    this.#random = new SeededRandom(plan.seed, 'order');
    this.time = new VirtualTime(() => this.#random.next());
    this.network = new Network(
      this.time,
      new SeededRandom(plan.seed, 'network'),
      plan.delayMs,
      plan.parties,
      {
        deliver: (from, to, message) => this.#deliver(from, to, message),
        link: (at, peer, up, closed) =>
          this.#whenAwake(at, () => this.#dispatch(at, { type: 'link', peer, up, closed })),
        refused: (from, to, message, bytes) => this.#refused(from, to, message, bytes),
        exists: (party) => this.#isRunning(party),
      },
    );
    this.#outboxes = new Outboxes({
      later: (party, run) => this.time.at(this.time.now, () => this.#whenAwake(party, run)),
      send: (from, to, message) => this.network.send(from, to, message),
    });
    this.network.lose((type, from, to) => plan.faults.some((fault) => loses(fault, type, from, to)));
    for (let party = 0; party < plan.parties; party++) this.#add(party);
    for (const fault of plan.faults) this.#schedule(fault);
  }

  run(): this {
    const isThere = ({ crashedAt, gone }: PartyRecord): boolean => crashedAt === null && !gone;
    while (this.parties.some(isThere) && this.time.next(UNTIL_MS)) {
      this.events += 1;
      if (this.events > EVENTS_MAX) throw new RangeError(`more than ${EVENTS_MAX} events: time stands still`);
    }
    return this;
  }

  local(party: number): number {
    const clock = this.#clocks[party];
    return clock ? this.time.now * clock.rate + clock.ahead : 0;
  }

  readonly #record = (party: number): PartyRecord => this.parties[party] as PartyRecord;

  #isRunning(party: number): boolean {
    const record = this.#record(party);
    return record.startedAt !== null && record.crashedAt === null && !record.gone;
  }

  #add(self: number): void {
    const random = new SeededRandom(this.plan.seed, `party ${self}`);
    const name = NAMES[self] ?? '?';
    const drift = this.plan.faults.find((fault) => fault.kind === 'drift' && fault.party === self);
    this.#clocks.push({
      rate: drift?.kind === 'drift' ? drift.rate : 1,
      ahead: self * 1_000,
      wake: 0,
      busyUntil: 0,
    });
    this.#inboxes.push([]);
    const config = {
      self,
      parties: NAMES.slice(0, this.plan.parties),
      bounds: scheduleBounds,
      nonce: `nonce-${self}`,
      signer: testSigner(self),
    };
    const host = {
      after: (ms: number, run: () => void) =>
        this.time.at(this.time.now + ms, () => this.#whenAwake(self, run)),
      tell: (event: CoreEvent) => this.#dispatch(self, event),
    };
    this.parties.push({
      name,
      core: initialState(config, this.local(self)),
      program: new Program(this.plan, self, name, random, host),
      startedAt: null,
      crashedAt: null,
      frozenUntil: 0,
      stalls: [],
      endedAt: null,
      ends: 0,
      leftAt: null,
      gone: false,
      heardAt: Array<null>(this.plan.parties).fill(null),
      lost: [],
      failures: [],
    });
    const late = this.plan.faults.find((fault) => fault.kind === 'late' && fault.party === self);
    const delay = late?.kind === 'late' ? late.ms : random.between(0, 20);
    if (delay === null) return;
    this.time.at(delay, () => this.#start(self, random.between(0, 50)));
  }

  #start(self: number, loadMs: number): void {
    const record = this.#record(self);
    if (record.crashedAt !== null) return;
    record.startedAt = this.time.now;
    record.core = initialState(record.core.config, this.local(self));
    this.#trace(self, 'starts');
    this.#dispatch(self, { type: 'tick' });
    for (const peer of this.parties.keys())
      if (peer !== self && this.#isRunning(peer)) this.network.connect(self, peer);
    const other = this.plan.faults.find((fault) => fault.kind === 'mismatch' && fault.party === self);
    const hello = testHello(
      self,
      other?.kind === 'mismatch' ? { [other.field]: `another, of party ${self}` } : {},
    );
    this.time.at(this.time.now + loadMs, () =>
      this.#whenAwake(self, () => this.#dispatch(self, { type: 'loaded', hello })),
    );
  }

  /** What happens to a frozen party happens when it runs again; to one that is gone, never. */
  #whenAwake(party: number, run: () => void): void {
    if (!this.#isRunning(party)) return;
    if (this.time.now < this.#record(party).frozenUntil) this.#inboxes[party]?.push(run);
    else run();
  }

  #deliver(from: number, to: number, message: Message): void {
    this.#whenAwake(to, () => {
      this.#record(to).heardAt[from] = this.time.now;
      this.#dispatch(to, { type: 'received', peer: from, message });
    });
  }

  #dispatch(party: number, event: CoreEvent): void {
    if (!this.#isRunning(party)) return;
    const record = this.#record(party);
    const before = record.core;
    const now = this.local(party);
    const { state, effects, wakeAt } = step(before, event, now);
    record.core = state;
    this.#options.watch?.(before, event, state, effects, wakeAt, now);
    // What fails while the parties agree counts if they go on.
    if (event.type === 'failed' && before.phase !== 'ended') record.failures.push(event.failure);
    if (event.type === 'link' && event.up) record.heardAt[event.peer] ??= this.time.now;
    this.#tell(party, event, before);
    for (const effect of effects) this.#execute(party, effect);
    this.#setTimer(party, wakeAt);
    this.#options.onStep?.(this.parties);
  }

  #execute(party: number, effect: Effect): void {
    const record = this.#record(party);
    if (effect.type === 'send') return this.#outboxes.put(party, effect.to, effect.message);
    record.program.take(effect);
    if (effect.type === 'peer' && effect.state === 'lost') {
      const since = record.heardAt[effect.peer] ?? record.startedAt ?? 0;
      const code = record.core.board.contributions[party]?.failure?.code ?? '';
      record.lost.push({ peer: effect.peer, at: this.time.now, code, silentForMs: this.time.now - since });
      this.#trace(party, `gives up on ${NAMES[effect.peer]}: ${effect.reason}`);
      this.#outboxes.drop(party, effect.peer);
      this.network.close(party, effect.peer);
    } else if (effect.type === 'ended') {
      record.ends += 1;
      record.endedAt = this.time.now;
      this.#trace(
        party,
        `decides: ${effect.outcome.failure?.code ?? 'completed'} ${effect.outcome.failure?.origin ?? ''}`,
      );
    } else if (effect.type === 'leave') {
      record.leftAt = this.time.now;
      this.#trace(party, 'leaves');
      this.#leave(party, this.time.now + FLUSH_MS);
    } else if (effect.type === 'scopeCancelled' || effect.type === 'scopeEnded') {
      this.#trace(
        party,
        `${effect.type} ${effect.scope}: ${effect.failure?.code ?? 'success'} ${effect.failure?.origin ?? ''}`,
      );
    }
  }

  #leave(party: number, until: number): void {
    if (!this.#isRunning(party)) return;
    if (
      this.time.now < until &&
      !(this.network.isFlushed(party, this.plan.parties) && this.#outboxes.isEmpty(party))
    ) {
      const soon = Math.min(until, this.time.now + 20);
      return this.time.at(soon, () => this.#whenAwake(party, () => this.#leave(party, until)));
    }
    for (const peer of this.parties.keys()) if (peer !== party) this.network.close(party, peer);
    this.#record(party).gone = true;
  }

  /** As the supervisor does (src/supervisor/party/control-plane.ts). */
  #refused(from: number, to: number, message: Message, bytes: number): void {
    this.refusals.push(`${NAMES[from]} says ${bytes} bytes of ${message.type} to ${NAMES[to]}`);
    this.#dispatch(from, { type: 'failed', failure: plantedFailure(NAMES[from] ?? '', 'INTERNAL') });
    this.#dispatch(from, { type: 'lost', peer: to, code: 'LINK_DOWN' });
  }

  #setTimer(party: number, wakeAt: number | null): void {
    const clock = this.#clocks[party];
    if (clock === undefined) return;
    clock.wake += 1;
    if (wakeAt === null) return;
    const mine = clock.wake;
    const late = this.time.now < clock.busyUntil ? this.#random.between(0, BUSY_LATE_MS) : 0;
    // A hair later than the exact moment: rounding must not fire a timer before it is due.
    this.time.at((wakeAt - clock.ahead) / clock.rate + 0.001 + late, () => {
      if (clock.wake === mine) this.#whenAwake(party, () => this.#dispatch(party, { type: 'tick' }));
    });
  }

  #schedule(fault: Fault): void {
    const random = new SeededRandom(this.plan.seed, `fault ${JSON.stringify(fault)}`);
    if (!('at' in fault)) {
      this.happened.push({ fault, at: 0 });
      if (fault.kind === 'diverge' && fault.noticedBy !== null) {
        const { party, noticedBy, position } = fault;
        const moment = (position + 1) * this.plan.stepMs;
        this.time.at(moment, () =>
          this.#whenAwake(noticedBy, () => this.#noticeDifference(noticedBy, party, position)),
        );
      }
      return;
    }
    this.time.at(fault.at, () => {
      if (!this.#applies(fault)) return;
      this.happened.push({ fault, at: this.time.now });
      this.#inject(fault, random);
    });
  }

  /** A value can show a difference only once both programs have come so far. */
  #noticeDifference(at: number, peer: number, position: number): void {
    const come = [at, peer].every((party) => hasComeTo(this.#record(party), position));
    if (come) this.#dispatch(at, { type: 'diverged', peer, branch: '', position });
  }

  #applies(fault: Fault): boolean {
    const isThere = (party: number): boolean => fault.kind === 'cut' || this.#isRunning(party);
    return whomItHits(fault).every((party) => party < this.plan.parties && isThere(party));
  }

  #inject(fault: Fault & { readonly at: number }, random: SeededRandom): void {
    const now = this.time.now;
    switch (fault.kind) {
      case 'fail':
      case 'kill':
        return this.#fail(fault);
      case 'crash':
        return this.#crash(fault, random);
      case 'freeze':
        return this.#freeze(fault.party, fault.ms, random);
      case 'jump': {
        const clock = this.#clocks[fault.party];
        if (clock === undefined) return;
        this.#trace(fault.party, `* its clock jumps by ${fault.ms} ms`);
        clock.ahead += fault.ms;
        this.#record(fault.party).stalls.push({ from: now, to: now });
        return this.#whenAwake(fault.party, () => this.#dispatch(fault.party, { type: 'tick' }));
      }
      case 'busy': {
        const clock = this.#clocks[fault.party];
        if (clock) clock.busyUntil = now + fault.ms;
        this.#whenAwake(fault.party, () =>
          this.#dispatch(fault.party, { type: 'answering', answers: false }),
        );
        const over = () => this.#dispatch(fault.party, { type: 'answering', answers: true });
        return this.time.at(now + fault.ms, () => this.#whenAwake(fault.party, over));
      }
      case 'break':
        this.#trace(fault.a, `* its connection with ${NAMES[fault.b]} breaks for ${fault.ms} ms`);
        return this.network.break(fault.a, fault.b, fault.ms);
      case 'cut':
        this.#trace(fault.a, cutWords(fault));
        if (!fault.oneWay) this.network.stall(fault.b, fault.a, fault.ms);
        return this.network.stall(fault.a, fault.b, fault.ms);
      case 'slow':
        return this.network.slow(fault.a, fault.b, fault.ms, fault.extra);
      case 'silence': {
        const { party, peer } = fault;
        const failure = plantedSilence(NAMES[party] ?? '');
        return this.#whenAwake(party, () => this.#dispatch(party, { type: 'silent', peer, failure }));
      }
      case 'refuse': {
        const event: CoreEvent = { type: 'lost', peer: fault.peer, code: 'AUTH_FAILED' };
        return this.#whenAwake(fault.party, () => this.#dispatch(fault.party, event));
      }
      case 'forge':
        return this.#forge(fault.party, fault.peer, fault.author);
      case 'throw all':
        for (const [party, { name }] of this.parties.entries()) {
          const event: CoreEvent = { type: 'failed', failure: loudestFailure(name) };
          this.#trace(party, '* throws');
          this.#whenAwake(party, () => this.#dispatch(party, event));
        }
        return;
      default:
        return undefined;
    }
  }

  #fail(fault: Extract<Fault, { kind: 'fail' | 'kill' }>): void {
    const { party } = fault;
    const [code, stepId] = fault.kind === 'fail' ? [fault.code, fault.stepId] : (['PROCESS_KILLED'] as const);
    const failure = plantedFailure(NAMES[party] ?? '', code, stepId, this.plan.loud);
    this.#trace(party, `* fails: ${code}`);
    const leaving = fault.kind === 'kill';
    if (leaving) this.#record(party).program.stop();
    this.#whenAwake(party, () => this.#dispatch(party, { type: 'failed', failure, leaving }));
  }

  #crash(fault: Extract<Fault, { kind: 'crash' }>, random: SeededRandom): void {
    const record = this.#record(fault.party);
    if (record.core.left) return;
    record.crashedAt = this.time.now;
    this.#trace(fault.party, '* crashes');
    this.network.vanish(fault.party, this.plan.parties, fault.reset);
    if (!fault.evidence) return;
    for (let peer = 0; peer < this.plan.parties; peer++) {
      if (peer === fault.party) continue;
      const event: CoreEvent = { type: 'lost', peer: fault.party, code: 'PEER_CRASHED' };
      const at = this.time.now + random.between(0, this.plan.delayMs + 5);
      this.time.at(at, () =>
        this.#whenAwake(peer, () => this.#record(peer).core.runId !== '' && this.#dispatch(peer, event)),
      );
    }
  }

  #freeze(party: number, ms: number, random: SeededRandom): void {
    const record = this.#record(party);
    const until = this.time.now + ms;
    this.#trace(party, `* freezes for ${ms} ms`);
    if (until <= record.frozenUntil) return;
    record.stalls.push({ from: Math.max(this.time.now, record.frozenUntil), to: until });
    record.frozenUntil = until;
    const ticksFirst = random.chance(0.5);
    this.time.at(until, () => {
      if (!this.#isRunning(party) || this.time.now < record.frozenUntil) return;
      this.#trace(party, 'runs again');
      const waiting = this.#inboxes[party]?.splice(0) ?? [];
      if (ticksFirst) this.#dispatch(party, { type: 'tick' });
      for (const run of waiting) this.#whenAwake(party, run);
      if (!ticksFirst) this.#dispatch(party, { type: 'tick' });
    });
  }

  #forge(from: number, to: number, author: number): void {
    if (author === from || to === author) return;
    this.#trace(from, `* says that ${NAMES[author]} had sealed a failure`);
    this.#outboxes.put(from, to, forgedText(author));
    this.#outboxes.put(from, to, forgedMessage(this.#record(from).core, from, author));
  }

  #trace(party: number, words: string): void {
    this.#options.trace?.(this.time.now, party, words);
  }

  #tell(party: number, event: CoreEvent, before: CoreState): void {
    const words = wordsOf(event);
    if (words === null) return;
    this.#trace(party, words);
    const { phase } = this.#record(party).core;
    if (before.phase !== phase) this.#trace(party, `${before.phase} → ${phase}`);
  }
}
