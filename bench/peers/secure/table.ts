/** What was measured, as Markdown. */
import { type Operation, operations, TARGET_ELEMENTS } from './operations.ts';
import type { Measured } from './systems.ts';
import type { SocketCost } from './tls-cost.ts';

export interface Row extends Measured {
  readonly system: string;
}

export function tableOf(rows: readonly Row[]): string {
  const lines = [
    '| operation | size | system | units a second | rounds | MB on the wire | CPU seconds | off by |',
    '| --- | ---: | --- | ---: | ---: | ---: | ---: | ---: |',
  ];
  for (const { name, title, units } of operations) {
    const sizes = new Set(rows.filter(({ op }) => op === name).map(({ size }) => size));
    for (const size of [...sizes].sort((a, b) => a - b)) {
      for (const row of rows.filter((one) => one.op === name && one.size === size)) {
        const cells = [
          ...[
            title,
            size.toLocaleString('en'),
            row.system,
            figure(units(size) / row.seconds),
            row.rounds ?? '–',
          ],
          ...[
            figure(row.bytes / 1e6),
            figure(row.cpu),
            row.error === null ? '–' : row.error.toExponential(0),
          ],
        ];
        lines.push(`| ${cells.join(' | ')} |`);
      }
    }
  }
  return lines.join('\n');
}

/** Privity's figures against the targets, and against each peer at the largest size that both have run. */
export function verdictsOf(rows: readonly Row[], own: string): string {
  const lines = ['| operation | reached | target | against the peers |', '| --- | --- | --- | --- |'];
  for (const operation of operations) {
    const mine = rows.filter(({ op, system }) => op === operation.name && system === own);
    const largest = mine.at(-1);
    if (largest === undefined) continue;
    const peers = [...new Set(rows.filter(({ system }) => system !== own).map(({ system }) => system))];
    const ratios = peers.flatMap((peer) => {
      const theirs = rows.filter(({ op, system }) => op === operation.name && system === peer).at(-1);
      // At the same size; where it cannot even do the smallest of ours, against that.
      const same = mine.find(({ size }) => theirs && size >= theirs.size);
      if (theirs === undefined || same === undefined) return [];
      const ratio =
        operation.units(same.size) / same.seconds / (operation.units(theirs.size) / theirs.seconds);
      return [`×${figure(ratio)} of ${peer} at ${theirs.size.toLocaleString('en')}`];
    });
    const rate = operation.units(largest.size) / largest.seconds;
    const reached = `${figure(rate)} ${operation.unit}/s at ${largest.size.toLocaleString('en')}`;
    lines.push(
      `| ${operation.title} | ${reached} | ${targetText(operation, largest, rate)} | ${ratios.join(', ') || '–'} |`,
    );
  }
  return lines.join('\n');
}

function targetText({ target, sizes }: Operation, { size, seconds }: Measured, rate: number): string {
  if (target === undefined) return 'none';
  const [wanted, share] =
    'perSecond' in target
      ? [`${figure(target.perSecond)}/s`, rate / target.perSecond]
      : [`≤ ${target.secondsMax} s`, target.secondsMax / seconds];
  const largest = sizes.findLast((each) => each <= TARGET_ELEMENTS) ?? size;
  if (size < largest) return `${wanted}: not measured at ${largest.toLocaleString('en')}`;
  return share >= 1 ? `${wanted}: met` : `${wanted}: missed, ×${share.toFixed(2)}`;
}

/**
 * Processor time beside that of a peer whose parties use neither TLS nor processes of their own, with TLS and without;
 * and beside what bare TLS sockets need that move as many bytes. At the largest size that both have run.
 */
export function processorTimes(rows: readonly Row[], own: string, peer: string, cost: SocketCost): string {
  const lines = [
    `| operation | size | CPU seconds | ${peer} | bare TLS, as many bytes | of it | without TLS | of ${peer}, with TLS | without |`,
    '| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |',
  ];
  for (const { name, title } of operations) {
    const of = (system: string): readonly Row[] =>
      rows.filter((row) => row.op === name && row.system === system);
    const theirs = of(peer).findLast(({ size }) => of(own).some((row) => row.size === size));
    const mine = of(own).findLast(({ size }) => theirs === undefined || size === theirs.size);
    if (mine === undefined) continue;
    const bare = mine.bytes * cost.tls;
    const without = mine.cpu - mine.bytes * (cost.tls - cost.tcp);
    const faster = (cpu: number): string => (theirs === undefined ? '–' : `×${figure(theirs.cpu / cpu)}`);
    const cells = [
      ...[title, mine.size.toLocaleString('en'), figure(mine.cpu)],
      ...[theirs === undefined ? '–' : figure(theirs.cpu), figure(bare), `×${figure(mine.cpu / bare)}`],
      ...[figure(without), faster(mine.cpu), faster(without)],
    ];
    lines.push(`| ${cells.join(' | ')} |`);
  }
  return lines.join('\n');
}

/** Three digits. */
export function figure(value: number): string {
  const unit = (
    [
      [1e9, ' G'],
      [1e6, ' M'],
      [1e3, ' k'],
    ] as const
  ).find(([size]) => value >= size);
  const scaled = unit ? value / unit[0] : value;
  return `${Number(scaled.toPrecision(3))}${unit?.[1] ?? ''}`;
}
