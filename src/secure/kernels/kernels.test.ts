import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { itLong, shareOf } from '../../../test/effort.ts';
import { signOrder } from '../protocols/circuits.ts';
import type { Words } from '../sharing/shares.ts';
import { CHUNK_WORDS, type Kernels, packedWords, type WordSource } from './kernels.ts';
import { typescriptKernels } from './typescript.ts';
import { wasmKernels } from './wasm.ts';

const edges = [0n, 1n, 2n, 2n ** 32n - 1n, 2n ** 32n, 2n ** 63n - 1n, 2n ** 63n, 2n ** 64n - 1n];
const random = (count: number): Words => {
  const words = new BigUint64Array(new Uint8Array(randomBytes(8 * count)).buffer);
  // Every pair of edge values meets somewhere, at different places in each operand.
  for (let i = 0; i < count && i < edges.length ** 2; i++)
    if (i % 3 === 0) words[i] = edges[(i * 5) % 8] as bigint;
  return words;
};
/** Gives the same words to both implementations, however they cut them. */
const source = (words: Words): WordSource => {
  let at = 0;
  return {
    next(count) {
      at += count;
      return words.slice(at - count, at);
    },
  };
};
/** Around what could be a border: words of a plane, of a vector instruction, of a piece. */
const lengths = [
  1,
  2,
  3,
  63,
  64,
  65,
  130,
  CHUNK_WORDS - 1,
  CHUNK_WORDS,
  CHUNK_WORDS + 1,
  2 * CHUNK_WORDS + 77,
];

describe('kernels: WebAssembly and TypeScript', () => {
  let wasm: Kernels;
  before(async () => {
    const found = await wasmKernels();
    assert.ok(found, 'the compiled kernels are not there');
    wasm = found;
  });
  const agree = (count: number, work: (kernels: Kernels, out: Words) => void): void => {
    const [one, other] = [new BigUint64Array(count), new BigUint64Array(count)];
    work(typescriptKernels, one);
    work(wasm, other);
    assert.deepEqual(other, one);
  };

  for (const length of shareOf(lengths, 6)) {
    it(`give the same for ${length} words`, () => {
      const [a, b, c, d, e, f] = Array.from({ length: 6 }, () => random(length)) as [
        Words,
        Words,
        Words,
        Words,
        Words,
        Words,
      ];
      for (const name of ['add', 'sub', 'mul', 'xor', 'and'] as const)
        agree(length, (k, out) => k[name](out, a, b));
      agree(length, (k, out) => k.affine(out, a, 2n ** 64n - 3n, 2n ** 63n + 5n));
      for (const by of [0, 1, 18, 32, 63]) {
        agree(length, (k, out) => k.shiftLeft(out, a, by));
        agree(length, (k, out) => k.shiftRight(out, a, by));
      }
      for (const name of ['addRandom', 'subRandom', 'xorRandom'] as const) {
        agree(length, (k, out) => {
          out.set(a);
          k[name](out, source(b));
        });
      }
      agree(length, (k, out) => k.rep3Mul(out, a, b, c, d, source(e), source(f)));
      agree(length, (k, out) => k.rep3Mul(out, a, b, c, d, undefined, undefined));
      agree(length, (k, out) => k.rep3And(out, a, b, c, d, source(e), source(f)));
      const perPlane = Math.ceil(length / 64);
      for (const order of [undefined, signOrder, Uint8Array.of(5), Uint8Array.of(0, 1, 2, 40)]) {
        agree((order?.length ?? 64) * perPlane, (k, out) => k.toPlanes(out, a, order));
      }
      for (const width of [1, 2, 45, 64]) {
        const planes = random(width * perPlane);
        agree(length, (k, out) => k.fromPlanes(out, planes, width));
      }
      for (const width of [1, 7, 18, 32, 62, 63]) {
        agree(packedWords(length, width), (k, out) => k.pack(out, a, width));
        const packed = random(packedWords(length, width));
        agree(length, (k, out) => k.unpack(out, packed, width));
      }
    });
  }

  it('give the same in the steps of truncation', () => {
    for (const length of shareOf(lengths, 6)) {
      const [a, b, c, d] = [random(length), random(length), random(length), random(length)] as const;
      agree(length, (k, out) => k.truncMask(out, a, 2n ** 62n, source(b)));
      agree(length, (k, out) => k.truncNegated(out, a, source(b), source(c)));
      for (const by of [1, 18, 33, 62]) {
        const [p, q] = [random(packedWords(length, by)), random(packedWords(length, by))] as const;
        agree(packedWords(length, by), (k, out) => k.truncWrap(out, a, b, p, q, by));
        agree(length, (k, out) => k.truncCommon(out, a, b, p, q, by, (2n ** 62n) >> BigInt(by)));
        agree(length, (k, out) => k.truncEdge(out, a, p, by));
        agree(length + packedWords(length, by), (k, out) =>
          k.truncDeal(out.subarray(0, length), out.subarray(length), c, d, p, by),
        );
      }
    }
  });

  it('do not mind where the result goes', () => {
    const [a, b] = [random(100), random(100)];
    const want = new BigUint64Array(100);
    typescriptKernels.sub(want, a, b);
    for (const kernels of [typescriptKernels, wasm]) {
      const into = b.slice();
      kernels.sub(into, a, into);
      assert.deepEqual(into, want);
    }
  });

  it('packing and unpacking, and planes and back, change nothing', () => {
    const a = random(1000);
    for (const kernels of [typescriptKernels, wasm]) {
      const packed = new BigUint64Array(packedWords(1000, 45));
      const back = new BigUint64Array(1000);
      kernels.pack(packed, a, 45);
      kernels.unpack(back, packed, 45);
      assert.deepEqual(
        back,
        a.map((word) => word & (2n ** 45n - 1n)),
      );
      const planes = new BigUint64Array(64 * 16);
      kernels.toPlanes(planes, a);
      kernels.fromPlanes(back, planes, 64);
      assert.deepEqual(back, a);
      assert.equal(((planes[3 * 16 + 2] ?? 0n) >> 7n) & 1n, ((a[2 * 64 + 7] ?? 0n) >> 3n) & 1n);
    }
  });

  for (const [batch, rows, inner, columns] of [
    [1, 1, 1, 1],
    [2, 3, 5, 7],
    [1, 4, 4, 4],
    [1, 5, 1, 6],
    [3, 2, 9, 1],
    [1, 1, 1100, 9],
    [1, 3, 2, 1500],
    [1, 2100, 3, 2],
    [1, 1100, 1030, 2],
    [1, 1030, 1100, 5],
  ] as const) {
    it(`multiply matrices ${batch} × ${rows} × ${inner} × ${columns}`, () => {
      const dims = { batch, rows, inner, columns };
      const [x, y] = [random(batch * rows * inner), random(batch * inner * columns)];
      const before = random(batch * rows * columns);
      agree(batch * rows * columns, (k, out) => k.matmul(out, x, y, dims, false));
      agree(batch * rows * columns, (k, out) => {
        out.set(before);
        k.matmul(out, x, y, dims, true);
      });
      for (const [transposeLeft, transposeRight] of [
        [true, false],
        [false, true],
        [true, true],
      ] as const) {
        const turned = (words: Words, height: number, width: number): Words => {
          const out = new BigUint64Array(words.length);
          typescriptKernels.transpose(out, words, { batch, rows: height, columns: width });
          return out;
        };
        const [left, right] = [
          transposeLeft ? turned(x, rows, inner) : x,
          transposeRight ? turned(y, inner, columns) : y,
        ];
        const want = new BigUint64Array(before.length);
        typescriptKernels.matmul(want, x, y, dims, false);
        for (const kernels of [typescriptKernels, wasm]) {
          const out = new BigUint64Array(before.length);
          kernels.matmul(out, left, right, { ...dims, transposeLeft, transposeRight }, false);
          assert.deepEqual(out, want);
        }
      }
    });
  }

  it('transpose matrices, of more and fewer columns than are transposed at once', () => {
    for (const [batch, rows, columns] of [
      [1, 1, 5],
      [1, 5, 1],
      [3, 2, 3],
      [2, 9, 17],
      [1, 400, 50],
      [1, 129, 300],
      [1, 3, CHUNK_WORDS + 7],
      [1, CHUNK_WORDS + 7, 3],
    ] as const) {
      const x = random(batch * rows * columns);
      agree(x.length, (k, out) => k.transpose(out, x, { batch, rows, columns }));
      const last = new BigUint64Array(x.length);
      wasm.transpose(last, x, { batch, rows, columns });
      assert.equal(last[rows > 1 ? 1 : 0], x[rows > 1 ? columns : 0]);
    }
  });
});

