/**
 * What is the most that so many bytes of somebody else can cost? Each decoder says; here it is asked of inputs that are
 * made to cost much.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { growthAt } from '../../src/base/decode-bound.ts';
import { shareOf } from '../effort.ts';
import { projectRoot } from '../tidy/project-files.ts';
import { decoders } from './decoders.ts';
import type { Measured } from './fuzz-worker.ts';
import { RESOLUTION_BYTES } from './measure.ts';
import { measureHostile } from './run-fuzz.ts';

/** Long enough for what grows with the square to stand out, short enough for a hundred of them. */
const HOSTILE_BYTES = 4096;

/**
 * Functions that are named as decoders are, and take nothing that somebody else has written, or only through one that
 * is listed.
 */
const OTHERS: Readonly<Record<string, string>> = {
  'cli/arguments.ts': 'the own command line',
  'config/identity-files.ts': "this party's own key and certificate",
  'config/contract-file.ts readContractFile': 'parseContract of a file',
  'config/schema-file.ts readSchemaFile': 'parseYaml of a file, and a schema',
  'config/federation-file.ts readFederationFile': 'parseFederation of a file',
  'config/node-file.ts readNodeFile': 'parseYaml of a file',
  'config/party-file.ts readPartyFile': 'checkPartyFile of a file',
  'config/yaml-file.ts readTextFile': 'bytes of a file, up to a bound',
  'config/yaml-file.ts readYamlFile': 'parseYaml of a file',
  'control/driving.ts': "lines of this party's own processes",
  'record/error-report.ts': "lines of this party's own processes",
  'config/record-bounds.ts': 'the own environment',
  'record/record-file.ts readRecordFile': 'parseRecord of a file',
  'record/event-line.ts': "lines of this party's own processes",
  'node/runs/order.ts': 'the own node',
  'record/stored-runs.ts': 'names of own folders',
  'data/columns.ts': 'the own database',
  'data/sources/csv-read.ts readHeader': 'headerOf of a file',
  'data/datasets/credential.ts readCredential': "this party's own credential, up to a bound",
  'data/datasets/source.ts readDatasetSource': 'a description that the own operator has written',
  'data/read-table.ts': 'DuckDB reads it, within its own limit of memory',
  'program/model/schema.ts': 'the own arguments and settings',
  'stats/encoding/file.ts readEncoding': "the owner's own file, up to a bound",
  'supervisor/machine/claim.ts': 'the own claim',
};

const listed = new Set(decoders.flatMap(({ functions }) => functions));

/** `FILE NAME` of all functions that are named as decoders are. */
function named(): readonly string[] {
  const src = join(projectRoot, 'src');
  return readdirSync(src, { recursive: true })
    .map(String)
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts') && !file.includes('/gen/'))
    .flatMap((file) => {
      const found = readFileSync(join(src, file), 'utf8').matchAll(
        /^export (?:async )?function ((?:decode|read|parse)[A-Z]\w*)/gm,
      );
      return [...found].map(([, name]) => `${file} ${name}`);
    });
}

describe('the list of decoders', () => {
  it('has every function that is named as one, or says why it is none', () => {
    const missing = named().filter(
      (name) => !listed.has(name) && !Object.keys(OTHERS).some((other) => name.startsWith(other)),
    );
    assert.deepEqual(missing, []);
  });

  it('names nothing that is not there', () => {
    for (const name of listed) {
      const [file = '', symbol = ''] = name.split(' ');
      const text = readFileSync(join(projectRoot, 'src', file), 'utf8');
      assert.match(text, new RegExp(`export (?:async )?(?:function|class) ${symbol}\\b`), name);
    }
    assert.equal(new Set(decoders.map(({ name }) => name)).size, decoders.length);
  });
});

for (const kind of shareOf(['steps', 'memory'] as const)) {
  describe(`what hostile bytes cost: ${kind}`, () => {
    let measured: readonly Measured[] = [];
    before(async () => {
      measured = await measureHostile(kind, HOSTILE_BYTES);
    });

    for (const { name, bound } of decoders) {
      const { perByte } = bound[kind];
      it(`${name}: at most ${perByte} for each byte`, () => {
        const inputs = measured.filter(({ decoder }) => decoder === name);
        assert.ok(inputs.length > 0);
        for (const { input, bytes, amount } of inputs) {
          const most = Math.max(growthAt(bound[kind], bytes), kind === 'memory' ? RESOLUTION_BYTES : 0);
          assert.ok(amount <= most, `input ${input}: ${amount} for ${bytes} bytes; the bound is ${most}`);
        }
      });
    }
  });
}

describe('the bounds themselves', () => {
  it('let nobody use more than a gigabyte before an input is over', () => {
    // A value and a table may be as large as memory; of these each part is decoded by itself.
    const large = new Set([
      'value',
      'table',
      'message in pieces',
      'report',
      'stream of frames',
      'frame',
      'CSV header',
      'message of a program',
    ]);
    for (const { name, bound } of decoders) {
      if (large.has(name)) continue;
      assert.ok(growthAt(bound.memory, bound.bytesMax) < 1024 ** 3, name);
    }
  });
});
