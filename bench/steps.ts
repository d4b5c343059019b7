/**
 * Steps per second in real runs of two parties (four processes, mutual TLS over loopback): a chain of tasks at one
 * party, and a chain that goes from party to party, where each link is a task and a transfer. The bare figure beside
 * them is a chain of promises in the same process, the least that a scheduler in JavaScript could cost.
 */
import { fileURLToPath } from 'node:url';
import { Parties } from '../test/faults/parties.ts';
import { beside, plain } from './parts/figure.ts';

const jobFile = fileURLToPath(new URL('../../bench/jobs/chain.ts', import.meta.url));

interface Chained {
  readonly last: number;
  readonly elapsedMs: number;
}

async function chain(steps: number, across: 'yes' | 'no'): Promise<number> {
  const parties = await Parties.start({
    parties: { alice: { job: jobFile }, bob: { job: jobFile } },
    args: { steps: String(steps), across },
  });
  try {
    const { value } = await parties.get('alice').event('result');
    await parties.ended();
    const { last, elapsedMs } = value as Chained;
    if (last !== steps) throw new Error(`the chain gave ${last} instead of ${steps}`);
    return (steps / elapsedMs) * 1000;
  } finally {
    parties.dispose();
  }
}

async function bare(steps: number): Promise<number> {
  const begin = performance.now();
  let value = Promise.resolve(0);
  for (let i = 0; i < steps; i++) value = value.then((v) => v + 1);
  await value;
  return (steps / (performance.now() - begin)) * 1000;
}

const local = await chain(10_000, 'no');
const across = await chain(2_000, 'yes');
const promises = await bare(10_000);
const peer = { name: 'a bare chain of promises', measured: promises };
beside('steps at one party, a chain of tasks', local, '/s', peer);
beside('steps from party to party and back', across, '/s', peer);
plain('a task with its transfer', 1_000 / across, 'ms');
