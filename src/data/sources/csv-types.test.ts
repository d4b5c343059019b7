import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import fc from 'fast-check';
import { share } from '../../../test/effort.ts';
import { closeDatabase, withReader } from '../database.ts';
import { literal } from '../sql.ts';
import { type InferredType, inferredTypes, keeps } from './csv-types.ts';

after(closeDatabase);

/** What `keeps` means, without anything that makes it fast. */
function meaning(type: InferredType, text: string): string {
  const givesBack = `coalesce(CAST(TRY_CAST(${text} AS ${type}) AS VARCHAR) = ${text}, false)`;
  const number = `TRY_CAST(${text} AS DOUBLE)`;
  const digits = `ltrim(regexp_replace(${text}, '[eE].*$|[-.]', '', 'g'), '0')`;
  const shape = '-?((0|[1-9][0-9]*)(\\.[0-9]*)?|\\.[0-9]+)([eE][+-]?[0-9]+)?';
  switch (type) {
    case 'BOOLEAN':
      return `${text} IN ('true', 'false')`;
    case 'BIGINT':
      return givesBack;
    case 'DOUBLE':
      return `(${givesBack} OR (regexp_full_match(${text}, '${shape}') AND (${digits} = '' OR (length(${digits}) <= 15
        AND coalesce(abs(${number}) BETWEEN 1e-290 AND 1e290, false)))))`;
    case 'DATE':
    case 'TIMESTAMP':
      return `(${text}[1] BETWEEN '0' AND '9' AND ${givesBack})`;
  }
}

/** The types that keep each text, by both; the second has to be the first. */
async function keptBy(texts: readonly string[]): Promise<readonly (readonly [string, string, string])[]> {
  const rows = texts.map((text) => `(${literal(text)})`).join(', ');
  const list = (say: typeof keeps): string =>
    inferredTypes.map((type) => `CASE WHEN ${say(type, 't')} THEN '${type} ' ELSE '' END`).join(' || ');
  const select = `SELECT t, ${list(meaning)}, ${list(keeps)} FROM (VALUES ${rows}) AS given(t)`;
  const answer = await withReader((connection) => connection.runAndReadAll(select));
  return answer.getRows() as unknown as [string, string, string][];
}

const sameBoth = async (texts: readonly string[]): Promise<void> => {
  for (const [text, meant, said] of await keptBy(texts)) assert.equal(said, meant, JSON.stringify(text));
};

describe('the types that keep a text', () => {
  it('are those whose values give it back, at every edge of the shapes that are asked first', async () => {
    const numbers = ['0', '-0', '17', '9223372036854775807', '-9223372036854775808', '9223372036854775808'];
    const fractions = [
      '1.',
      '.5',
      '-.5',
      '-',
      '.',
      '-.',
      '0.1',
      '-0.0',
      '1.50',
      '00.5',
      '1.5.2',
      '+1.5',
      '1_0.5',
    ];
    const long = ['123456789012345', '12345678901234.5', '1234567890123.45', '1234567890123456.5'];
    const tiny = [
      `0.${'0'.repeat(289)}1`,
      `0.${'0'.repeat(290)}1`,
      `0.${'0'.repeat(400)}`,
      '0.1000000000000000',
    ];
    const powers = [
      '1e5',
      '1e+20',
      '1E+20',
      '1e-07',
      '1.5e300',
      '1e290',
      '1e291',
      '-1e-290',
      '1e-291',
      '1e',
      '1e400',
    ];
    const doubles = ['5e-324', '1.7976931348623157e+308', '-2.2250738585072014e-308', '0.30000000000000004'];
    const words = [
      'inf',
      '-inf',
      'Infinity',
      'nan',
      '-nan',
      'NaN',
      'true',
      'false',
      'True',
      't',
      'infinity',
      'epoch',
    ];
    const dates = ['2024-01-31', '2024-02-30', '0001-01-01', '5881580-07-10', '5881580-07-11', '24-01-31'];
    const far = [
      '5877642-06-25 (BC)',
      '0044-03-15 (BC)',
      '-2024-01-31',
      '2024-01-31 ',
      ' 2024-01-31',
      '2024-1-31',
    ];
    const times = [
      '2024-01-31 12:00:00',
      '2024-01-31T12:00:00',
      '2024-01-31 12:00:00.5',
      '2024-01-31 12:00:00.123456',
    ];
    const ages = [
      '294247-01-10 04:00:54.775806',
      '290309-12-22 (BC) 00:00:00',
      '2024-01-31 12:00:00+00',
      '2024-01-31 24:00:00',
    ];
    const others = [
      '',
      ' ',
      '/',
      ':',
      '-x',
      '0x10',
      'é',
      '\u{1F600}',
      '12é',
      '٣',
      'a'.repeat(100),
      '9'.repeat(100),
    ];
    const ids = [
      '28d61f7b-1f07-d88c-18f1-068410d140b5',
      '1234567890123456',
      '12345678-12-12',
      '2024-01-31 aa:bb:cc',
    ];
    await sameBoth([
      ...[...numbers, ...fractions, ...long, ...tiny, ...powers, ...doubles],
      ...[...words, ...dates, ...far, ...times, ...ages, ...others, ...ids],
    ]);
  });

  it('are those also of texts that nobody thought of (law)', async () => {
    const near = fc.string({ unit: fc.constantFrom(...'0123456789.-+eE :()BCinfa'), maxLength: 24 });
    const number = fc.double().map(String);
    const decimal = fc.tuple(fc.integer(), fc.nat()).map(([whole, part]) => `${whole}.${part}`);
    const date = fc
      .date({ noInvalidDate: true })
      .map((day) => day.toISOString().slice(0, 19).replace('T', ' '));
    const day = date.map((text) => text.slice(0, 10));
    const text = fc.oneof(
      near,
      number,
      decimal,
      date,
      day,
      fc.bigInt().map(String),
      fc.string({ unit: 'grapheme' }),
    );
    const usual = text.filter((one) => !one.includes('\0'));
    await fc.assert(fc.asyncProperty(fc.array(usual, { minLength: 1, maxLength: 200 }), sameBoth), {
      numRuns: share(20),
    });
  });
});
