/** Files that somebody else may have written: a federation, a party's settings, reports, records, tables. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { readInspected } from '../../src/cli/local/inspected.ts';
import { CONTRACT_BOUND, parseContract } from '../../src/config/contract-file.ts';
import { formatFederation, parseFederation } from '../../src/config/federation-file.ts';
import { checkPartyFile } from '../../src/config/party-file.ts';
import { CONFIG_BOUND, parseYaml } from '../../src/config/yaml-file.ts';
import { csvFile, headerOf } from '../../src/data/sources/csv-read.ts';
import { CSV_HEADER_BOUND, CsvDiagnosis } from '../../src/data/sources/csv-scan.ts';
import { readContract } from '../../src/observe/contract/contract.ts';
import { mergeReports, mixed } from '../../src/observe/merged-run.ts';
import { REPORT_BOUND, readReportText } from '../../src/observe/report-schema.ts';
import { parseRecord, RECORD_BOUND } from '../../src/record/record-file.ts';
import { PROGRAM_MESSAGE_BOUND, parseLine, readFromProgram } from '../../src/supervisor/seam/ipc-schema.ts';
import { projectRoot } from '../tidy/project-files.ts';
import { type Decoder, repeated, times } from './decoder.ts';

const recorded = (name: string): string =>
  readFileSync(join(projectRoot, 'test/upgrade/recorded/0.1.0', name), 'utf8');
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8');

const parties = (count: number) =>
  times(count, (index) => ({
    name: `p${index}`,
    host: 'host.example.org',
    port: 1000 + index,
    fingerprint: `sha256:${String(index).padEnd(43, 'a')}`,
  }));

/** Each a kind of YAML that costs its reader much. */
function yamlBombs(bytes: number): readonly Uint8Array[] {
  const keys = times(Math.floor(bytes / 8), (index) => `k${index.toString(36)}: 1`).join('\n');
  const merged = `%YAML 1.1\n---\na: &a {${times(bytes / 24, (index) => `k${index}: 1`).join(', ')}}\nb:\n`;
  return [
    ...[
      '- \n',
      '[],',
      'a: ',
      '? ',
      '}',
      '"\n',
      '#\n',
      '\\x',
      '\n',
      '&a ',
      '!a ',
      'a,',
      '- *a\n',
      '? - ',
      '"a": {',
      '? {',
      '---\n',
    ].map((part) => repeated(part, bytes)),
    repeated('[', bytes),
    ...['b\n  ', '[],', '{},', '\\n', "''"].map((part) =>
      repeated(part, bytes, `a: ${part === '\\n' ? '"' : part === "''" ? "'" : '['}`),
    ),
    Buffer.from(keys),
    Buffer.from(`parties:\n${times(bytes / 8, () => '- a: 1\n').join('')}`),
    repeated('- {<<: *a}\n', bytes, merged.slice(0, bytes / 2)),
    repeated('<<: *a\n', bytes, 'a: &a {b: 1}\n'),
  ];
}

const config = {
  author: 'whoever wrote a file',
  bound: CONFIG_BOUND,
  format: 'text',
  inputBytesMax: 2 * 1024,
  codes: [
    'PRIVITY_CONFIG_SYNTAX',
    'PRIVITY_CONFIG_UNKNOWN_KEY',
    'PRIVITY_CONFIG_MISSING_KEY',
    'PRIVITY_CONFIG_VALUE',
    'PRIVITY_CONFIG_ADDRESS',
    'PRIVITY_CONFIG_DUPLICATE',
    'PRIVITY_CONFIG_VERSION',
  ],
  hostile: yamlBombs,
} as const;

const federation: Decoder = {
  ...config,
  name: 'federation file',
  functions: [
    'config/federation-file.ts parseFederation',
    'config/yaml-file.ts parseYaml',
    'config/address.ts parseAddress',
  ],
  valid: (random) => Buffer.from(formatFederation({ name: 'demo', parties: parties(2 + random.below(6)) })),
  decode: (bytes) => parseFederation('federation.yaml', text(bytes)),
};

