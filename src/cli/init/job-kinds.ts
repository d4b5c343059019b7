/** The jobs that `privity init` can begin with: their data, and what `privity local` has to be told of it. */

export interface JobKind {
  /** For `--help`. */
  readonly words: string;
  /** Whether it needs DuckDB. */
  readonly tables: boolean;
  /** Private settings, as they stand in the party files. */
  readonly settings: Readonly<Record<string, Readonly<Record<string, string | number>>>>;
  /** Files of the parties by name. */
  readonly data: Readonly<Record<string, string>>;
  /** What tells `privity local` the same settings. */
  readonly localOptions: readonly string[];
}

const MEMBERS = 40;
const ORDERS = 60;
/** The first of bob's customers among those of alice: 25 are at both. */
const FIRST_IN_COMMON = MEMBERS - 25;

const customer = (index: number): string => `C${1000 + 37 * index}`;
const csv = (header: string, rows: number, row: (index: number) => string): string =>
  `${[header, ...Array.from({ length: rows }, (_, index) => row(index))].join('\n')}\n`;

export const JOB_KINDS: Readonly<Record<string, JobKind>> = {
  tables: {
    words: 'an intersection of two tables, and a mean over it',
    tables: true,
    settings: { alice: { table: './alice.csv' }, bob: { table: './bob.csv' } },
    data: {
      'alice.csv': csv('customer_id,since', MEMBERS, (at) => `${customer(at)},${2015 + (at % 9)}`),
      'bob.csv': csv(
        'customer_id,euros',
        ORDERS,
        (at) => `${customer(FIRST_IN_COMMON + at)},${(20 + ((at * 29) % 113) + 0.5).toFixed(2)}`,
      ),
    },
    localOptions: ['--inputs alice.table=alice.csv', '--inputs bob.table=bob.csv'],
  },
  secrets: {
    words: 'a comparison of two numbers that nobody sees',
    tables: false,
    settings: { alice: { offer: 410 }, bob: { offer: 375 } },
    data: {},
    localOptions: ['--setting alice.offer=410', '--setting bob.offer=375'],
  },
};
