/** The Channel of one step: messages between the members of a device, carried by the data links under the step's id. */

import { UsageError } from '../../base/errors.ts';
import { ignored } from '../../base/ignored.ts';
import type { Channel } from '../../contracts/channel.ts';
import type { TrailEntry } from '../../coordination/failure.ts';
import type { OpenDisclosure } from '../state/disclosures.ts';
import type { Exchange, Expectation } from './exchange.ts';
import type { Mail } from './mailbox.ts';

interface Inbox {
  readonly mails: Mail[];
  readonly takers: Taker[];
}

interface Taker {
  readonly since: number;
  readonly take: (mail: Mail) => void;
  readonly refuse: (error: unknown) => void;
}

export class MemberChannel implements Channel {
  readonly rank: number;
  readonly size: number;
  readonly signal: AbortSignal;
  readonly #members: readonly string[];
  readonly #exchange: Exchange;
  readonly #inboxes: readonly Inbox[];
  readonly #sent: number[];
  /** Disclosures that the next message to one of their receivers makes. */
  readonly #carried = new Set<OpenDisclosure>();
  #entry: TrailEntry | undefined;
  #bytesSent = 0;
  #closed = false;

  constructor(party: string, members: readonly string[], exchange: Exchange, signal: AbortSignal) {
    this.rank = members.indexOf(party);
    this.size = members.length;
    this.signal = signal;
    this.#members = members;
    this.#exchange = exchange;
    this.#inboxes = members.map(() => ({ mails: [], takers: [] }));
    this.#sent = members.map(() => 0);
    signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  get binding(): Uint8Array | undefined {
    return this.#entry && this.#exchange.bindingOf(this.#entry);
  }

  get bytesSent(): number {
    return this.#bytesSent;
  }

  /** What this member expects from each other one, for {@link Exchange.issued}. */
  expectations(): readonly Expectation[] {
    return this.#members.flatMap((peer, rank) =>
      rank === this.rank
        ? []
        : [
            {
              peer,
              kind: 'channel' as const,
              deliver: (mail) => this.#deliver(rank, mail),
              waitsSince: () => this.#inboxes[rank]?.takers[0]?.since,
            },
          ],
    );
  }

  /** The step has been issued under this entry; sending is possible from now on. */
  open(entry: TrailEntry): void {
    this.#entry = entry;
  }

  /** What this member says from now on discloses this. */
  carry(disclosure: OpenDisclosure): void {
    this.#carried.add(disclosure);
  }

  async send(to: number, message: Uint8Array | readonly Uint8Array[]): Promise<void> {
    this.signal.throwIfAborted();
    const peer = this.#peer(to);
    const entry = this.#entry;
    if (entry === undefined || this.#closed) throw ended();
    const sequence = this.#sent[to] ?? 0;
    this.#sent[to] = sequence + 1;
    const pieces = message instanceof Uint8Array ? [message] : message;
    for (const { length } of pieces) this.#bytesSent += length;
    const carried = [...this.#carried].filter((disclosure) => disclosure.to.includes(peer));
    await this.#exchange.send(peer, entry, 'channel', pieces, sequence, () => {
      for (const disclosure of carried) {
        disclosure.leaves();
        this.#carried.delete(disclosure);
      }
    });
  }

  async receive(from: number): Promise<Uint8Array> {
    return whole(await this.#next(from));
  }

  async receivePieces(from: number): Promise<readonly Uint8Array[]> {
    const mail = await this.#next(from);
    const pieces = mail.pieces();
    if (pieces === undefined) return [await whole(mail)];
    await mail.release();
    return pieces;
  }

  async #next(from: number): Promise<Mail> {
    this.signal.throwIfAborted();
    this.#peer(from);
    if (this.#closed) throw ended();
    const inbox = this.#inboxes[from] as Inbox;
    const here = inbox.mails.shift();
    if (here !== undefined) return here;
    const since = this.#exchange.now();
    return new Promise<Mail>((take, refuse) => inbox.takers.push({ since, take, refuse }));
  }

  /** The step is over: nothing more is expected. Releases what nobody took. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.signal.removeEventListener('abort', this.#onAbort);
    for (const peer of this.#members) if (this.#entry) this.#exchange.fulfilled(peer, this.#entry.stepId);
    for (const inbox of this.#inboxes) {
      for (const mail of inbox.mails.splice(0))
        void ignored(mail.release(), 'what is not released goes with the temporary folder');
      for (const { refuse } of inbox.takers.splice(0))
        refuse(this.signal.aborted ? this.signal.reason : ended());
    }
  }

  /** The step has failed at this member; the others may still be talking. */
  forsake(): void {
    for (const peer of this.#members) if (this.#entry) this.#exchange.forsake(peer, this.#entry.stepId);
    this.close();
  }

  readonly #onAbort = (): void => this.close();

  #deliver(rank: number, mail: Mail): void {
    const inbox = this.#inboxes[rank] as Inbox;
    const taker = inbox.takers.shift();
    if (taker) taker.take(mail);
    else inbox.mails.push(mail);
  }

  #peer(rank: number): string {
    const peer = this.#members[rank];
    if (peer === undefined || rank === this.rank)
      throw new UsageError('PRIVITY_STEP_INVALID', `There is no other member ${rank} in this device.`);
    return peer;
  }
}

async function whole(mail: Mail): Promise<Uint8Array> {
  const source = mail.source();
  const bytes = await source.read(0, source.size);
  await mail.release();
  return bytes;
}

const ended = (): UsageError =>
  new UsageError('PRIVITY_STEP_INVALID', 'The channel of a step was used after the step had ended.');