const party: Decoder = {
  ...config,
  name: 'party file',
  functions: ['config/party-file.ts checkPartyFile'],
  valid: (random) =>
    Buffer.from(
      stringify({
        party: 'alice',
        ...{ federation: './f.yaml', key: 'a.key', certificate: 'a.crt', listen: '0.0.0.0:7000' },
        settings: { path: './x', list: [1, [2, { deep: true }]] },
        ...(random.chance(0.5)
          ? {
              ...{ bounds: { lostAfterMs: 5000 }, memoryMax: '2G', errorDetail: 'full', records: 'off' },
              psi: { protocols: ['dh', 'rr22'] },
            }
          : {}),
      }),
    ),
  decode: (bytes) => checkPartyFile(parseYaml('party.yaml', text(bytes))),
};

const someReport = recorded('alice.report.json');

/** A report in which one list is what is given. */
function reportWith(list: string, items: string): Uint8Array {
  const report = JSON.stringify({ ...(JSON.parse(someReport) as object), [list]: '(here)' });
  return Buffer.from(report.replace('"(here)"', items));
}

const jsonBombs = (bytes: number): readonly Uint8Array[] => [
  ...['[],', '{},', '0,', '"",', '"a":0,', '[[],'].map((part) => repeated(part, bytes, '[', '0]')),
  repeated('[', bytes),
  Buffer.from(`{${times(bytes / 12, (index) => `"k${index}":0`).join(',')}}`),
];

const report: Decoder = {
  name: 'report',
  author: 'whoever wrote a file',
  functions: [
    'observe/report-schema.ts readReportText',
    'observe/report-schema.ts readReport',
    'base/bounded-json.ts parseJson',
    'observe/merged-run.ts mergeReports',
  ],
  bound: REPORT_BOUND,
  format: 'text',
  codes: [],
  valid: () => Buffer.from(someReport),
  decode: (bytes) => {
    const read = readReportText(text(bytes));
    if (read.kind !== 'report') return read;
    const reports = [read.report];
    return mixed(reports) ?? mergeReports(reports);
  },
  hostile: (bytes) => [
    ...jsonBombs(bytes),
    ...['waits', 'timeline', 'steps', 'disclosures', 'failures', 'parties', 'leftovers'].flatMap((list) =>
      ['0,', '{},', '"",', '"ab",'].map((item) => reportWith(list, text(repeated(item, bytes, '[', '0]')))),
    ),
    reportWith('reclaimed', `{${times(bytes / 12, (index) => `"k${index}":""`).join(',')}}`),
    reportWith(
      'timeline',
      text(repeated('{"what":"ready","atMs":1},', bytes, '[', '{"what":"ready","atMs":1}]')),
    ),
  ],
};

const programMessages = [
  { type: 'finished', fin: { steps: 3, digest: 'ab' }, result: { sum: 1 } },
  { type: 'failed', failure: { code: 'TASK_FAILED', origin: 'alice', reporter: 'alice', incident: '0f' } },
  {
    type: 'news',
    news: [
      { news: 'started', stepId: '3' },
      { news: 'withheld', stepId: '3', to: ['bob'], reason: null },
    ],
  },
  { type: 'waiting', waits: [{ peer: 'bob', stepId: '3', sinceMs: 5 }] },
  { type: 'closed', reclaimed: { timer: 2 } },
  { type: 'facts', facts: { parties: ['alice', 'bob'] } },
];
const messageWith = (type: string, field: string, value: string): Buffer =>
  Buffer.from(`{"type":"${type}","${field}":${value}}`);

const programMessage: Decoder = {
  name: 'message of a program',
  author: "a partner's code",
  functions: [
    'supervisor/seam/ipc-schema.ts parseLine',
    'supervisor/seam/ipc-schema.ts readFromProgram',
    'cli/local/inspected.ts readInspected',
  ],
  bound: PROGRAM_MESSAGE_BOUND,
  format: 'text',
  codes: [],
  valid: (random) => Buffer.from(JSON.stringify(programMessages[random.below(programMessages.length)])),
  decode: (bytes) => {
    const message = parseLine(text(bytes));
    return message && [readFromProgram(message), readInspected(message)];
  },
  hostile: (bytes) => [
    ...jsonBombs(bytes),
    ...jsonBombs(bytes).map((bomb) => messageWith('finished', 'result', text(bomb))),
    ...['0,', '{},', '[],', '"ab",', '{"news":"started"},', '{"news":"issued","entry":{}},'].flatMap(
      (item) => {
        const items = text(repeated(item, bytes, '[', '0]'));
        return [
          messageWith('news', 'news', items),
          messageWith('waiting', 'waits', items),
          messageWith('news', 'news', `[{"news":"secured","cost":{"plaintext":${items}}}]`),
          messageWith('facts', 'facts', `{"parties":${items}}`),
          messageWith('loaded', 'facts', `{"files":${items},"args":${items}}`),
        ];
      },
    ),
    messageWith('closed', 'reclaimed', `{${times(bytes / 12, (index) => `"k${index}":""`).join(',')}}`),
  ],
};

