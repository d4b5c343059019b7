/**
 * The data plane of a program: which messages a step sends to which peers, and which it expects from whom. A message is
 * compared with this party's own program before anything of it is delivered: same step, same digest, expected from that
 * peer.
 */

import { createHash } from 'node:crypto';
import { InternalError, PeerError, PeerLostError } from '../../base/errors.ts';
import { ignored } from '../../base/ignored.ts';
import type { Clock } from '../../contracts/clock.ts';
import type { Body, Link, LinkHandlers, MessageSink } from '../../contracts/link.ts';
import type { TrailEntry } from '../../coordination/failure.ts';
import {
  type DataFrame,
  type DataFrameKind,
  decodeDataFrame,
  encodeDataFrame,
} from '../../wire/value-frame.ts';
import { positionOf } from '../state/branch.ts';
import type { WaitInfo } from '../state/host.ts';
import type { Scope } from '../state/scope.ts';
import type { Mail, Mailbox } from './mailbox.ts';

export interface Expectation {
  readonly peer: string;
  readonly kind: DataFrameKind;
  /** A message for the step, checked and complete, in the order in which the peer sent them. */
  deliver(mail: Mail): void;
  /** Where the step does more than wait: since when it waits for this peer, if it does. */
  waitsSince?(): number | undefined;
}

export interface ExchangeOptions {
  readonly parties: readonly string[];
  readonly party: string;
  readonly clock: Clock;
  readonly mailbox: Mailbox;
  /** Where the program is: `past` and `never` make a message for that step a divergence, `future` makes it wait. */
  readonly whereIs: (stepId: string) => 'past' | 'future' | 'never' | 'dropped';
  readonly diverged: (peer: string, branch: string, position: number, stepId: string) => void;
  readonly failed: (error: unknown) => void;
  readonly linkLost: (peer: string, error: Error) => void;
}

interface Expected extends Expectation {
  readonly entry: TrailEntry;
  waitsSince(): number | undefined;
  /** Sequence number of the next message. */
  next: number;
  /** The last delivery, so that messages are delivered in order although their bodies may end out of order. */
  tail: Promise<void>;
}

const discard: MessageSink = { write: () => undefined, end: () => undefined, abort: () => {} };
const keyOf = (peer: string, stepId: string): string => `${peer} ${stepId}`;

export class Exchange {
  readonly #options: ExchangeOptions;
  readonly #links = new Map<string, Link>();
  readonly #expected = new Map<string, Expected>();
  readonly #early = new Map<string, Mail[]>();
  /** Steps that have failed here while a peer may still send for them, which knows nothing of it yet. */
  readonly #forsaken = new Set<string>();
  readonly #pending = new Map<
    (reason: unknown) => void,
    { readonly peer: string; readonly drop: () => void }
  >();
  readonly #excluded = new Set<string>();
  #closed = false;
  #binding: Uint8Array | undefined;

  constructor(options: ExchangeOptions) {
    this.#options = options;
  }

  /** Known when all parties have met. */
  bind(binding: Uint8Array): void {
    this.#binding = binding;
  }

