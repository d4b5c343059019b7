import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { AuditEntry } from '../model/records.ts';
import { auditEntry, NO_ENTRY, verifyAudit } from './audit.ts';

/** A log of so many lines that say numbers. */
function logOf(count: number, from = 0): AuditEntry[] {
  const log: AuditEntry[] = [];
  for (let n = 0; n < count; n++)
    log.push(
      auditEntry(log.at(-1) ?? NO_ENTRY, {
        at: 1_000 - n,
        by: 'person:ann',
        what: 'grant.added',
        about: `g${n}`,
        detail: { n: from + n, gone: undefined, often: Number.NaN },
      }),
    );
  return log;
}

const found = (entries: readonly AuditEntry[], expected = {}) => {
  const verdict = verifyAudit(entries, expected);
  return verdict.isIntact ? 'intact' : [verdict.fault, verdict.seq];
};

describe('an audit log', () => {
  const log = logOf(6);
  const [, second, third, fourth, fifth] = log as [AuditEntry, ...AuditEntry[]] & Required<AuditEntry[]>;

  it('is intact as it was written, as it is read again, and in pages', () => {
    assert.equal(found(log), 'intact');
    assert.equal(found(JSON.parse(JSON.stringify(log)) as AuditEntry[]), 'intact');
    assert.equal(found(log.slice(3), { after: third }), 'intact');
    assert.equal(found([]), 'intact');
  });

  it('shows a line that was written anew together with its digest, by the line behind it', () => {
    assert.ok(third && fourth);
    const anew = auditEntry(third, { ...fourth, detail: { n: 99 } });
    assert.deepEqual(found([...log.slice(0, 3), anew, ...log.slice(4)]), ['unlinked', 5]);
  });

  it('shows one that was written anew as a whole by a head that was kept elsewhere, and by nothing else', () => {
    const other = logOf(6, 100);
    assert.equal(found(other), 'intact');
    assert.ok(fifth);
    assert.deepEqual(found(other, { heads: [fifth] }), ['rewritten', 5]);
    assert.deepEqual(found(log.slice(0, 4), { heads: [fifth] }), ['cut', 5]);
    assert.equal(found(log, { heads: [fifth, NO_ENTRY] }), 'intact');
  });

  it('names which lines are missing, and where one stands that should not', () => {
    assert.ok(second);
    const verdict = verifyAudit([...log.slice(0, 1), ...log.slice(4)]);
    assert.equal(!verdict.isIntact && verdict.says, 'lines 2 to 4 are missing');
    assert.deepEqual(found([...log.slice(0, 3), second, ...log.slice(3)]), ['misplaced', 2]);
  });

  it('shows every change of every part of a line', () => {
    const part = fc.constantFrom('seq', 'at', 'by', 'what', 'about', 'detail', 'before', 'digest');
    fc.assert(
      fc.property(fc.nat({ max: 5 }), part, fc.json(), (at, key, other) => {
        const changed = log.map((entry, n) => (n === at ? { ...entry, [key]: other } : entry));
        assert.notEqual(found(changed), 'intact');
      }),
      { numRuns: 300 },
    );
  });
});
