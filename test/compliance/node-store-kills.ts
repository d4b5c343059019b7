/** Nodes that are killed while they open their store and while they write, and what the next one finds. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../../src/base/system.ts';
import { openStore, type StoreOptions } from '../../src/node/store/store.ts';
import { seeded } from '../faults/seeded.ts';
import { ALICE, numbersIn } from './node-store-parts.ts';

const writer = fileURLToPath(new URL('./node-store-writer.js', import.meta.url));

/** Kills of one store before the next: tables grow, and what is read after each kill with them. */
const KILLS_OF_ONE = 10;
/** Numbers that are kept before the latest kill. */
const NUMBERS_MAX = 40;
/** A kill follows what it waits for by so much at most: in it lie the steps of opening, or of a commit. */
const OPENING_MS_MAX = 3;
const WRITING_MS_MAX = 8;
/** A writer that says nothing for so long is stuck. */
const SILENCE_MS = 30_000;

export interface Kills {
  readonly kills: number;
  /** Numbers that were said to be kept. */
  readonly acknowledged: number;
  /** Kills before the store was open. */
  readonly whileOpening: number;
  /** Kills after which more was kept than was said: the word was cut off, not the change. */
  readonly keptUnsaid: number;
}

/** @throws where something acknowledged is lost, or something half-done is there */
export async function killNodes(
  kills: number,
  seed: number,
  fresh: () => Promise<StoreOptions['place']>,
): Promise<Kills> {
  const random = seeded(seed);
  const done = { kills: 0, acknowledged: 0, whileOpening: 0, keptUnsaid: 0 };
  let place = await fresh();
  let kept = 0;
  for (; done.kills < kills; done.kills++) {
    if (done.kills % KILLS_OF_ONE === 0) [place, kept] = [await fresh(), 0];
    const isOpening = random() < 0.3;
    const awaited = isOpening ? 0 : Math.floor(random() * NUMBERS_MAX);
    const told = await killed(
      place,
      isOpening ? 'opening' : awaited,
      random() * (isOpening ? OPENING_MS_MAX : WRITING_MS_MAX),
    );
    const store = await openStore({ owner: ALICE, place, clock: systemClock });
    try {
      const now = await numbersIn(store);
      const lost = told.numbers.filter((n) => n >= now);
      assert.deepEqual(lost, [], `kill ${done.kills} of seed ${seed} has lost what was acknowledged`);
      assert.ok(now >= kept, `kill ${done.kills} of seed ${seed} has lost what the last node had found`);
      done.acknowledged += told.numbers.length;
      done.whileOpening += told.isOpen ? 0 : 1;
      done.keptUnsaid += now > kept + told.numbers.length ? 1 : 0;
      kept = now;
    } finally {
      await store.close();
    }
  }
  return done;
}

interface Told {
  readonly isOpen: boolean;
  readonly numbers: readonly number[];
}

/** Starts a writer, and kills it `delayMs` after it has said a word, or so many numbers. */
async function killed(
  place: StoreOptions['place'],
  until: 'opening' | number,
  delayMs: number,
): Promise<Told> {
  const child = spawn(process.execPath, [writer, JSON.stringify(place)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const numbers: number[] = [];
  let isOpen = false;
  const timer = setTimeout(() => child.kill('SIGKILL'), SILENCE_MS);
  try {
    const said = createInterface({ input: child.stdout });
    const hasEnded = once(said, 'close');
    const isReached = new Promise<void>((resolve) => {
      said.on('line', (word) => {
        if (word === 'open') isOpen = true;
        else if (word !== 'opening') numbers.push(Number(word));
        if (until === 'opening' ? word === 'opening' : isOpen && numbers.length >= until) resolve();
      });
    });
    await Promise.race([isReached, hasEnded.then(() => assert.fail('the writer ended by itself'))]);
    await delay(delayMs);
    await ended(child);
    await hasEnded;
    return { isOpen, numbers };
  } finally {
    clearTimeout(timer);
  }
}

async function ended(child: ChildProcess): Promise<void> {
  assert.equal(child.exitCode, null, 'the writer ended by itself');
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
}
