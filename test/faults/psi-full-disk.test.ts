/** An intersection of real processes, one of which has no room left on its disk: for its database, or its result. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { shareOf } from '../effort.ts';
import { jobFile, Parties } from './parties.ts';

const CANARY = /canary[\w-]*/gi;
const MIB = 2 ** 20;

interface Case {
  readonly when: string;
  readonly protocol: 'dh' | 'rr22';
  readonly args: Readonly<Record<string, string>>;
  readonly diskBytes: number;
  /** What bob says of it, and what both say. */
  readonly error: string;
  readonly code: string;
  readonly says: RegExp;
  readonly step: string;
}

const cases = (['dh', 'rr22'] as const).flatMap((protocol): Case[] => [
  {
    ...{ when: 'the database spills', protocol },
    // The table and its result, 115 MiB each, are more than the database has.
    ...{ args: { rows: '10000', writes: 'no' }, diskBytes: 8 * MIB },
    ...{ error: 'PRIVITY_TABLE_LIMIT', code: 'RESOURCE_EXHAUSTED', step: 'psi on id' },
    says: /ran out of memory and could not spill/,
  },
  {
    ...{ when: 'the result is written', protocol },
    ...{ args: { rows: '2000', writes: 'yes' }, diskBytes: 4 * MIB },
    ...{ error: 'PRIVITY_FILE_UNWRITABLE', code: 'OUTPUT_FAILED', step: 'write' },
    // Its temporary folder is full, and not the one where the result should go.
    says: /result\.csv .* cannot be written to .*tmp-bob/,
  },
]);

describe('an intersection of which one party has a full disk', () => {
  for (const { when, protocol, args, diskBytes, error, code, step, says } of shareOf(cases, 2))
    it(`${protocol}, as ${when}: an error with a name, one verdict, nothing left, no id told`, async (t) => {
      if (process.getuid?.() !== 0)
        // The summary of the whole test run counts these.
        return t.diagnostic(`left out: ${t.name}, because a disk of its own needs root`);
      const job = jobFile('psi-wide.ts');
      const parties = await Parties.start({
        parties: {
          alice: { job },
          bob: { job, diskBytes, memoryMax: '512MiB', settings: { output: './result.csv' } },
        },
        args: { ...args, protocol },
        tap: true,
        patienceMs: 120_000,
      });
      try {
        await parties.ended();
        const verdicts = await Promise.all(parties.all.map((party) => party.event('verdict')));
        for (const verdict of verdicts)
          assert.deepEqual([verdict.code, verdict.origin], [code, 'bob'], parties.get('bob').story());
        assert.equal(new Set(verdicts.map(({ digest }) => digest)).size, 1);
        const failure = await parties.get('bob').event('failure', ({ origin }) => origin === 'bob');
        assert.equal(failure.stepName, step);
        assert.deepEqual(
          failure.chain?.map((link) => link.code),
          [error],
        );
        assert.match(failure.message ?? '', says);
        assert.deepEqual(await parties.leftovers(), []);
        const told = [
          ...parties.all.map((party) => party.story()),
          ...(['control', 'data'] as const).map((plane) => parties.tap?.heard(plane) ?? ''),
          ...filesIn(parties.dir).map((file) => readFileSync(file, 'latin1')),
        ];
        for (const text of told) assert.deepEqual(text.match(CANARY) ?? [], []);
      } finally {
        parties.dispose();
      }
    });
});

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true }).flatMap((entry) =>
    entry.isFile() ? [join(entry.parentPath, entry.name)] : [],
  );
}
