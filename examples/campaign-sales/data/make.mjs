// Writes the made-up data of this example: `node examples/campaign-sales/data/make.mjs`. The same files each time.
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';

const PEOPLE = 1_000;
const SEED = 11;

/** Of each campaign: the share of people who saw it, how many of them buy, and what a purchase is on average. */
const campaigns = [
  { seen: 0.22, buy: 0.3, euros: 42 },
  { seen: 0.18, buy: 0.22, euros: 55 },
  { seen: 0.14, buy: 0.34, euros: 31 },
  { seen: 0.03, buy: 0.15, euros: 60 },
  { seen: 0.12, buy: 0.4, euros: 24 },
  { seen: 0.11, buy: 0.12, euros: 38 },
];

let state = SEED;

/** Numbers from 0 to 1 (mulberry32). */
function random() {
  state = (state + 0x6d2b79f5) | 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
}

function campaignOf(draw) {
  let left = draw;
  return campaigns.findIndex(({ seen }) => {
    left -= seen;
    return left < 0;
  });
}

const inAnyOrder = (rows) =>
  rows
    .map((row) => ({ row, key: random() }))
    .sort((a, b) => a.key - b.key)
    .map(({ row }) => row);

const seen = [];
const sales = [];
for (let person = 0; person < PEOPLE; person++) {
  const customer = createHash('sha256').update(`person-${person}@example.org`).digest('hex').slice(0, 32);
  const campaign = campaignOf(random());
  if (campaign >= 0) seen.push(`${customer},${campaign}`);
  // Whom no campaign reached buys, too.
  const { buy, euros } = campaigns[campaign] ?? { buy: 0.5, euros: 35 };
  if (random() < buy) sales.push(`${customer},${(euros * (0.4 + 1.2 * random())).toFixed(2)}`);
}

const write = (name, head, rows) =>
  writeFileSync(new URL(name, import.meta.url), `${[head, ...inAnyOrder(rows)].join('\n')}\n`);
write('alice.csv', 'customer,campaign', seen);
write('bob.csv', 'customer,euros', sales);
