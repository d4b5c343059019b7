/** Both parties of a silent VOLE in one process. */
import { systemRandom } from '../../src/base/system.ts';
import type { Random } from '../../src/contracts/random.ts';
import { multiply } from '../../src/psi/vole/gf128.ts';
import { ELEMENT_BYTES, voleShape } from '../../src/psi/vole/parameters.ts';
import type { VoleSeeds } from '../../src/psi/vole/seeds.ts';
import { VoleSetupReceiver, VoleSetupSender } from '../../src/psi/vole/setup.ts';
import { VoleReceiver, VoleSender } from '../../src/psi/vole/vole.ts';
import type { VoleKernels } from '../../src/psi/vole/vole-kernel-types.ts';
import { typescriptOtKernels } from '../../src/secure/correlation/ot-kernels.ts';

export async function setUp(
  random: Random = systemRandom,
): Promise<{ readonly receiver: VoleSeeds; readonly sender: VoleSeeds }> {
  const context = new TextEncoder().encode('a run');
  const receiver = await VoleSetupReceiver.open(random, context);
  const sender = await VoleSetupSender.open(random, context, receiver.opening);
  const { seeds, trees } = receiver.finish(sender.answer);
  return { receiver: seeds, sender: sender.finish(trees) };
}

export interface BucketRun {
  readonly a: Uint8Array;
  readonly b: Uint8Array;
  readonly c: Uint8Array;
  readonly delta: Uint8Array;
  readonly first: Uint8Array;
  readonly second: Uint8Array;
}

/** One bucket; `change` may spoil the sender's message. The kernels of both parties are different memory. */
export async function runBucket(
  seeds: { readonly receiver: VoleSeeds; readonly sender: VoleSeeds },
  bucket: number,
  outputs: number,
  kernels: readonly [VoleKernels, VoleKernels],
  change: (second: Uint8Array) => void = () => {},
): Promise<BucketRun> {
  const shape = voleShape(outputs);
  const otKernels = typescriptOtKernels;
  const receiver = new VoleReceiver({
    shape,
    seeds: seeds.receiver.fork(bucket),
    kernels: kernels[0],
    otKernels,
  });
  const sender = new VoleSender(
    { shape, seeds: seeds.sender.fork(bucket), kernels: kernels[1], otKernels },
    systemRandom,
  );
  const second = sender.answer(receiver.first);
  const b = sender.expand();
  const delta = sender.delta.slice();
  change(second);
  const { a, c } = receiver.finish(second);
  sender.destroy();
  return { a, b, c, delta, first: receiver.first, second };
}

/** The first output at which c is not b + delta·a, every `step`-th looked at. */
export function firstFalse({ a, b, c, delta }: BucketRun, step = 1): number | undefined {
  for (let at = 0; at < a.byteLength; at += step * ELEMENT_BYTES) {
    const product = multiply(a.subarray(at, at + ELEMENT_BYTES), delta);
    for (let byte = 0; byte < ELEMENT_BYTES; byte++) {
      if (c[at + byte] !== ((b[at + byte] as number) ^ (product[byte] as number))) return at / ELEMENT_BYTES;
    }
  }
  return undefined;
}
