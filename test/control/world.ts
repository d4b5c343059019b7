/** Parties with keys in a folder of their own, and jobs that end as their arguments say. */
import { randomInt } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { systemClock } from '../../src/base/system.ts';
import { freePorts } from '../../src/cli/local/ports.ts';
import { formatFederation } from '../../src/config/federation-file.ts';
import { createIdentity, fingerprint } from '../../src/transport/index.ts';
import { noProcessWith } from '../cli/processes.ts';

/** Sums a number of each; `fail` and `wait` say what bob does instead. */
const JOB = `import { existsSync } from 'node:fs';
import { job, z } from 'privity';
const own = z.object({ number: z.number() });
export default job(
  { parties: ['alice', 'bob'], args: z.object({ times: z.coerce.number().default(1), fail: z.boolean().optional(), wait: z.boolean().optional() }), settings: { alice: own, bob: own } },
  async ({ alice, bob, args, reveal }) => {
    const a = alice.run('load a', ({ settings }) => settings.number);
    const b = bob.run('load b', async ({ settings }) => {
      console.log('a word of the job');
      if (args.fail) throw new Error('row 17');
      if (args.wait) await new Promise(() => setInterval(() => undefined, 1000));
      return settings.number;
    });
    return { sum: args.times * (await reveal(bob.run('add', { a: a.to(bob), b }, ({ a, b }) => a + b))) };
  },
);
`;

export interface World {
  readonly folder: string;
  readonly job: string;
  /** The party file of each. */
  readonly config: Readonly<Record<'alice' | 'bob', string>>;
  /** What the processes of this world have left; empty if nothing. Waits for the last of them. */
  left(): Promise<readonly string[]>;
  remove(): Promise<void>;
}

/** Temporary files of whatever this process starts from now on lie in the folder of the world. */
export async function world(): Promise<World> {
  const folder = await mkdtemp(join(tmpdir(), 'privity-control-'));
  const outer = process.env.TMPDIR;
  const temp = join(folder, 'tmp');
  await mkdir(temp);
  process.env.TMPDIR = temp;
  const ports = await freePorts('127.0.0.1', 2, (below) => randomInt(below));
  const members = await Promise.all(
    (['alice', 'bob'] as const).map(async (party, index) => {
      const { certPem, keyPem } = await createIdentity({ party, clock: systemClock });
      await mkdir(join(folder, party));
      await writeFile(join(folder, party, 'cert.pem'), certPem);
      await writeFile(join(folder, party, 'key.pem'), keyPem, { mode: 0o600 });
      const words = { party, federation: '../federation.yaml', key: 'key.pem', certificate: 'cert.pem' };
      await writeFile(join(folder, party, 'party.yaml'), stringify(words));
      return { name: party, host: '127.0.0.1', port: ports[index] ?? 0, fingerprint: fingerprint(certPem) };
    }),
  );
  await writeFile(join(folder, 'federation.yaml'), formatFederation({ name: 'control', parties: members }));
  const job = join(folder, 'job.ts');
  await writeFile(job, JOB);
  return {
    folder,
    job,
    config: { alice: join(folder, 'alice/party.yaml'), bob: join(folder, 'bob/party.yaml') },
    async left() {
      await noProcessWith(folder);
      return readdir(temp);
    },
    async remove() {
      if (outer === undefined) delete process.env.TMPDIR;
      else process.env.TMPDIR = outer;
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
