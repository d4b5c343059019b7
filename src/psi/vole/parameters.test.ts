import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { algebraicBits, decodingBits, linearTestBits } from '../../../test/parts/lpn-estimate.ts';
import { VOLE_TABLE, voleShape } from './parameters.ts';

const wanted = VOLE_TABLE.securityBits + VOLE_TABLE.marginBits;

/** Powers of two, and between them sizes at which blocks are fewest or the code is padded most. */
const sizes = Array.from({ length: 12 }, (_, index) => 2 ** (10 + index)).flatMap((size) => {
  const fewest = VOLE_TABLE.noiseMin * 2 ** Math.floor(Math.log2(size / VOLE_TABLE.noiseMin));
  const all = [size, size + 1, Math.round(1.3 * size), fewest - 1, fewest, fewest + 1, 2 * size - 1];
  return all.filter((outputs) => outputs <= VOLE_TABLE.outputsMax);
});

describe('parameters of the VOLE', () => {
  it('give the wanted bits against every attack that is estimated, at every size', () => {
    for (const outputs of [1, 100, ...sizes]) {
      const shape = voleShape(outputs);
      const bits = {
        linear: linearTestBits(shape, VOLE_TABLE.pseudoDistance),
        decoding: decodingBits(shape),
        algebraic: algebraicBits(shape),
      };
      for (const [attack, found] of Object.entries(bits)) {
        assert.ok(found >= wanted, `${outputs} outputs, ${attack}: ${found.toFixed(1)} bits`);
      }
    }
  });

  it('are tried where there are fewest blocks', () => {
    assert.ok(sizes.some((outputs) => voleShape(outputs).noise === VOLE_TABLE.noiseMin));
  });

  it('keep the rate, and pad by less than a hundredth beyond it', () => {
    for (const outputs of sizes) {
      const { noise, depth, columns } = voleShape(outputs);
      const asked = VOLE_TABLE.columnsPerOutput * Math.max(outputs, VOLE_TABLE.codeOutputsMin);
      assert.equal(columns, noise * 2 ** depth);
      assert.ok(columns >= asked && columns <= 1.01 * asked);
      assert.ok(noise >= VOLE_TABLE.noiseMin && noise <= 2 * VOLE_TABLE.noiseMin);
    }
  });

  it('refuses buckets that it has no estimate for', () => {
    for (const outputs of [0, -1, 1.5, VOLE_TABLE.outputsMax + 1]) assert.throws(() => voleShape(outputs));
  });
});

describe('the estimate', () => {
  it('finds less noise, and instances that papers attack, too weak', () => {
    const shape = voleShape(2 ** 19);
    const weaker = { ...shape, noise: 128 };
    assert.ok(linearTestBits(weaker, VOLE_TABLE.pseudoDistance) < wanted);
    assert.ok(decodingBits({ ...weaker, noise: 100 }) < wanted);
    // Of the table of Briaud and Øygarden: 2^12 columns, dimension 1589, 98 blocks, over a large field.
    const attacked = { columns: 2 ** 12, outputs: 2 ** 12 - 1589, noise: 98 };
    assert.ok(algebraicBits(attacked) < wanted);
  });
});
