/**
 * The link to the node of one partner. A link lives as long as the processes at both ends; when one of them begins
 * anew, so does the link, and what has not been acknowledged goes again.
 */
import {
  EnvironmentError,
  InternalError,
  PeerError,
  PeerLostError,
  PrivityError,
} from '../../base/errors.ts';
import { ignored } from '../../base/ignored.ts';
import { PRIVITY_VERSION } from '../../base/version.ts';
import type { Body, Clock, LinkHandlers, MessageSink, Random, Timer } from '../../contracts/index.ts';
import type { ManagedLink } from '../../transport/index.ts';
import { NODE_LIMITS } from '../model/limits.ts';
import type { OutboxRow } from '../model/records.ts';
import { wordsOf } from '../words-of.ts';
import { LinkGauge, type LinkMeasure } from './link-gauge.ts';
import { type Envelope, NODE_PROTOCOL, type NodeMessage, readEnvelope, writeEnvelope } from './words.ts';

/** Messages that are on their way to a partner at one time: enough to fill a round trip. */
export const IN_FLIGHT_MAX = 32;
/** After a link has ended: soon, because the partner has most likely begun anew. */
const AGAIN_MS = 200;
/** After the partner or this node has refused the other: somebody has to mend something first. */
const REFUSED_AGAIN_MS = 15_000;

export type PartnerLinkState = 'connecting' | 'up' | 'down' | 'refused';

export interface PartnerState extends LinkMeasure {
  readonly state: PartnerLinkState;
  /** Since when, in milliseconds since 1970. */
  readonly since: number;
  /** Why it is not up, in words. */
  readonly why: string | null;
  readonly privity: string | null;
  readonly waiting: number;
}

export interface PartnerOptions {
  readonly self: string;
  readonly name: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly connect: (peer: string, handlers: LinkHandlers) => ManagedLink;
  /** Digest of the federation as this node has it. */
  readonly federation: string;
  /** What this node says first. */
  readonly greeting: () => NodeMessage;
  /** The first messages that wait for this partner, in order. */
  readonly outbox: (limit: number) => Promise<readonly OutboxRow[]>;
  /** The files that belong to a message; empty for most. */
  readonly bodyOf: (row: OutboxRow) => Promise<Uint8Array>;
  /** What a message has led to: resolves when it is stored. Rejects with what the partner is to be told. */
  readonly onMessage: (said: NodeMessage, id: string | undefined, body: Uint8Array) => Promise<void>;
  /** The partner has stored a message, or will never take it. */
  readonly onTaken: (
    row: OutboxRow,
    refused: { readonly code: string; readonly message: string } | undefined,
  ) => Promise<void>;
  readonly onState: () => void;
  readonly warn: (message: string) => void;
}

export class Partner {
  readonly name: string;
  readonly #options: PartnerOptions;
  #link: ManagedLink | undefined;
  #state: PartnerLinkState = 'connecting';
  #since: number;
  #why: string | null = null;
  #privity: string | null = null;
  /** The partner has said on this link that it speaks as this node does; until then nothing else is said. */
  #isGreeted = false;
  readonly #gauge: LinkGauge;
  #waiting = 0;
  #again: Timer | undefined;
  #closed = false;
  /** By name: sent on this link, not acknowledged. */
  readonly #inFlight = new Map<string, OutboxRow>();
  #pumping = false;
  #pumpAgain = false;
  /** What came is answered in the order in which it came. */
  #taking: Promise<void> = Promise.resolve();

