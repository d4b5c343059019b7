/** The short form of `npm run fuzz`, and defects that it has to find. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { itLong, share } from '../effort.ts';
import { projectRoot } from '../tidy/project-files.ts';
import { decoders } from './decoders.ts';
import { DecoderFuzz, type Finding } from './fuzz-loop.ts';
import { fuzz } from './run-fuzz.ts';

const INPUTS = share(1_000);
/** What is planted has to be found by so many. */
const PLANTED_INPUTS = 1_000;
const SEED = 12;
const PLANTED = new URL('planted.js', import.meta.url).href;

const words = (findings: readonly Finding[]): string =>
  findings
    .map(({ decoder, fault, says, input }) => `${decoder}: ${fault}: ${says}\n  ${input.slice(0, 200)}`)
    .join('\n');

describe('fuzzing of decoders', () => {
  it(`finds nothing with ${INPUTS} inputs for each`, async () => {
    const { tallies, findings } = await fuzz({ seed: SEED, inputs: INPUTS });
    assert.equal(words(findings), '');
    assert.deepEqual(
      tallies.map(({ decoder }) => decoder),
      decoders.map(({ name }) => name),
    );
    for (const { decoder, inputs } of tallies) assert.equal(inputs, INPUTS, decoder);
  });

  itLong(
    'finds a size that is believed, work that grows with the square, and an error that nobody expects',
    async () => {
      const { findings } = await fuzz({ module: PLANTED, seed: SEED, inputs: PLANTED_INPUTS });
      const found = new Set(findings.map(({ decoder, fault }) => `${decoder} ${fault}`));
      assert.deepEqual([...found].sort(), ['careless throws', 'quadratic steps', 'trusting memory']);
    },
  );

  itLong('makes what it has found small', async () => {
    const { findings } = await fuzz({
      module: PLANTED,
      only: 'careless',
      seed: SEED,
      inputs: PLANTED_INPUTS,
    });
    for (const { input } of findings) assert.ok(Buffer.from(input, 'base64').length <= 4, input);
  });

  itLong('gives up on an input that has no end, and says which it is', async () => {
    const { findings } = await fuzz({
      module: PLANTED.replace('planted', 'planted-endless'),
      seed: SEED,
      inputs: 20_000,
      endlessMs: 3_000,
    });
    assert.deepEqual(
      findings.map(({ decoder, fault }) => `${decoder} ${fault}`),
      ['endless endless'],
    );
    assert.equal(
      Buffer.from(findings[0]?.input ?? '', 'base64')
        .subarray(0, 3)
        .toString(),
      'PSI',
    );
  });

  it('makes the same inputs of the same seed', async () => {
    for (const decoder of decoders.filter(({ name }) => name !== 'oblivious transfer')) {
      const [one, other] = [new DecoderFuzz(decoder, 5), new DecoderFuzz(decoder, 5)];
      for (let left = 20; left > 0; left--) assert.deepEqual(one.next(), other.next(), decoder.name);
    }
  });
});

describe('inputs that have found something', () => {
  const folder = join(projectRoot, 'test/fuzz/kept');
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.json'))) {
    it(`${file} finds nothing any more`, async () => {
      const { decoder, input } = JSON.parse(readFileSync(join(folder, file), 'utf8')) as Finding;
      const known = decoders.find(({ name }) => name === decoder);
      assert.ok(known !== undefined, `there is no decoder ${decoder}`);
      const again = new DecoderFuzz(known, SEED);
      await again.try(Buffer.from(input, 'base64'));
      assert.equal(words(again.findings), '');
    });
  }
});
