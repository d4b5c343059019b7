/**
 * From something that breaks a promise to the least that breaks it still. `simpler` yields candidates one by one, and
 * is told of each whether it breaks the promise, too: then it goes on from that one.
 */
export async function shrink<T>(
  start: T,
  simpler: (start: T) => Generator<T, void, boolean>,
  breaks: (candidate: T) => boolean | Promise<boolean>,
  trialsMax: number,
): Promise<T> {
  const candidates = simpler(start);
  let best = start;
  let isTaken = false;
  for (let trials = 0; trials < trialsMax; trials++) {
    const { done, value } = candidates.next(isTaken);
    if (done) break;
    isTaken = await breaks(value);
    if (isTaken) best = value;
  }
  return best;
}
