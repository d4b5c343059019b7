/**
 * What this party itself knows of its way to each peer: the address that it dials, the last error and when, who was
 * turned away. For its own operator, in its own events and log: it never crosses, because it says nothing of whose the
 * fault is.
 */
import type { FailureCode } from '../../base/failure-codes.ts';
import type { Clock } from '../../contracts/clock.ts';
import type { Failure } from '../../coordination/failure.ts';
import { explains } from '../../observe/standstill.ts';
import type { PartyOptions } from '../seam/options.ts';

interface Contact {
  dials: number;
  /** The last thing that went wrong on the way there, and when. */
  trouble: { readonly text: string; readonly atMs: number } | undefined;
  /** When a caller under this peer's name was last turned away here, or turned this party away. */
  turnedAway: { readonly text: string; readonly atMs: number } | undefined;
  /** Why it cannot be talked to, ever. */
  refusal: { readonly text: string; readonly atMs: number } | undefined;
  /** Since when the link stands, or stood. */
  upAtMs: number | undefined;
}

export type ContactOptions = Pick<PartyOptions, 'party' | 'federation' | 'listen' | 'files' | 'jobFile'>;

/** Failures of a party that others observe: what each of them has seen of it helps. */
const OBSERVED: ReadonlySet<FailureCode> = new Set<FailureCode>([
  ...(['JOIN_TIMEOUT', 'PEER_UNREACHABLE', 'PEER_CRASHED', 'LINK_DOWN', 'PARTITION', 'AUTH_FAILED'] as const),
]);

export class Contacts {
  readonly #options: ContactOptions;
  readonly #clock: Clock;
  readonly #startedAtMs: number;
  readonly #contacts = new Map<string, Contact>();
  #standstill: { readonly text: string; readonly atMs: number } | undefined;

  constructor(options: ContactOptions, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
    this.#startedAtMs = clock.wallTime();
  }

  /** A dial has failed, or a connection broke. */
  trouble(peer: string, error: Error): void {
    const contact = this.#of(peer);
    contact.dials += 1;
    contact.trouble = this.#now(error.message);
  }

  up(peer: string): void {
    const contact = this.#of(peer);
    contact.upAtMs = this.#clock.wallTime();
    contact.dials = 0;
    contact.trouble = undefined;
  }

  refused(peer: string, text: string): void {
    this.#of(peer).refusal = this.#now(text);
  }

  /**
   * By this party's port, or by a dialler that does not trust this party. Anybody who reaches the port can cause it.
   */
  turnedAway(peer: string, text: string): void {
    if (this.#options.federation.some(({ name }) => name === peer))
      this.#of(peer).turnedAway = this.#now(text);
  }

  /** This supervisor did not run for so long until now, and heard nobody. */
  stoodStill(forMs: number): void {
    const text = `this party itself stood still for ${(forMs / 1_000).toFixed(1)} s`;
    this.#standstill = this.#now(text);
  }

  /** What this party has seen of what a failure says; undefined for failures that only their origin can see. */
  seen({ code, origin, reporter }: Failure): string | undefined {
    const { party, jobFile } = this.#options;
    // Which of two copies was run is what people ask first.
    if (code === 'PROGRAM_MISMATCH') return `this party runs ${jobFile}, by ${this.#file}`;
    const isObserved = OBSERVED.has(code) || (reporter === party && origin !== party);
    if (!isObserved || (origin === party && reporter === party)) return undefined;
    const seen = origin === party ? this.#ofItself(reporter) : this.#ofPeer(origin);
    const still = this.#standstill;
    if (still === undefined || !explains(this.#clock.wallTime() - still.atMs, code)) return seen;
    const itself = `${still.text} until ${at(still.atMs)}, in which it heard nobody and nobody heard it`;
    return seen === undefined ? itself : `${itself}; ${seen}`;
  }

  /** Of a party that did not join: who was turned away under its name, or that it turned this one away. */
  turnedAwayFor({ code, origin }: Failure): string | undefined {
    if (code !== 'JOIN_TIMEOUT' || origin === this.#options.party) return undefined;
    return this.#of(origin).turnedAway?.text;
  }

  #ofPeer(peer: string): string | undefined {
    const { party, federation, listen } = this.#options;
    const member = federation.find(({ name }) => name === peer);
    if (member === undefined) return undefined;
    const { refusal, trouble, turnedAway, upAtMs, dials } = this.#of(peer);
    const names = federation.map(({ name }) => name);
    const dialsIt = names.indexOf(party) < names.indexOf(peer);
    const file = this.#file;
    const parts: string[] = [];
    if (refusal) parts.push(`${at(refusal.atMs)}: ${refusal.text}`);
    if (upAtMs !== undefined) parts.push(`the connection with ${peer} came to stand at ${at(upAtMs)}`);
    else if (!refusal) parts.push(`no connection with ${peer} ever came to stand`);
    if (dialsIt) {
      parts.push(`this party dials ${peer} at ${address(member)}, by ${file}`);
      if (!trouble && !refusal && upAtMs === undefined)
        parts.push(`since ${at(this.#startedAtMs)} nothing there has answered or refused`);
      if (trouble) parts.push(`${failures(dials)}, the last at ${at(trouble.atMs)}: ${trouble.text}`);
    } else {
      const own = federation.find(({ name }) => name === party);
      const where = own === undefined ? '' : ` at ${address(own)} by ${file}`;
      parts.push(`${peer} dials this party${where}, which listens at ${address(listen)}`);
      if (trouble) parts.push(`the last trouble at ${at(trouble.atMs)}: ${trouble.text}`);
    }
    if (turnedAway) parts.push(`at ${at(turnedAway.atMs)}: ${turnedAway.text}`);
    return parts.join('; ');
  }

  /** The others have given this party up, or do not accept it. */
  #ofItself(reporter: string): string {
    const { listen } = this.#options;
    const { refusal, trouble, turnedAway } = this.#of(reporter);
    const told = refusal ?? turnedAway ?? trouble;
    const said = told === undefined ? '' : `; at ${at(told.atMs)}: ${told.text}`;
    return `${reporter} says so of this party, which listens at ${address(listen)} (addresses and keys: ${this.#file})${said}`;
  }

  get #file(): string {
    return this.#options.files?.federation ?? "this party's federation file";
  }

  #of(peer: string): Contact {
    const known = this.#contacts.get(peer);
    if (known !== undefined) return known;
    const contact: Contact = {
      dials: 0,
      trouble: undefined,
      turnedAway: undefined,
      refusal: undefined,
      upAtMs: undefined,
    };
    this.#contacts.set(peer, contact);
    return contact;
  }

  #now(text: string): { readonly text: string; readonly atMs: number } {
    return { text, atMs: this.#clock.wallTime() };
  }
}

const at = (ms: number): string => `${new Date(ms).toISOString().slice(11, 19)} UTC`;

const failures = (n: number): string => (n === 1 ? 'it failed once' : `it failed ${n} times`);

const address = ({ host, port }: { readonly host: string; readonly port: number }): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