  /** Of a step of this run; see {@link Channel.binding}. */
  bindingOf({ stepId, digest }: TrailEntry): Uint8Array | undefined {
    if (this.#binding === undefined) return undefined;
    const hash = createHash('sha256').update('privity step 1').update(this.#binding);
    return hash.update(JSON.stringify([stepId, digest])).digest();
  }

  attach(peer: string, link: Link): void {
    this.#links.set(peer, link);
  }

  handlersFor(peer: string): LinkHandlers {
    return { onMessage: (header) => this.#onMessage(peer, header) };
  }

  /** A step has been issued. Messages that came for it before are compared now. */
  issued(entry: TrailEntry, expectations: readonly Expectation[]): void {
    const issuedAt = this.now();
    for (const expectation of expectations) {
      this.#expected.set(keyOf(expectation.peer, entry.stepId), {
        ...expectation,
        entry,
        deliver: expectation.deliver.bind(expectation),
        waitsSince: expectation.waitsSince?.bind(expectation) ?? (() => issuedAt),
        next: 0,
        tail: Promise.resolve(),
      });
    }
    if (this.#early.size === 0) return;
    for (const peer of this.#options.parties) this.#replay(peer, entry.stepId);
  }

  /** The branch will issue no more steps: what waits for later ones never had a place in this program. */
  recheckEarly(): void {
    for (const mails of [...this.#early.values()]) {
      const mail = mails[0];
      if (mail && this.#options.whereIs(mail.frame.stepId) !== 'future')
        this.#replay(mail.peer, mail.frame.stepId);
    }
  }

  /** The scope is cancelled: nothing in it is expected any more, and what came early for it is released. */
  drop(scope: Scope): void {
    for (const [key, { entry }] of this.#expected)
      if (scope.contains(entry.stepId)) this.#expected.delete(key);
    for (const [key, mails] of this.#early) {
      if (!mails[0] || !scope.contains(mails[0].frame.stepId)) continue;
      this.#early.delete(key);
      for (const mail of mails)
        void ignored(mail.release(), 'what is not released goes with the temporary folder');
    }
  }

  /**
   * The run goes on without the peer: what is sent to it counts as sent, and nothing is expected from it any more.
   * Gives the steps that have waited for it.
   */
  exclude(peer: string): readonly TrailEntry[] {
    this.#excluded.add(peer);
    this.#links.delete(peer);
    for (const { peer: to, drop } of this.#pending.values()) if (to === peer) drop();
    const waiting = [...this.#expected].filter(([, expected]) => expected.peer === peer);
    for (const [key] of waiting) this.#expected.delete(key);
    return waiting.map(([, { entry }]) => entry);
  }

  /** The step needs nothing more from the peer. */
  fulfilled(peer: string, stepId: string): void {
    this.#expected.delete(keyOf(peer, stepId));
  }

  /** The step has failed here: what the peer still sends for it is dropped, and is no sign of another program. */
  forsake(peer: string, stepId: string): void {
    this.fulfilled(peer, stepId);
    this.#forsaken.add(keyOf(peer, stepId));
  }

  /**
   * Sends one message of a step; `onLeaving` is called just before the first of it leaves. Resolves when the link has
   * taken it over. A link that has ended is not a failure of this
   * party: the supervisor, which watches the peer, decides, and this promise stays pending until {@link close}, whose
   *   reason it rejects with.
   */
  send(
    peer: string,
    entry: TrailEntry,
    kind: DataFrameKind,
    body: Body,
    sequence: number,
    onLeaving: () => void,
  ): Promise<void> {
    if (this.#excluded.has(peer)) return Promise.resolve();
    const link = this.#links.get(peer);
    if (link === undefined) throw new InternalError(`no link to ${peer}`);
    const { stepId, digest } = entry;
    return this.#until(peer, link.send(encodeDataFrame({ kind, stepId, digest, sequence }), body, onLeaving));
  }

  /** Resolves when the peers have acknowledged everything that was sent. */
  async flushed(): Promise<void> {
    await Promise.all([...this.#links].map(([peer, link]) => this.#until(peer, link.flushed())));
  }

  now(): number {
    return this.#options.clock.now();
  }

  /** What this party cannot go on without: a step that is queued here, or works, waits for nobody. */
  waiting(): readonly WaitInfo[] {
    const now = this.now();
    return [...this.#expected.values()].flatMap(({ entry, peer, waitsSince }) => {
      const since = waitsSince();
      if (since === undefined) return [];
      const { stepId, name, kind } = entry;
      return [{ stepId, name, kind, peer, sinceMs: Math.max(0, now - since) }];
    });
  }

  /** From now on nothing is delivered or kept, and what is pending rejects. Returns what was waiting, by kind. */
  async close(reason: Error): Promise<{ readonly messages: number; readonly sends: number }> {
    this.#closed = true;
    this.#expected.clear();
    this.#early.clear();
    const pending = [...this.#pending.keys()];
    this.#pending.clear();
    for (const reject of pending) reject(reason);
    return { messages: await this.#options.mailbox.close(), sends: pending.length };
  }

  #onMessage(peer: string, header: Uint8Array): MessageSink {
    if (this.#closed || this.#excluded.has(peer)) return discard;
    try {
      const frame = decodeDataFrame(header, peer);
      const key = keyOf(peer, frame.stepId);
      const expected = this.#expected.get(key);
      const place = expected === undefined ? this.#options.whereIs(frame.stepId) : 'past';
      if (place === 'dropped' || this.#forsaken.has(key)) return discard;
      if (expected === undefined && place !== 'future') {
        this.#diverge(peer, frame);
        return discard;
      }
      if (expected !== undefined && !this.#agrees(expected, frame)) return discard;
      const { mail, sink } = this.#options.mailbox.receive(peer, frame);
      if (expected !== undefined) this.#accept(expected, mail);
      else this.#keep(key, mail);
      return sink;
    } catch (error) {
      this.#options.failed(error);
      return discard;
    }
  }

  #keep(key: string, mail: Mail): void {
    const mails = this.#early.get(key);
    if (mails === undefined) this.#early.set(key, [mail]);
    else mails.push(mail);
  }

  #replay(peer: string, stepId: string): void {
    const key = keyOf(peer, stepId);
    const mails = this.#early.get(key);
    if (mails === undefined) return;
    this.#early.delete(key);
    for (const mail of mails) {
      const expected = this.#expected.get(key);
      if (expected !== undefined && this.#agrees(expected, mail.frame)) this.#accept(expected, mail);
      else {
        if (expected === undefined) this.#diverge(peer, mail.frame);
        void ignored(mail.release(), 'what is not released goes with the temporary folder');
      }
    }
  }

  /** Reports what does not agree; the message is not delivered then. */
  #agrees(expected: Expected, frame: DataFrame): boolean {
    if (frame.digest !== expected.entry.digest || frame.kind !== expected.kind) {
      this.#diverge(expected.peer, frame);
      return false;
    }
    if (frame.sequence === expected.next) return true;
    const what = frame.kind === 'value' ? 'a second value for a step' : 'messages of a step out of order';
    this.#options.failed(
      new PeerError('PRIVITY_FRAME_INVALID', `The program of ${expected.peer} sent ${what}.`, {
        party: expected.peer,
        stepId: frame.stepId,
      }),
    );
    return false;
  }

  #accept(expected: Expected, mail: Mail): void {
    expected.next += 1;
    const complete = new Promise<void>((resolve, reject) => mail.whenComplete(resolve, reject));
    expected.tail = expected.tail
      .then(() => complete)
      .then(() => {
        if (!this.#closed) expected.deliver(mail);
      })
      // Why a link ends mid-message is the supervisor's matter; that the mailbox is full has been reported.
      .catch((error: unknown) => {
        if (error === undefined || this.#lost(expected.peer, error) || this.#closed) return;
        // The stream failed at its sender, who reports it.
        if (error instanceof PeerError && error.code === 'PRIVITY_MESSAGE_ABANDONED') return;
        this.#options.failed(error);
      });
  }

  #diverge(peer: string, frame: DataFrame): void {
    const { branch, position } = positionOf(frame.stepId);
    this.#options.diverged(peer, branch, position, frame.stepId);
  }

  #until(peer: string, work: Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      const done = (): void => {
        this.#pending.delete(reject);
        resolve();
      };
      this.#pending.set(reject, { peer, drop: done });
      work.then(done, (error: unknown) => {
        if (this.#lost(peer, error)) return;
        this.#pending.delete(reject);
        reject(error);
      });
    });
  }

  #lost(peer: string, error: unknown): boolean {
    if (!(error instanceof PeerLostError)) return false;
    if (!this.#closed) this.#options.linkLost(peer, error);
    return true;
  }
}
