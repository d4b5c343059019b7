/** What works on buckets in one thread: the kernels, and the memory that they have for themselves. */
import type { OtKernels } from '../../../secure/correlation/ot-kernel-types.ts';
import { loadOtKernels } from '../../../secure/correlation/ot-kernels.ts';
import type { RowKernels } from '../../rows/row-kernel-types.ts';
import { loadRowKernels } from '../../rows/row-kernels.ts';
import { addInto, FACTOR_TABLE_BYTES, factorTable } from '../../vole/gf128.ts';
import type { VoleShape } from '../../vole/parameters.ts';
import { VoleSeeds } from '../../vole/seeds.ts';
import { VoleReceiver, VoleSender, type VoleTools } from '../../vole/vole.ts';
import type { VoleKernels } from '../../vole/vole-kernel-types.ts';
import { loadVoleKernels } from '../../vole/vole-kernels.ts';
import type { OprfKey } from './oprf.ts';
import { seededRandom } from './seeded-random.ts';
import { SEED_BYTES } from './sizes.ts';

/** Bytes of elements that are multiplied in one call. */
const PRODUCT_BYTES = 1024 * 1024;

/** What a vector OLE has to know of its bucket. */
export interface VoleBucket {
  readonly number: number;
  readonly sizes: { readonly vole: VoleShape };
}

export class Lane {
  readonly rows: RowKernels;
  readonly #vole: VoleKernels;
  readonly #ots: OtKernels;

  private constructor(rows: RowKernels, vole: VoleKernels, ots: OtKernels) {
    this.rows = rows;
    this.#vole = vole;
    this.#ots = ots;
  }

  static async open(): Promise<Lane> {
    return new Lane(await loadRowKernels(), await loadVoleKernels(), await loadOtKernels());
  }

  /** The same from the same seeds: what it draws comes from them. */
  voleReceiver(input: VoleBucket, transfers: Uint8Array): VoleReceiver {
    return new VoleReceiver(this.#tools(input, transfers));
  }

  voleSender(input: VoleBucket, transfers: Uint8Array, seed: Uint8Array): VoleSender {
    return new VoleSender(this.#tools(input, transfers), seededRandom(seed, 'vole'));
  }

  /** The function that the receiver's vector, a seed and an encoding, leaves at the sender. */
  oprfSender(
    { delta, kept }: { readonly delta: Uint8Array; readonly kept: Uint8Array },
    vector: Uint8Array,
  ): OprfKey {
    const sums = this.times(delta, vector.subarray(SEED_BYTES));
    addInto(sums, kept);
    return {
      seed: vector.subarray(0, SEED_BYTES),
      vector: sums,
      times: (values) => this.times(delta, values),
    };
  }

  /** factor · x for each element x. */
  times(factor: Uint8Array, elements: Uint8Array): Uint8Array {
    const table = factorTable(factor);
    const tableAt = this.#vole.start;
    const elementsAt = tableAt + FACTOR_TABLE_BYTES;
    const productsAt = elementsAt + PRODUCT_BYTES;
    this.#vole.reserve(productsAt + PRODUCT_BYTES);
    const bytes = this.#vole.bytes();
    bytes.set(new Uint8Array(table.buffer), tableAt);
    const products = new Uint8Array(elements.byteLength);
    for (let at = 0; at < elements.byteLength; at += PRODUCT_BYTES) {
      const some = elements.subarray(at, at + PRODUCT_BYTES);
      bytes.set(some, elementsAt);
      bytes.fill(0, productsAt, productsAt + some.byteLength);
      this.#vole.multiplyAdd(productsAt, elementsAt, some.byteLength / 16, tableAt);
      products.set(bytes.subarray(productsAt, productsAt + some.byteLength), at);
    }
    table.fill(0);
    bytes.fill(0, tableAt, productsAt + PRODUCT_BYTES);
    return products;
  }

  #tools({ number, sizes }: VoleBucket, transfers: Uint8Array): VoleTools {
    const seeds = VoleSeeds.decode(transfers);
    const forked = seeds.fork(number);
    seeds.destroy();
    return { shape: sizes.vole, seeds: forked, kernels: this.#vole, otKernels: this.#ots };
  }
}
