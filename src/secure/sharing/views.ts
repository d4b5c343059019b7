/**
 * Elements in another order, or a selection of them, by public positions: copied in runs of what stands together, so
 * that rows of a table cost what their memory does.
 */
import type { Kernels } from '../kernels/kernels.ts';
import type { MatrixSizes } from '../ring/matrix-dims.ts';
import { elementCount, type Shape } from '../ring/shape.ts';
import { eachPart } from './linear.ts';
import { type Arith, likewise, type Words } from './shares.ts';

/** Runs of so many words and more are copied as memory; the call costs as much as a loop over so many. */
const RUN_WORDS_MIN = 32;

/** A tensor that is a part, or a repetition, of another: from element `start` on, in these steps along each axis. */
export interface View {
  readonly shape: Shape;
  readonly strides: readonly number[];
  readonly start?: number;
}

interface Axis {
  readonly size: number;
  readonly stride: number;
}

/** Axes of one element are left out, and neighbours that are one run are one axis. Never empty. */
function axesOf({ shape, strides }: View): readonly Axis[] {
  const axes: Axis[] = [];
  for (let at = shape.length - 1; at >= 0; at--) {
    const [size, stride] = [shape[at] ?? 1, strides[at] ?? 0];
    const [inner] = axes;
    if (size === 1) continue;
    if (inner !== undefined && stride === inner.size * inner.stride)
      axes[0] = { size: size * inner.size, stride: inner.stride };
    else axes.unshift({ size, stride });
  }
  return axes.length === 0 ? [{ size: 1, stride: 1 }] : axes;
}

/** Memory of its own. */
export function copyOfView(x: Arith, view: View): Arith {
  const axes = axesOf(view);
  const copied = eachPart(
    x,
    (part, out) => copyAxes(out, 0, part, view.start ?? 0, axes),
    elementCount(view.shape),
  );
  return likewise([x], copied);
}

/** The same of public words. */
export function wordsOfView(words: Words, view: View): Words {
  const out = new BigUint64Array(elementCount(view.shape));
  copyAxes(out, 0, words, view.start ?? 0, axesOf(view));
  return out;
}

/** Gives where the next element of `out` goes. */
function copyAxes(out: Words, to: number, from: Words, start: number, axes: readonly Axis[]): number {
  const [{ size, stride }, ...inner] = axes as [Axis, ...Axis[]];
  if (inner.length === 0) {
    copyRun(out, to, from, start, size, stride);
    return to + size;
  }
  let end = copyAxes(out, to, from, start, inner);
  if (stride === 0) {
    // What is repeated is there already after the first time: twice as much each time.
    const all = to + size * (end - to);
    while (end < all) {
      const more = Math.min(end - to, all - end);
      out.copyWithin(end, to, to + more);
      end += more;
    }
    return all;
  }
  for (let i = 1; i < size; i++) end = copyAxes(out, end, from, start + i * stride, inner);
  return end;
}

function copyRun(out: Words, to: number, from: Words, start: number, count: number, stride: number): void {
  if (stride === 1 && count >= RUN_WORDS_MIN) out.set(from.subarray(start, start + count), to);
  else if (stride === 0) out.fill(from[start] as bigint, to, to + count);
  else for (let i = 0; i < count; i++) out[to + i] = from[start + i * stride] as bigint;
}

/** Of `x` as outer × size × run elements, those whose middle positions are `index`, in its order. */
export function gatherRuns(x: Arith, index: ArrayLike<number>, size: number, run: number): Arith {
  const outer = x.length / size / run;
  const gathered = eachPart(
    x,
    (part, out) => {
      let to = 0;
      for (let start = 0; start < x.length; start += size * run) {
        if (run === 1) {
          for (let i = 0; i < index.length; i++) out[to + i] = part[start + (index[i] as number)] as bigint;
          to += index.length;
          continue;
        }
        for (let i = 0; i < index.length; i++, to += run)
          copyRun(out, to, part, start + (index[i] as number) * run, run, 1);
      }
    },
    outer * index.length * run,
  );
  return likewise([x], gathered);
}

/** Tensors of outer × piece elements each, one behind the other in each of the outer rows. */
export function concatRuns(list: readonly Arith[], outer: number): Arith {
  const [first] = list as [Arith];
  const length = list.reduce((sum, x) => sum + x.length, 0);
  const row = length / outer;
  const joined = eachPart(
    first,
    (_, out, part) => {
      let behind = 0;
      for (const x of list) {
        const piece = x.length / outer;
        const from = x.parts[part] as Words;
        // Columns side by side are single words, of which each would be a call.
        if (piece === 1) for (let i = 0; i < outer; i++) out[i * row + behind] = from[i] as bigint;
        else for (let i = 0; i < outer; i++) copyRun(out, i * row + behind, from, i * piece, piece, 1);
        behind += piece;
      }
    },
    length,
  );
  return likewise(list, joined);
}

/** Each of `batch` matrices with its columns as rows. */
export function transposeEach(kernels: Kernels, x: Arith, sizes: MatrixSizes): Arith {
  return likewise(
    [x],
    eachPart(x, (part, out) => kernels.transpose(out, part, sizes)),
  );
}