const facts = {
  recordVersion: 1,
  runIds: ['r1'],
  ...{ party: 'alice', parties: ['alice', 'bob'], job: 'job.ts', privityVersion: '0.1.0' },
  ...{ startedAt: '2026-01-01T00:00:00.000Z', endedAt: null, ending: null, exitCode: null, verdict: null },
  ...{ incidents: ['abc'], error: null, linesLeftOut: 0 },
};

const record: Decoder = {
  name: 'record',
  author: 'whoever wrote a file',
  functions: ['record/record-file.ts parseRecord'],
  bound: RECORD_BOUND,
  format: 'text',
  codes: [],
  valid: () => Buffer.from(JSON.stringify(facts)),
  decode: (bytes) => parseRecord(bytes),
  hostile: (bytes) => [
    ...jsonBombs(bytes),
    ...['runIds', 'parties', 'incidents'].map((list) =>
      Buffer.from(JSON.stringify({ ...facts, [list]: times(bytes / 2, () => 0) })),
    ),
  ],
};

const csv: Decoder = {
  name: 'CSV header',
  author: 'whoever wrote a file',
  functions: ['data/sources/csv-read.ts headerOf', 'data/sources/csv-scan.ts CsvDiagnosis'],
  bound: CSV_HEADER_BOUND,
  format: 'text',
  codes: ['PRIVITY_COLUMN_NAME', 'PRIVITY_FILE_UNREADABLE'],
  valid: (random) => Buffer.from(`id,"a ""b""",c${random.below(9)}\n1,2,3\n`),
  decode: (bytes) => {
    const diagnosis = new CsvDiagnosis(',', 0);
    diagnosis.write(bytes);
    const [first = ''] = text(bytes).split('\n', 1);
    return [diagnosis.end(), headerOf(csvFile('a.csv', undefined), first, ',', 0)];
  },
  hostile: (bytes) => [
    ...[',', '"', '"",', 'a', ';', '\n', '\r', '"\n'].map((part) => repeated(part, bytes)),
    Buffer.from(times(bytes / 6, (index) => `c${index}`).join(',')),
  ],
};

const someContract = readFileSync(join(projectRoot, 'examples/joint-risk-model/job.contract.yaml'), 'utf8');
const entryOf = (what: string): string =>
  `version: 1\nparties: [a, b]\nsteps: [s]\ndiscloses:\n  - { step: s, kind: reveal, from: a, to: [b], times: 1, what: ${what} }\n`;

const contract: Decoder = {
  ...config,
  name: 'contract file',
  functions: [
    'config/contract-file.ts parseContract',
    'observe/contract/contract.ts readContract',
    'observe/contract/form.ts parseForm',
  ],
  bound: CONTRACT_BOUND,
  codes: ['PRIVITY_CONFIG_SYNTAX', 'PRIVITY_CONTRACT_INVALID'],
  valid: () => Buffer.from(someContract.slice(0, someContract.indexOf('  - step: features'))),
  decode: (bytes) => readContract(parseContract('job.contract.yaml', text(bytes))),
  hostile: (bytes) => [
    ...yamlBombs(bytes),
    ...['[', '""', '\\\\""', ' up to ', '[a]', ' up to 1 bytes'].map((part) =>
      Buffer.from(entryOf(`'${text(repeated(part, bytes))}'`)),
    ),
    Buffer.from(
      `version: 1\nparties: [a, b]\nsteps: [${times(bytes / 4, (index) => index.toString(36)).join(', ')}]\n`,
    ),
  ],
};

export const fileDecoders: readonly Decoder[] = [
  ...[federation, party, contract, report, record, csv, programMessage],
];
