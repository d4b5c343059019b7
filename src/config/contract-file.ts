/** A contract of disclosures as a file beside the job, such as `job.contract.yaml`. */
import { stringify } from 'yaml';
import type { DecodeBound } from '../base/decode-bound.ts';
import { UsageError } from '../base/errors.ts';
import { type Contract, type ContractEntry, tryContract } from '../observe/contract/contract.ts';
import { symbolMeaning } from '../observe/contract/sentences.ts';
import { CONFIG_BOUND, formatPath, parseYaml, readTextFile } from './yaml-file.ts';

/** Of a contract of six hundred entries. A partner may have written it, and a parser of YAML takes its time. */
export const CONTRACT_BYTES_MAX = 112 * 1024;

/** As of other files in YAML, for one that may be longer. */
export const CONTRACT_BOUND: DecodeBound = { ...CONFIG_BOUND, bytesMax: CONTRACT_BYTES_MAX };

/**
 * @throws {UsageError} PRIVITY_CONTRACT_INVALID, PRIVITY_CONFIG_FILE_MISSING, PRIVITY_CONFIG_FILE_UNREADABLE,
 *   PRIVITY_CONFIG_SYNTAX
 */
export async function readContractFile(path: string): Promise<Contract> {
  return parseContract(path, await readTextFile(path, 'contract', CONTRACT_BYTES_MAX));
}

/** @throws {UsageError} PRIVITY_CONTRACT_INVALID, PRIVITY_CONFIG_SYNTAX */
export function parseContract(name: string, text: string): Contract {
  const file = parseYaml(name, text);
  const read = tryContract(file.value);
  if ('contract' in read) return read.contract;
  const { path, text: problem } = read.problem;
  const place = path.length === 0 ? '' : ` ${formatPath(path)}:`;
  throw new UsageError('PRIVITY_CONTRACT_INVALID', `${file.at(path)}:${place} ${problem}`);
}

/**
 * A contract as a file that people read, and compare line by line: the order of the job, an entry in a few lines.
 * @param job the name of the job's file
 */
export function formatContract(contract: Contract, job: string): string {
  const { version, parties, steps, discloses, errors, symbols, price, rehearsed } = contract;
  const parts = [
    `# What ${job} may disclose. All else stays at its party: docs/contracts.md of Privity.`,
    '# Made by `privity contract make` on made-up rows. Entries may be added by hand.',
    `version: ${version}`,
    `parties: [${parties.map(scalar).join(', ')}]`,
    '',
    '# Names of steps: all parties learn them.',
    ...section(
      'steps',
      steps.map((step) => [scalar(step)]),
    ),
    '',
    '# Values that leave: in which step, from whom, to whom, in which form, how often.',
    ...section('discloses', discloses.map(entryLines)),
    '',
    '# Texts of failures that all parties may read; others stay at their party.',
    ...section(
      'errors',
      errors.map((text) => yamlLines(text)),
    ),
    '',
    '# What the sizes above stand for.',
    ...section(
      'symbols',
      symbols.map((symbol) => [
        `{ name: ${scalar(symbol.name)}, kind: ${symbol.kind}, of: ${scalar(symbol.of)} } # ${symbolMeaning(symbol)}`,
      ]),
    ),
    ...(price
      ? [
          '',
          '# What it costs, between the sizes of the rehearsal: a fixed part, and a part for each row of the tables.',
          ...priceLines(price),
        ]
      : []),
    ...(rehearsed ? ['', `rehearsed: ${flow(rehearsed)}`] : []),
  ];
  return `${parts.join('\n')}\n`;
}

const entryLines = ({ step, kind, from, to, what, times }: ContractEntry): string[] => [
  `step: ${scalar(step)}`,
  `kind: ${kind}`,
  `from: ${scalar(from)}`,
  `to: [${to.map(scalar).join(', ')}]`,
  `what: ${scalar(what)}`,
  `times: ${scalar(times)}`,
];

/** Items of a list, each of some lines. */
const section = (name: string, items: readonly (readonly string[])[]): string[] =>
  items.length === 0
    ? [`${name}: []`]
    : [
        `${name}:`,
        ...items.flatMap((lines) => lines.map((line, index) => `${index === 0 ? '  - ' : '    '}${line}`)),
      ];

const yamlLines = (value: object): string[] => stringify(value, { lineWidth: 0 }).trimEnd().split('\n');

const priceLines = ({ rounds, bytes, links = {} }: NonNullable<Contract['price']>): string[] => [
  'price:',
  `  rounds: ${flow(rounds)}`,
  '  bytes:',
  ...Object.entries(bytes).map(([party, growth]) => `    ${scalar(party)}: ${flow(growth)}`),
  ...(Object.keys(links).length === 0 ? [] : ['  links:']),
  ...Object.entries(links).map(([from, to]) => `    ${scalar(from)}: ${flow(to)}`),
];

const FLOW = { lineWidth: 0, collectionStyle: 'flow' } as const;
const flow = (value: object): string => stringify(value, FLOW).trimEnd();

/** On one line, in quotes where it needs them: also within brackets. */
const scalar = (value: string | number): string =>
  stringify([value], { ...FLOW, flowCollectionPadding: false, blockQuote: false })
    .trimEnd()
    .slice(1, -1);
