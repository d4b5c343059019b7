/** A job whose task at alice writes what Privity never says to the channel between its process and its supervisor. */
import { writeSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { job, z } from 'privity';

const CHANNEL = 3;
const line = (message: unknown): void => void writeSync(CHANNEL, `${JSON.stringify(message)}\n`);
/** More than a line of the channel may have. */
const ENDLESS = 'a'.repeat(1 << 20);

/** The channel does not wait: what does not fit yet is tried again. */
function speak(text: string): void {
  for (let at = 0; at < text.length; ) {
    try {
      at += writeSync(CHANNEL, text.slice(at, at + ENDLESS.length));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
    }
  }
}

const ways: Readonly<Record<string, () => void>> = {
  nothing: () => line(null),
  'no JSON': () => void writeSync(CHANNEL, 'garbage {\n'),
  'an answer to nothing': () => line({ cmd: 'NODE_HANDLE_ACK' }),
  'a handle of an unknown kind': () => line({ cmd: 'NODE_HANDLE', type: 'none', message: {} }),
  'a command that is no text': () => line({ cmd: { toString: 1, valueOf: 1 } }),
  'a thousand at once': () => speak('{}\n'.repeat(1_000)),
  'a failure without one': () => line({ type: 'failed', failure: null }),
  'a failure of an unknown code': () =>
    line({
      type: 'failed',
      failure: { code: '__proto__', origin: 'alice', reporter: 'alice', incident: '0' },
    }),
  'a peer that is none': () => line({ type: 'diverged', peer: 'nobody', branch: '', position: 0 }),
  'a failure of a stranger': () =>
    line({
      type: 'failed',
      failure: { code: 'TASK_FAILED', origin: 'nobody', reporter: 'alice', incident: '0' },
    }),
  'news of nothing': () => line({ type: 'news', news: [null] }),
  'more values than there are words for': () =>
    speak(`{"type":"finished","result":[${'1,'.repeat(3_000_001)}1]}\n`),
  'an unknown kind': () => line({ type: 'constructor' }),
  'a line without an end': () => {
    for (let i = 0; i < 80; i++) speak(ENDLESS);
  },
};

export default job(
  { parties: ['alice', 'bob'], args: z.object({ way: z.string() }) },
  async ({ alice, args, reveal }) => {
    const done = alice.run('speak', async () => {
      ways[args.way]?.();
      await delay(20_000);
      return 1;
    });
    return { done: await reveal(done) };
  },
);