  constructor(options: PartnerOptions) {
    this.name = options.name;
    this.#options = options;
    this.#since = options.clock.wallTime();
    const { clock, random } = options;
    this.#gauge = new LinkGauge({
      ...{ clock, random },
      note: (payload) => this.#link?.note(payload),
      send: (said, body, onLeaving) => this.#send({ said }, body, onLeaving),
    });
    this.#open();
  }

  get state(): PartnerState {
    return {
      state: this.#state,
      since: this.#since,
      why: this.#why,
      privity: this.#privity,
      ...this.#gauge.measure,
      waiting: this.#waiting,
    };
  }

  get isUp(): boolean {
    return this.#state === 'up';
  }

  /** Something may be in the outbox. */
  wake(): void {
    if (this.#pumping) this.#pumpAgain = true;
    else void this.#pump();
  }

  /** For what may be lost. False: the partner is not there. */
  tell(said: NodeMessage): boolean {
    if (this.#state !== 'up') return false;
    this.#send({ said }, []);
    return true;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#again?.cancel();
    this.#gauge.down();
    await this.#link?.close();
  }

  #open(): void {
    if (this.#closed) return;
    this.#inFlight.clear();
    this.#isGreeted = false;
    const link = this.#options.connect(this.name, {
      onMessage: (header) => this.#receive(header),
      onNote: (payload) => this.#gauge.onNote(payload),
      onState: (state, error) => {
        if (link !== undefined && this.#link !== link) return;
        if (state === 'up') return this.#onUp();
        if (state === 'closed') return this.#onClosed(error);
        this.#become(state, error);
      },
    });
    this.#link = link;
    if (link.state === 'up') this.#onUp();
  }

  #onUp(): void {
    this.#send({ said: this.#options.greeting() }, []);
    this.#gauge.up();
    if (this.#isGreeted) this.#goOn();
  }

  #goOn(): void {
    this.#become('up');
    this.wake();
  }

  /** Two versions that could misunderstand each other exchange nothing else. */
  #onGreeting({ protocol, privity, federation, samples }: Extract<NodeMessage, { kind: 'node' }>): void {
    this.#privity = privity;
    if (protocol === NODE_PROTOCOL) {
      const { name, warn, federation: own } = this.#options;
      // Each knows the other's key: it is of a third party that they think differently, or of the name.
      if (federation !== own)
        warn(
          `${name} has another federation file (digest ${federation}, here ${own}): compare them (privity federation show)`,
        );
      this.#isGreeted = true;
      // A version without them would take samples for nothing, and never answer.
      if (samples === true) this.#gauge.answers();
      return this.#goOn();
    }
    const { self, name } = this.#options;
    const [older, newer] = protocol < NODE_PROTOCOL ? [name, self] : [self, name];
    const why = new PeerError(
      'PRIVITY_NODE_PROTOCOL',
      `${name} speaks version ${protocol} of what nodes say to each other (Privity ${privity}), ${self} version ${NODE_PROTOCOL} (Privity ${PRIVITY_VERSION}); upgrade ${older}, or ${newer} cannot exchange anything with it`,
      { party: name },
    );
    this.#isGreeted = false;
    this.#become('refused', why);
  }

  #onClosed(error: Error | undefined): void {
    if (this.#closed) return;
    this.#gauge.down();
    // A partner that has begun anew is no reason to wait.
    const isLost = !(error instanceof PrivityError) || isRestart(error) || error instanceof PeerLostError;
    this.#become(isLost ? 'down' : 'refused', error);
    this.#again = this.#options.clock.after(isLost ? AGAIN_MS : REFUSED_AGAIN_MS, () => this.#open());
  }

  #become(state: PartnerLinkState, error?: Error): void {
    const why = state === 'up' ? null : (error?.message ?? this.#why);
    const isNew = state !== this.#state;
    if (isNew) this.#since = this.#options.clock.wallTime();
    if (isNew && state === 'refused' && why !== null) this.#options.warn(`${this.name}: ${why}`);
    this.#state = state;
    this.#why = why;
    if (isNew) this.#options.onState();
  }

  /** A bounded header, and a body that is bounded by what a proposal may have. */
  #receive(header: Uint8Array): MessageSink {
    const parts: Uint8Array[] = [];
    let bytes = 0;
    return {
      write: (piece) => {
        bytes += piece.length;
        if (bytes > NODE_LIMITS.bundleBytesMax) throw tooLarge(this.name);
        parts.push(Uint8Array.from(piece));
        return undefined;
      },
      end: () => {
        const taken = this.#taking.then(() => this.#take(header, Buffer.concat(parts)));
        this.#taking = taken;
        // The partner is held back until what it said is stored.
        return taken;
      },
      abort: () => undefined,
    };
  }

  async #take(header: Uint8Array, body: Uint8Array): Promise<void> {
    const read = readEnvelope(header);
    if (read?.said === undefined) {
      if (!this.#isGreeted) return;
      if (read?.id !== undefined) this.#acknowledge(read.id, UNREADABLE);
      return;
    }
    const { id, said } = read;
    if (said.kind === 'node') return this.#onGreeting(said);
    // It comes again, on a link that has begun as it should.
    if (!this.#isGreeted) return;
    if (said.kind === 'ack') return this.#onAck(said.id, said.refused);
    if (said.kind === 'sample') return this.#gauge.onSample(said.nth);
    if (said.kind === 'taken') return this.#gauge.onTaken(said.nth);
    try {
      await this.#options.onMessage(said, id, body);
      if (id !== undefined) this.#acknowledge(id);
    } catch (error) {
      if (error instanceof PrivityError && isFinal(error)) {
        if (id !== undefined) this.#acknowledge(id, { code: error.code, message: error.message });
        return;
      }
      // What is not the partner's fault is not acknowledged: it comes again on the next link.
      this.#options.warn(`a message of ${this.name} was not taken: ${wordsOf(error)}`);
      await this.#link?.close();
    }
  }

  async #onAck(
    id: string,
    refused: { readonly code: string; readonly message: string } | undefined,
  ): Promise<void> {
    const row = this.#inFlight.get(id);
    if (row === undefined) return;
    this.#inFlight.delete(id);
    await this.#options.onTaken(row, refused);
    this.wake();
  }

  #acknowledge(id: string, refused?: { readonly code: string; readonly message: string }): void {
    this.#send({ said: { kind: 'ack', id, ...(refused ? { refused } : {}) } }, []);
  }

  #send(message: Envelope, body: Body, onLeaving?: () => void): void {
    const link = this.#link;
    if (link === undefined || link.state === 'closed') return;
    void ignored(
      link.send(writeEnvelope(message), body, onLeaving),
      'the link has ended, and a new one sends again',
    );
  }

  async #pump(): Promise<void> {
    this.#pumping = true;
    try {
      do {
        this.#pumpAgain = false;
        const link = this.#link;
        if (this.#state !== 'up' || link === undefined) return;
        const rows = await this.#options.outbox(IN_FLIGHT_MAX);
        this.#waiting = rows.length;
        for (const row of rows) {
          if (this.#inFlight.has(row.messageId)) continue;
          const body = await this.#options.bodyOf(row);
          if (this.#link !== link) return;
          this.#inFlight.set(row.messageId, row);
          this.#send({ id: row.messageId, said: JSON.parse(row.body) }, body.length > 0 ? [body] : []);
        }
      } while (this.#pumpAgain);
    } catch (error) {
      this.#options.warn(`messages for ${this.name} could not be read: ${wordsOf(error)}`);
    } finally {
      this.#pumping = false;
      if (this.#pumpAgain) this.wake();
    }
  }
}

const UNREADABLE = {
  code: 'PRIVITY_NODE_MESSAGE',
  message: 'the message is none that this version of Privity understands',
};

/** Whether the same message would be refused again: a matter of what it says, not of this machine. */
const isFinal = (error: PrivityError): boolean =>
  !(error instanceof EnvironmentError) && !(error instanceof InternalError);
const isRestart = ({ code }: PrivityError): boolean => code === 'PRIVITY_SESSION_LOST';
const tooLarge = (party: string): PeerError =>
  new PeerError(
    'PRIVITY_NODE_MESSAGE',
    `${party} sends more than ${NODE_LIMITS.bundleBytesMax} bytes in one message`,
    { party },
  );
