/**
 * GF(2^128) as polynomials over GF(2) modulo x^128 + x^7 + x^2 + x + 1. An element is 16 bytes, little-endian in bytes
 * and bits: bit j of byte i is the coefficient of x^(8i + j). (GCM uses the same polynomial and reads the bits of a
 * byte the other way round.)
 */
import { ELEMENT_BYTES } from './parameters.ts';

/** x^128 reduced: x^7 + x^2 + x + 1. */
export const REDUCTION = 0x87;

const WORDS = ELEMENT_BYTES / 4;

/** Table of a fixed factor: for each byte of the other factor 256 products. */
export const FACTOR_TABLE_BYTES = ELEMENT_BYTES * 256 * ELEMENT_BYTES;

/** From here on views of words cost less than they save. */
const WORDS_FROM_BYTES = 256;

/** Adds elements to as many others. */
export function addInto(target: Uint8Array, other: Uint8Array): void {
  const areWords = target.byteOffset % 4 === 0 && other.byteOffset % 4 === 0;
  const words = areWords && target.length >= WORDS_FROM_BYTES ? Math.floor(target.length / 4) : 0;
  const into = words === 0 ? NO_WORDS : new Uint32Array(target.buffer, target.byteOffset, words);
  const from = words === 0 ? NO_WORDS : new Uint32Array(other.buffer, other.byteOffset, words);
  for (let at = 0; at < words; at++) into[at] = (into[at] as number) ^ (from[at] as number);
  for (let at = 4 * words; at < target.length; at++)
    target[at] = (target[at] as number) ^ (other[at] as number);
}
const NO_WORDS = new Uint32Array();

/** Multiplies the element at word `at` by x, without a branch on it. */
export function timesX(words: Uint32Array, at: number): void {
  let carry = -((words[at + WORDS - 1] as number) >>> 31) & REDUCTION;
  for (let word = at; word < at + WORDS; word++) {
    const before = words[word] as number;
    words[word] = (before << 1) ^ carry;
    carry = before >>> 31;
  }
}

/**
 * The product, bit by bit: what the others are held against, and enough for a few. In time that tells nothing of x, y.
 */
export function multiply(x: Uint8Array, y: Uint8Array): Uint8Array {
  const product = new Uint8Array(ELEMENT_BYTES);
  const moved = new Uint8Array(x);
  const words = new Uint32Array(moved.buffer);
  for (let bit = 0; bit < 8 * ELEMENT_BYTES; bit++) {
    const mask = -(((y[bit >> 3] as number) >> (bit & 7)) & 1);
    for (let at = 0; at < ELEMENT_BYTES; at++) {
      product[at] = (product[at] as number) ^ ((moved[at] as number) & mask);
    }
    timesX(words, 0);
  }
  words.fill(0);
  return product;
}

/**
 * The products of a factor with every byte at every place: element 256·i + v is factor · v · x^(8i). Reading it at
 * places that the other factor gives leaves traces in the caches of this machine, not in messages.
 */
export function factorTable(factor: Uint8Array): Uint32Array {
  const table = new Uint32Array(FACTOR_TABLE_BYTES / 4);
  const power = new Uint32Array(new Uint8Array(factor).buffer);
  for (let place = 0; place < ELEMENT_BYTES; place++) {
    const start = place * 256 * WORDS;
    for (let bit = 0; bit < 8; bit++) {
      const half = WORDS << bit;
      for (let at = 0; at < half; at++) {
        table[start + half + at] = (table[start + at] as number) ^ (power[at % WORDS] as number);
      }
      timesX(power, 0);
    }
  }
  power.fill(0);
  return table;
}
