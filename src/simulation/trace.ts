/** What happened in a simulated run, in order: always as a digest, and as lines for people where they are wanted. */
import { crc32 } from 'node:zlib';

/** One line of what happened. */
export interface TimelineLine {
  /** Milliseconds since the first party began. */
  readonly at: number;
  /** Where; empty: in the world. */
  readonly party: string;
  /** What happened, in words. */
  readonly text: string;
}

export class Trace {
  readonly lines: TimelineLine[] | null;
  #low = 0x811c9dc5;
  #high = 0x9e3779b9;

  /** `keep`: whether the lines are kept. The digest is the same either way. */
  constructor(keep: boolean) {
    this.lines = keep ? [] : null;
  }

  /** 64 bits over everything that was noted, in hex. */
  get digest(): string {
    return [this.#high, this.#low].map((word) => (word >>> 0).toString(16).padStart(8, '0')).join('');
  }

  frame(at: number, from: number, to: number, bytes: Uint8Array): void {
    this.#mix(Math.round(at * 1000));
    this.#mix(from * 64 + to);
    this.#mix(bytes.length);
    this.#mix(crc32(bytes));
  }

  note(at: number, party: string, text: string): void {
    this.#mix(Math.round(at * 1000));
    this.#mix(crc32(party));
    this.#mix(crc32(text));
    this.lines?.push({ at, party, text });
  }

  /** For people only. */
  tell(at: number, party: string, text: () => string): void {
    this.lines?.push({ at, party, text: text() });
  }

  #mix(word: number): void {
    this.#low = Math.imul(this.#low ^ word, 0x01000193);
    this.#high = Math.imul(this.#high ^ (this.#high >>> 15) ^ word, 0x85ebca6b) + this.#low;
  }
}
