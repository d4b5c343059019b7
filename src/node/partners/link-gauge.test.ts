import assert from 'node:assert/strict';
import { beforeEach, it } from 'node:test';
import {
  LinkGauge,
  MEASURE_EVERY_MS,
  PING_MS,
  SAMPLE_BYTES,
  SAMPLE_TAKEN_MS,
  SAMPLE_TRIES_MAX,
  SAMPLES_ANSWERED_MAX,
  speedOf,
} from './link-gauge.ts';
import type { NodeMessage } from './words.ts';

const NOON = 1_700_000_000_000;
let now = 0;
let timers: { readonly at: number; readonly callback: () => void }[] = [];
let said: NodeMessage[] = [];
let notes: string[] = [];
let gauge: LinkGauge;

/** Whatever is due within so long happens, in order. */
function pass(ms: number): void {
  const until = now + ms;
  for (;;) {
    const [first] = timers.filter(({ at }) => at <= until).sort((a, b) => a.at - b.at);
    if (first === undefined) break;
    timers = timers.filter((one) => one !== first);
    now = Math.max(now, first.at);
    first.callback();
  }
  now = until;
}

beforeEach(() => {
  [now, timers, said, notes] = [0, [], [], []];
  gauge = new LinkGauge({
    clock: {
      now: () => now,
      wallTime: () => NOON + now,
      after(ms, callback) {
        const timer = { at: now + ms, callback };
        timers.push(timer);
        const cancel = (): void => {
          timers = timers.filter((one) => one !== timer);
        };
        return { cancel };
      },
    },
    random: { bytes: (length) => new Uint8Array(length) },
    note: (payload) => void notes.push(Buffer.from(payload).toString()),
    send: (message, _body, onLeaving) => {
      said.push(message);
      onLeaving?.();
    },
  });
});

const samples = (): number => said.filter(({ kind }) => kind === 'sample').length;
/** The partner acknowledges the last sample. */
function taken(): void {
  const last = said.at(-1);
  assert.equal(last?.kind, 'sample');
  if (last?.kind === 'sample') gauge.onTaken(last.nth);
}
const pong = (): void => gauge.onNote(Buffer.from(notes.at(-1)?.replace('ping', 'pong') ?? ''));

it('takes the least round trip of the last ones, and no answer that was not asked for', () => {
  gauge.up();
  for (const ms of [9, 4, 7]) {
    pass(ms);
    pong();
    pong();
    pass(PING_MS - ms);
  }
  assert.equal(gauge.measure.roundTripMs, 4);
  for (const made of ['pong -Infinity', 'pong 1e9', 'pong', 'pong NaN', '']) gauge.onNote(Buffer.from(made));
  assert.equal(gauge.measure.roundTripMs, 4);
  for (let nth = 0; nth < 6; nth++) {
    pass(20);
    pong();
    pass(PING_MS - 20);
  }
  assert.equal(gauge.measure.roundTripMs, 20, 'what was before is forgotten');
});

it('has the speed of the faster of two samples, without the round trip, and measures it again', () => {
  gauge.up();
  now += 50;
  pong();
  assert.equal(gauge.measure.bytesPerSecond, null);
  gauge.answers();
  pass(0);
  for (const ms of [250, 60]) {
    now += ms;
    taken();
  }
  assert.deepEqual(gauge.measure, {
    roundTripMs: 50,
    bytesPerSecond: SAMPLE_BYTES / 0.01,
    measuredAt: NOON + now,
  });
  assert.equal(samples(), 2);
  pass(MEASURE_EVERY_MS);
  assert.equal(samples(), 3);
});

it('sends a sample again that nobody acknowledges, and gives up for a while', () => {
  gauge.answers();
  pass(0);
  const first = said.at(-1);
  pass(SAMPLE_TAKEN_MS);
  assert.equal(samples(), 2);
  if (first?.kind === 'sample') gauge.onTaken(first.nth);
  assert.equal(gauge.measure.bytesPerSecond, null, 'the lost one is too late');
  taken();
  now += 10;
  taken();
  assert.notEqual(gauge.measure.bytesPerSecond, null);
  const before = samples();
  pass(MEASURE_EVERY_MS + SAMPLE_TRIES_MAX * SAMPLE_TAKEN_MS + MEASURE_EVERY_MS - 1);
  assert.equal(samples(), before + SAMPLE_TRIES_MAX);
});

it('fills no link with samples that comes and goes', () => {
  for (let nth = 0; nth < 100; nth++) {
    gauge.up();
    gauge.answers();
    pass(200);
    gauge.down();
  }
  assert.equal(samples(), 1);
  gauge.answers();
  pass(SAMPLE_TAKEN_MS);
  assert.equal(samples(), 2);
});

it('answers samples of the partner, and no flood of them', () => {
  for (let nth = 1; nth <= 1_000; nth++) gauge.onSample(nth);
  assert.equal(said.length, SAMPLES_ANSWERED_MAX);
  assert.deepEqual(said[0], { kind: 'taken', nth: 1 });
  pass(60_000);
  gauge.onSample(2_000);
  assert.deepEqual(said.at(-1), { kind: 'taken', nth: 2_000 });
});

it('never makes more of a speed than the measurement can tell', () => {
  assert.equal(speedOf(1_000, 100, 40), 1_000 / 0.06);
  assert.equal(speedOf(1_000, 100, 200), 1_000 / 0.01);
  assert.equal(speedOf(1_000, 100, null), 10_000);
  assert.ok(Number.isFinite(speedOf(1_000, 0, null)));
});
