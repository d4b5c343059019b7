import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { RESULT_BYTES_MAX, RESULT_JSON_CHARS_MAX, resultJson, toJson } from './result-json.ts';

describe('what a job returned, as JSON', () => {
  it('keeps the content of bytes, whatever holds them', () => {
    const bytes = Uint8Array.of(0, 1, 2, 3, 4).subarray(1, 4);
    for (const value of [bytes, Buffer.from(bytes), new DataView(bytes.buffer, 1, 3), bytes.slice().buffer])
      assert.equal(toJson(value), 'AQID');
    assert.deepEqual(toJson({ model: [bytes] }), { model: ['AQID'] });
    assert.equal(toJson(new Uint8Array()), '');
  });

  it('says how much it leaves out, and never gives a part of bytes', () => {
    assert.equal(toJson(new Uint8Array(RESULT_BYTES_MAX)), Buffer.alloc(RESULT_BYTES_MAX).toString('base64'));
    assert.deepEqual(toJson(new Uint8Array(RESULT_BYTES_MAX + 1)), { bytes: RESULT_BYTES_MAX + 1 });
    const many = Array.from({ length: 10_002 }, (_, n) => [`k${n}`, n] as const);
    assert.equal((toJson(many.map(([, n]) => n)) as unknown[]).at(-1), '… 2 more');
    const record = toJson(Object.fromEntries(many)) as Record<string, unknown>;
    assert.deepEqual([record.k9999, record.k10000, record['…']], [9_999, undefined, '2 more']);
  });

  it('gives the length in place of what nobody reads, and no part of it', () => {
    const rows = Array.from({ length: 1_000 }, () => 'x'.repeat(RESULT_JSON_CHARS_MAX / 1_000));
    assert.deepEqual(resultJson(rows), { characters: JSON.stringify(rows).length });
    assert.deepEqual(resultJson(rows.slice(0, 900)), rows.slice(0, 900));
  });

  it('has a form for every kind of value', () => {
    assert.deepEqual(toJson([1n, Number.NaN, null, true, 'x', new Date(0), Float64Array.of(1.5)]), [
      ...['1', 'NaN', null, true, 'x', '1970-01-01T00:00:00.000Z'],
      [1.5],
    ]);
  });
});
