/** How a party's program process is ended after the verdict. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { deferred } from '../../base/deferred.ts';
import type { Outcome } from '../../coordination/types.ts';
import type { RunEventBody } from '../../observe/events.ts';
import type { FromProgram, ToProgram } from '../seam/ipc.ts';
import type { ProgramChild, ProgramHandlers } from '../seam/platform.ts';
import type { ProgramExit } from '../seam/program-exit.ts';
import { ProgramLife, type ProgramLifeOptions } from './program-life.ts';

const outcome: Outcome = { result: 'failed', failure: null, attached: [], digest: 'd' };
const KILLED: ProgramExit = { code: null, signal: 'SIGKILL', outOfMemory: false };

/** A program of which nothing is real; its grace period ends when `graceOver` is called. */
async function program(...says: readonly FromProgram['type'][]) {
  const exited = deferred<ProgramExit>();
  const told: RunEventBody[] = [];
  const sent: ToProgram['type'][] = [];
  let graceOver = (): void => undefined;
  const nothing = (): void => undefined;
  const options = {
    platform: {
      clock: {
        now: () => 0,
        wallTime: () => 0,
        after: (ms: number, callback: () => void) => {
          if (ms === 2_000) graceOver = callback;
          return { cancel: nothing };
        },
      },
      hold: () => ({ cancel: nothing }),
      defaultMemoryMax: () => undefined,
      spawnProgram: (_cwd: string, _temp: string, handlers: ProgramHandlers) => {
        for (const type of says)
          handlers.onMessage({ type, failure: {}, facts: {} } as unknown as FromProgram);
        const end = (exit: ProgramExit): void => {
          handlers.onExit(exit);
          exited.resolve(exit);
        };
        return Promise.resolve({
          pid: 7,
          exited: exited.promise,
          send: ({ type }: ToProgram) => void sent.push(type),
          killTree: () => end(KILLED),
          treeGone: () => Promise.resolve([]),
          memory: () => undefined,
        });
      },
    },
    party: { jobFile: '/job.ts', party: 'alice' },
    parties: ['alice', 'bob'],
    bounds: { graceMs: 2_000, loadMs: 30_000, stepDeadlineMs: 1_000 },
    record: { hold: nothing },
    recorder: { kindOf: nothing, nameOf: nothing },
    chronicle: { note: nothing },
    say: {
      emit: (event: RunEventBody) => void told.push(event),
      warn: (message: string) => void told.push({ event: 'log', level: 'warn', message }),
      awaitDetail: nothing,
      failuresAwaited: nothing,
    },
    own: { failed: nothing },
    dispatch: nothing,
    loaded: nothing,
  } as unknown as ProgramLifeOptions<ProgramChild>;
  const life = new ProgramLife(options);
  await life.start('/tmp/x');
  life.over({ peers: [], config: { parties: [] } } as never);
  const exit = (): RunEventBody | undefined => told.find(({ event }) => event === 'process.exited');
  const warned = (): boolean => told.some(({ event }) => event === 'log');
  return { life, sent, exit, warned, graceOver: () => graceOver() };
}

describe('a program after the verdict', () => {
  for (const word of ['loaded', 'failed'] as const) {
    it(`that has said "${word}" has the grace period for what it still has to do and to tell`, async () => {
      const { life, sent, exit, warned, graceOver } = await program(word);
      const ended = life.end(outcome);
      assert.deepEqual([sent.at(-1), exit()], ['abort', undefined]);
      graceOver();
      await ended;
      assert.equal(warned(), true);
    });
  }
});
