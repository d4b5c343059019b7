/** A fitted encoding in words for its owner. */
import { checkFitted, type FittedEncoding, type FittedRule, type Learned } from './fitted.ts';

/** Digits of numbers that people read. */
const DIGITS = 6;
/** Words of one map that are shown. */
const MAP_SHOWN_MAX = 20;

/**
 * What a fitted encoding does with each column, a line each, for the owner to read: which word is category 1, where
 * bins end, and whether there are fewer of them than were asked for.
 *
 * Opens: nothing. What it gives has the owner's data in it, as what was fitted has.
 * @throws {DataError} PRIVITY_STATS_ENCODING: it is none
 * @example
 * const { fitted } = clean.at(alice, visits);
 * const text = alice.run('show', { fitted }, ({ fitted }) => encodingText(fitted));
 */
export function encodingText(fitted: FittedEncoding): string {
  const { rows, keep, columns } = checkFitted(fitted, 'what was given');
  const head = `An encoding of ${columns.length} ${columns.length === 1 ? 'column' : 'columns'}, fitted to ${rows} rows.`;
  const kept = keep.length === 0 ? [] : [`Stay as they are: ${keep.join(', ')}.`];
  return [head, ...kept, ...columns.map(({ rule, learned }) => lineOf(rule, learned)), ''].join('\n');
}

function lineOf(rule: FittedRule, learned: Learned): string {
  const { name, from } = rule;
  const parts = [...sourceWords(rule, learned), ...resultWords(rule, learned)];
  return `${name}${from === name ? '' : `, of ${from}`}: ${parts.join('; ')}.`;
}

const shown = (value: number): string => String(Number(value.toPrecision(DIGITS)));
const quoted = (word: string): string => JSON.stringify(word);

function sourceWords(rule: FittedRule, learned: Learned): readonly string[] {
  const { map, fill, filled, others } = rule;
  const pairs =
    map?.slice(0, MAP_SHOWN_MAX).map(([one, other]) => `${quoted(one)} is ${quoted(other)}`) ?? [];
  const more = (map?.length ?? 0) - pairs.length;
  const value = typeof learned.fill === 'string' ? quoted(learned.fill) : shown(learned.fill ?? 0);
  const way =
    typeof fill === 'object'
      ? 'as the job says'
      : fill === 'mostFrequent'
        ? 'the most frequent'
        : `the ${fill}`;
  return [
    ...(rule.case ? [`${rule.case} case`] : []),
    ...(map ? [`${pairs.join(', ')}${more > 0 ? ` and ${more} more` : ''}; other words: ${others}`] : []),
    ...(rule.cast ? [`text as numbers, what is none: ${rule.unreadable}`] : []),
    ...(fill === undefined ? [] : [`gaps become ${value}, ${way}${filled ? `, marked in ${filled}` : ''}`]),
    ...(fill === undefined ? [rule.gaps ? 'gaps stay' : 'no gaps'] : []),
  ];
}

function resultWords(rule: FittedRule, learned: Learned): readonly string[] {
  const { as, min = 0, max = 0, unseen, outside } = rule;
  if (as === 'number')
    return [
      ...(rule.scale ? [scaleWords(learned)] : []),
      `${shown(min)} to ${shown(max)}, outside: ${outside}`,
    ];
  if (as === 'bins') return [binWords(rule, learned), `outside: ${outside}`];
  const { names = [] } = rule;
  const known = learned.words?.map((word, at) =>
    names[at] === word ? quoted(word) : `${names[at]} is ${quoted(word)}`,
  );
  const asked = names.length - (unseen === 'other' ? 1 : 0);
  const fewer = asked - (learned.words?.length ?? 0);
  return [
    `${as === 'oneHot' ? 'a column each: ' : ''}${known?.join(', ')}`,
    ...(fewer > 0 ? [`${asked} were asked for, and the last ${fewer} have no word`] : []),
    `other words: ${unseen}`,
  ];
}

function scaleWords({ centre = 0, scale = 1, top }: Learned): string {
  if (top === undefined) return `less ${shown(centre)}, by ${shown(scale)}`;
  return `${shown(centre)} to ${shown(top)} become the whole`;
}

function binWords({ names = [] }: FittedRule, { edges = [] }: Learned): string {
  const count = Math.max(1, edges.length - 1);
  const bins = Array.from({ length: count }, (_, at) => {
    const [from, to] = [edges[at] ?? 0, edges[at + 1] ?? edges[at] ?? 0];
    return `${names[at]} from ${shown(from)} ${at === count - 1 ? 'to' : 'to below'} ${shown(to)}`;
  });
  const fewer = names.length - count;
  const said =
    fewer > 0
      ? `; ${names.length} were asked for, and the last ${fewer} stay empty, since quantiles tie`
      : '';
  return `${bins.join(', ')}${said}`;
}
