/** What the steps of a run on plaintext really had, for people: the way to find `max`, and to try assumptions. */
import type { SecureReport } from '../../observe/report.ts';
import { alignColumns } from './columns.ts';
import { printable } from './printable.ts';
import type { Style } from './style.ts';

type Step = NonNullable<SecureReport['plaintext']>[number];

/** Of the member that has told them. */
export function plaintextLines(reports: readonly SecureReport[], style: Style): string[] {
  const steps = reports.flatMap(({ plaintext }) => plaintext ?? []);
  if (steps.length === 0) return [];
  const cells = steps.map((step) => [
    mark(step),
    printable(step.name === step.operation ? step.operation : `${step.operation} "${step.name}"`),
    `[${step.shape}]`,
    step.count === 1 ? '' : `${step.count} ×`,
    `${number(step.min)} to ${number(step.max)}`,
    step.bound ? `of ${number(step.bound.min)} to ${number(step.bound.max)}` : 'of what is not known',
    step.off === undefined ? '' : `off by ${number(step.off)}`,
  ]);
  const problems = steps.flatMap(problem);
  const follows = cells.some(([sign]) => sign === FOLLOWS);
  return [
    style.bold('On plaintext: what each step really had, of what is known of it'),
    ...alignColumns(cells, { indent: '  ', right: [3] }),
    ...(problems.length === 0
      ? ['  Every step is within its bounds, and every assumption holds.']
      : [
          ...problems,
          ...(follows ? [`  ${FOLLOWS} beyond its bound, because a step before it is`] : []),
          '  The result above is that of plain arithmetic; a run for real would be refused, or wrong.',
        ]),
  ];
}

/** Where nothing is wrong with a step itself, but what went before it was not as it was said to be. */
const FOLLOWS = '!';

function mark({ outside, refused, bound, min = 0, max = 0 }: Step): string {
  if (outside || refused !== undefined) return '✖';
  const { min: least = Number.NEGATIVE_INFINITY, max: most = Number.POSITIVE_INFINITY } = bound ?? {};
  return min >= least - slack(least) && max <= most + slack(most) ? '✔' : FOLLOWS;
}

/** Last bits of fixed point, and what floating point makes of them. */
const slack = (end: number): number => 2 ** -10 + 1e-5 * Math.abs(end);

function problem({ operation, name, min, max, outside, refused }: Step): string[] {
  const range = `${number(min)} to ${number(max)}`;
  if (refused !== undefined) return [`  ✖ would be refused: ${printable(refused)}`];
  if (!outside) return [];
  return operation === 'assume'
    ? [`  ✖ an assumption does not hold: "${printable(name)}" is ${range}`]
    : [`  ✖ would be refused: "${printable(name)}" is ${range}; say so where it is shared, with min and max`];
}

const number = (value = 0): string =>
  Number.isInteger(value) && Math.abs(value) < 1e9 ? `${value}` : `${Number(value.toPrecision(4))}`;
