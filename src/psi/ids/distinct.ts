/**
 * How many different ids there are, without a second pass over their texts. A table of all ids would be hit at random
 * in memory far larger than the caches: so ids are taken in passes, each with those of one range of their first bits.
 */
import { invariant } from '../../base/errors.ts';
import { nextTurn } from '../../base/turn.ts';
import { ID_BYTES } from '../protocols/protocol.ts';

/** Ids of one pass, about: their table takes 16 MiB, and the time of reading all ids once more is small beside it. */
const PASS_IDS = 2 ** 20;
/** Twice what comes into a pass: the ids are digests, so that passes are of nearly one size. */
const SLOTS_PER_ID = 2;

/** Ids that are looked at before other work of the process gets a turn: some 5 ms. */
const IDS_PER_TURN = 2 ** 16;

const WORDS = ID_BYTES / Uint32Array.BYTES_PER_ELEMENT;

/** Cost: some 60 ns an id, and 16 MiB. */
export async function distinctIds(
  ids: Uint8Array,
  signal: AbortSignal,
  passIds = PASS_IDS,
): Promise<{ readonly rows: number; readonly distinct: number }> {
  const words = new Uint32Array(ids.buffer, ids.byteOffset, ids.byteLength / Uint32Array.BYTES_PER_ELEMENT);
  const rows = words.length / WORDS;
  let passBits = 0;
  while (rows / 2 ** passBits > passIds) passBits++;
  const table = new IdTable(words, Math.ceil(rows / 2 ** passBits));
  for (let pass = 0; pass < 2 ** passBits; pass++) {
    table.begin();
    for (let first = 0; first < rows; first += IDS_PER_TURN) {
      table.addAll(first, Math.min(rows, first + IDS_PER_TURN), passBits, pass);
      await nextTurn(signal);
    }
  }
  table.begin();
  return { rows, distinct: table.distinct };
}

/** Open addressing: a slot has a word of the id, and its row and one; 0: none. */
class IdTable {
  distinct = 0;
  #taken = 0;
  readonly #words: Uint32Array;
  readonly #mask: number;
  readonly #slots: Uint32Array;

  constructor(words: Uint32Array, ids: number) {
    let slots = 16;
    while (slots < SLOTS_PER_ID * ids) slots *= 2;
    this.#words = words;
    this.#mask = slots - 1;
    this.#slots = new Uint32Array(2 * slots);
  }

  begin(): void {
    this.#slots.fill(0);
    this.#taken = 0;
  }

  /** Those of the pass: the ids whose first word begins with its bits. */
  addAll(first: number, end: number, passBits: number, pass: number): void {
    const words = this.#words;
    for (let row = first; row < end; row++) {
      const word = words[WORDS * row] as number;
      if (passBits === 0 || word >>> (32 - passBits) === pass) this.#add(row);
    }
  }

  #add(row: number): void {
    const words = this.#words;
    const word = words[WORDS * row + 2] as number;
    for (let slot = (words[WORDS * row + 1] as number) & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const kept = this.#slots[2 * slot + 1] as number;
      if (kept === 0) {
        this.#slots[2 * slot] = word;
        this.#slots[2 * slot + 1] = row + 1;
        this.distinct++;
        invariant(++this.#taken < this.#mask, 'digests that all begin alike');
        return;
      }
      if (this.#slots[2 * slot] === word && this.#areSame(kept - 1, row)) return;
    }
  }

  #areSame(one: number, other: number): boolean {
    const words = this.#words;
    for (let at = 0; at < WORDS; at++)
      if (words[WORDS * one + at] !== words[WORDS * other + at]) return false;
    return true;
  }
}