describe('the compiled kernels', () => {
  const folder = mkdtempSync(join(tmpdir(), 'privity-kernels-'));
  after(() => rmSync(folder, { recursive: true, force: true }));

  interface Script {
    buildKernels(target: string, source: string): { ok: boolean; output: string };
    sourcesOf(source: string): ReadonlySet<string>;
  }
  const root = new URL('../../../../', import.meta.url);
  const script = async (): Promise<Script> =>
    (await import(pathToFileURL(join(root.pathname, 'scripts/kernels.mjs')).href)) as Script;

  it('are built again when a file that they import has changed', async () => {
    const { sourcesOf } = await script();
    const parts = ['psi', 'psi-blake3', 'psi-okvs', 'psi-tags'];
    assert.deepEqual(
      [...sourcesOf('kernels/psi.ts')],
      parts.map((part) => `kernels/${part}.ts`),
    );
  });

  itLong('are the same bytes, whenever they are built', async () => {
    const { buildKernels } = await script();
    const digest = (path: string | URL): string =>
      createHash('sha256').update(readFileSync(path)).digest('hex');
    for (const [file, source] of [
      ['secure/kernels/ring.wasm', 'kernels/ring.ts'],
      ['secure/correlation/ot.wasm', 'kernels/ot.ts'],
      ['psi/rows/psi.wasm', 'kernels/psi.ts'],
    ] as const) {
      const again = join(folder, file);
      const result = buildKernels(again, source);
      assert.ok(result.ok, result.output);
      assert.equal(digest(again), digest(new URL(`dist/src/${file}`, root)));
    }
  });
});
