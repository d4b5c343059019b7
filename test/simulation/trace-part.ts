/** One process's answer to what a seed makes of a job: prints the hash of the whole trace of some seeds. */
import { createHash } from 'node:crypto';
import { replay } from '../../src/testing/index.ts';

const [job = '', ...seeds] = process.argv.slice(2);
const hash = createHash('sha256');
for (const seed of seeds.map(Number)) {
  const { run } = await replay({ job, seed });
  hash.update(JSON.stringify([run.digest, run.timeline, run.plan]));
}
console.log(hash.digest('hex'));
