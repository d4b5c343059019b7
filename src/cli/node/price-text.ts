/** What a run is expected to cost, in words for the person who is asked to approve it. Pure. */
import type { PriceView } from '../../node/client/answers.ts';
import { printable } from '../output/printable.ts';
import { duration, size, speed } from '../output/quantity.ts';
import type { Style } from '../output/style.ts';

export function priceLines(price: PriceView, style: Style): readonly string[] {
  const { party: self, links, memory, memoryMaxBytes } = price;
  const own = memory.find(({ party }) => party === self);
  return [
    `For tables of ${price.rows.toLocaleString('en-US')} rows${ROWS_FROM[price.rowsFrom]}, on a straight line from the rehearsal, and of time the network's alone: arithmetic comes on top.`,
    ...(links.length === 0 ? [NO_PRICE] : []),
    ...links.map(linkText).map(printable),
    ...memory.map(
      ({ party, bytesMin }) =>
        `at least ${size(bytesMin)} of memory ${party === self ? 'here' : `at ${printable(party)}`}`,
    ),
    ...(own === undefined || own.bytesMin <= memoryMaxBytes
      ? []
      : [
          style.yellow(
            `! A program of ${self} may hold ${size(memoryMaxBytes)} (memoryMax): a run would write tables to disk, or end with RESOURCE_EXHAUSTED.`,
          ),
        ]),
  ];
}

/** A rehearsal has one where it came to its end with tables of two sizes. */
const NO_PRICE = 'time on the network is not known: the contract has no price';

const ROWS_FROM: Readonly<Record<PriceView['rowsFrom'], string>> = {
  published: ', the most that is told here',
  partly: ', the most that is told here (not all tables tell)',
  assumed: ' (no table tells how many it has)',
};

function linkText({
  partner,
  rounds,
  bytes,
  roundTripMs,
  bytesPerSecond,
  ms,
}: PriceView['links'][number]): string {
  const amount = `${rounds.toLocaleString('en-US')} ${rounds === 1 ? 'round' : 'rounds'}, ${size(bytes)}`;
  if (ms === null || roundTripMs === null || bytesPerSecond === null)
    return `the link to ${partner} is not measured: ${amount}`;
  const link = `${roundTripMs.toFixed(roundTripMs < 10 ? 1 : 0)} ms, ${speed(bytesPerSecond)}`;
  return `about ${duration(ms)} on the link to ${partner} (${link}): ${amount}`;
}
