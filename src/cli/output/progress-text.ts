/** How far a long step is, how fast it goes and how long it will still take. Pure. */
import { duration } from './quantity.ts';
import { numberText } from './value-text.ts';

/** Of one step: the first and the last that was told of it. Times in milliseconds since the epoch. */
export interface StepProgress {
  readonly first: { readonly done: number; readonly at: number };
  readonly done: number;
  readonly total: number;
  readonly at: number;
}

/** A rate over less time than that is a guess. */
export const RATE_SHOWN_FROM_MS = 2_000;

/**
 * What a step of this kind counts. Only rows all take the same time: operations of a device differ too much for an
 * estimate.
 */
const units: Readonly<Record<string, { readonly name: string; readonly isEven: boolean }>> = {
  psi: { name: 'rows', isEven: true },
  exchange: { name: 'operations', isEven: false },
};

export function progressed(
  before: StepProgress | undefined,
  done: number,
  total: number,
  at: number,
): StepProgress {
  return { first: before?.first ?? { done, at }, done, total, at };
}

/** ` 37%, 740 000 of 2 000 000 rows, 7 200 a second, 2 min 55 s left` */
export function progressText(kind: string, progress: StepProgress | undefined): string {
  if (progress === undefined || progress.total <= 0) return '';
  const { first, done, total, at } = progress;
  const percent = ` ${Math.min(100, Math.floor((100 * done) / total))}%`;
  const unit = units[kind];
  if (unit === undefined) return percent;
  const parts = [percent, `${numberText(done)} of ${numberText(total)} ${unit.name}`];
  const elapsedMs = at - first.at;
  const perMs = (done - first.done) / elapsedMs;
  if (unit.isEven && elapsedMs >= RATE_SHOWN_FROM_MS && perMs > 0) {
    parts.push(`${numberText(Math.round(perMs * 1_000))} a second`);
    // Above a second whole ones: the tenths of an estimate are noise.
    const leftMs = Math.max(0, total - done) / perMs;
    parts.push(
      `${leftMs < 1_000 ? 'under 1 s' : duration(Math.round(leftMs / 1_000) * 1_000).replace('.0 s', ' s')} left`,
    );
  }
  return parts.join(', ');
}
