import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { typescriptRowKernels } from '../../src/psi/rows/row-kernels.ts';
import { wasmRowKernels } from '../../src/psi/rows/wasm-row-kernels.ts';

interface Vectors {
  readonly rows: readonly { readonly key: string; readonly input: string; readonly output: string }[];
}

const file = fileURLToPath(new URL('../../../test/vectors/blake3-keyed-rows.json', import.meta.url));
const { rows } = JSON.parse(readFileSync(file, 'utf8')) as Vectors;

it('hashes of rows are those of the reference implementation of BLAKE3', async () => {
  const wasm = await wasmRowKernels();
  assert.ok(wasm !== undefined);
  for (const kernels of [wasm, typescriptRowKernels]) {
    for (const { key, input, output } of rows) {
      for (const bytes of [64, 40, 11]) {
        const hash = kernels.hashRows(Buffer.from(key, 'hex'), Buffer.from(input, 'hex'), bytes);
        assert.equal(Buffer.from(hash).toString('hex'), output.slice(0, 2 * bytes), kernels.name);
      }
    }
    // Seven rows under one key: one batch of four, and one of three.
    const key = rows[0]?.key as string;
    const ofKey = rows.filter((row) => row.key === key);
    const inputs = Buffer.from([...ofKey, ...ofKey.slice(0, 2)].map(({ input }) => input).join(''), 'hex');
    const hashes = Buffer.from(kernels.hashRows(Buffer.from(key, 'hex'), inputs, 64)).toString('hex');
    assert.equal(hashes, [...ofKey, ...ofKey.slice(0, 2)].map(({ output }) => output).join(''));
  }
});
