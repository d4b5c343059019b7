/** One member of bench/secure.ts: does what its parent tells it to. */
import { writeFileSync } from 'node:fs';
import { Session as Inspector } from 'node:inspector/promises';
import { join } from 'node:path';
import { systemRandom } from '../src/base/system.ts';
import * as ops from '../src/secure/ops/index.ts';
import type { SecretTensor } from '../src/secure/secret.ts';
import { createSession, type Evaluator, type Session } from '../src/secure/session.ts';
import { type Credentials, listenLinks, listenTcp, type Place } from './secure-links.ts';
import { works } from './secure-work.ts';

const rank = Number(process.argv[2]);

/** Where processor profiles of what is measured go, if anywhere. */
const PROFILE = process.env.PRIVITY_BENCH_SECURE_PROFILE;

let place: Place | undefined;
let session: Session | undefined;

/** Inputs of the operation that is measured, shared once. */
let inputs: { readonly index: number; readonly x: SecretTensor; readonly y: SecretTensor } | undefined;

async function inputsOf(on: Evaluator, index: number, elements: number) {
  if (inputs?.index === index) return inputs;
  inputs = undefined;
  const share = (from: number): Promise<SecretTensor> => {
    const options = { owner: 0, dtype: 'fixed', shape: [elements] } as const;
    const values = Float64Array.from({ length: rank === 0 ? elements : 0 }, (_, i) => from + (i % 97) / 7);
    return ops.share(on, options, rank === 0 ? values : undefined);
  };
  inputs = { index, x: await share(-3), y: await share(1) };
  return inputs;
}

async function run(index: number): Promise<object> {
  const work = works[index];
  if (session === undefined || work === undefined) throw new Error('there is no such work');
  return session.run(async (on) => {
    const { x, y } = await inputsOf(on, index, work.elements);
    // All begin together.
    await ops.reveal(on, ops.slice(on, x, 0, 1));
    const profile = await profiler();
    const before = on.session.report();
    const [started, cpu] = [performance.now(), process.cpuUsage()];
    await work.run(on, x, y);
    const seconds = (performance.now() - started) / 1000;
    const { user, system } = process.cpuUsage(cpu);
    const after = on.session.report();
    await profile?.(`${work.name.replaceAll(/[^a-z]/g, '')}-${rank}-${Date.now()}`);
    return {
      seconds,
      cpuSeconds: (user + system) / 1e6,
      rounds: after.rounds - before.rounds,
      bytes: after.bytesSent - before.bytesSent,
    };
  });
}

/** Begins a profile; what it gives ends it and writes it down. */
async function profiler(): Promise<((name: string) => Promise<void>) | undefined> {
  if (PROFILE === undefined) return undefined;
  const inspector = new Inspector();
  inspector.connect();
  await inspector.post('Profiler.enable');
  await inspector.post('Profiler.start');
  return async (name) => {
    const { profile } = await inspector.post('Profiler.stop');
    writeFileSync(join(PROFILE, `${name}.cpuprofile`), JSON.stringify(profile));
    inspector.disconnect();
  };
}

export interface Command {
  readonly do: 'listen' | 'connect' | 'run';
  /** To listen: over mutual TLS, otherwise over bare TCP. By rank. */
  readonly credentials?: readonly Credentials[] | undefined;
  readonly ports?: readonly number[];
  readonly index?: number;
}

async function obey({ do: what, credentials, ports, index }: Command): Promise<object> {
  if (what === 'run') return run(index ?? 0);
  if (what === 'listen') {
    const own = credentials?.[rank];
    place = await (own ? listenLinks(rank, own) : listenTcp(rank));
    return { port: place.port };
  }
  const channel = await place?.connect(ports ?? []);
  if (channel === undefined) throw new Error('a member connects before it listens');
  session = await createSession('rep3', channel, systemRandom);
  return { ready: true };
}

process.on('message', (command: Command) => {
  obey(command).then(
    (answer) => process.send?.(answer),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
});
process.once('disconnect', () => process.exit(0));
