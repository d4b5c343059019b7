/** What was to be reached beside the peers, and what came out. */
import { figure } from '../secure/table.ts';
import { SAME_CURVE, SLOW_ROWS_MAX } from './systems.ts';
import { markdown, type Row, type Summary, summaryOf } from './table.ts';

type Quantity = 'wallS' | 'bytesPerId' | 'peakBytes' | 'idsPerS';

interface Target {
  readonly title: string;
  readonly protocol: string;
  readonly size: number;
  readonly of: Quantity;
  /** The ratio to it counts, where there is one: Privity's figure over the peer's; of seconds the other way round. */
  readonly peer?: string;
  readonly is: 'at least' | 'at most';
  readonly limit: number;
}

export interface Verdict {
  readonly title: string;
  readonly size: number;
  readonly target: string;
  /** The ratio, or the figure itself where there is no peer; null where it was not measured. */
  readonly reached: number | null;
  /** The same of the time inside, where the target is one of time beside a peer. */
  readonly inside?: number;
  /** The same of processor seconds, which a busy machine changes least. */
  readonly cpu?: number;
  readonly verdict: string;
}

const [MILLION, TEN_MILLION] = [1_000_000, 10_000_000];
const large = [MILLION, TEN_MILLION];

/** @param slowRows at how many rows the slow protocols ran */
function targetsFor(slowRows: number): readonly Target[] {
  const rr22 = { protocol: 'rr22', peer: 'RR22' };
  return [
    ...large.map((size) => ({
      ...{ ...rr22, size, title: "as fast as SPU's RR22", of: 'wallS' as const },
      ...{ is: 'at least' as const, limit: 2 },
    })),
    ...large.map((size) => ({
      ...{ protocol: 'rr22', size, title: 'bytes an id', of: 'bytesPerId' as const },
      ...{ is: 'at most' as const, limit: 40 },
    })),
    ...large.map((size) => ({
      ...{ ...rr22, size, title: "of the memory of SPU's RR22", of: 'peakBytes' as const },
      ...{ is: 'at most' as const, limit: 0.5 },
    })),
    {
      ...{ protocol: 'rr22', size: TEN_MILLION, title: 'ids a second', of: 'idsPerS' },
      ...{ is: 'at least', limit: 400_000 },
    },
    {
      ...{
        protocol: 'dh',
        peer: SAME_CURVE,
        size: slowRows,
        title: "as fast as SPU's ECDH, same curve and map",
      },
      ...{ of: 'wallS', is: 'at least', limit: 5 },
    },
  ];
}

const PRIVITY = 'Privity';

export function verdictsOf(rows: readonly Row[], slowRows = SLOW_ROWS_MAX): Verdict[] {
  return targetsFor(slowRows).map((target) => {
    const { title, size, is, limit, peer, protocol } = target;
    const unit = peer === undefined ? '' : '×';
    const goal = { title: `\`${protocol}\`: ${title}`, size, target: `${is} ${unit}${figure(limit)}` };
    const mine = foundIn(rows, PRIVITY, protocol, size);
    const theirs = peer === undefined ? undefined : foundIn(rows, 'SPU 0.9.5', peer, size);
    const lacking = [
      ...(mine === null ? [`${PRIVITY}'s ${protocol}`] : []),
      ...(theirs === null ? [`SPU's ${peer}`] : []),
    ];
    if (mine === null || theirs === null)
      return { ...goal, reached: null, verdict: `not measured: ${lacking.join(', ')}` };
    const reached = ratioOf(target.of, mine, theirs);
    const isMet = is === 'at least' ? reached >= limit : reached <= limit;
    const verdict = isMet ? 'met' : `missed, ×${figure(reached / limit)} of it`;
    return { ...goal, reached, ...(target.of === 'wallS' && theirs && besides(mine, theirs)), verdict };
  });
}

function besides(mine: Summary, theirs: Summary): { readonly inside: number; readonly cpu: number } {
  return { inside: theirs.insideS / mine.insideS, cpu: theirs.cpuS / mine.cpuS };
}

function foundIn(rows: readonly Row[], system: string, protocol: string, size: number): Summary | null {
  const row = rows.find((one) => one.system === system && one.protocol === protocol && one.size === size);
  return row === undefined ? null : summaryOf(row);
}

function ratioOf(of: Quantity, mine: Summary, theirs: Summary | undefined): number {
  if (theirs === undefined) return mine[of];
  return of === 'wallS' ? theirs.wallS / mine.wallS : mine[of] / theirs[of];
}

export function verdictTable(verdicts: readonly Verdict[]): string {
  const times = (value: number | undefined): string =>
    value === undefined || Number.isNaN(value) ? '–' : `×${figure(value)}`;
  const rows = verdicts.map(({ title, size, target, reached, inside, cpu, verdict }) => {
    const value = reached === null ? '–' : `${target.includes('×') ? '×' : ''}${figure(reached)}`;
    return [title, size.toLocaleString('en'), value, times(inside), times(cpu), target, verdict];
  });
  return markdown(['what', 'rows a side', 'reached', 'inside', 'CPU', 'target', 'verdict'], rows);
}
