import { job, PublicError, psi, readTable, type Table, writeTable, z } from 'privity';

/** Figures over fewer patients could point at a person, so no party computes them. */
const PATIENTS_MIN = 10;

const holder = z.object({
  /** CSV or Parquet file with a column patient_id and columns of numbers. */
  table: z.string(),
  /** Where this party's rows of the shared patients go; stays on this party's machine. */
  output: z.string(),
});

/** Means of all columns of numbers. Says no in words that the other parties may read, because they hold no data. */
function meansOf(rows: Table): Promise<Record<string, number>> {
  if (rows.rowCount < PATIENTS_MIN) {
    throw new PublicError(`fewer than ${PATIENTS_MIN} shared patients: no figures are revealed`);
  }
  return rows.mean();
}

/**
 * Two hospitals find the patients whom both have treated, and compute means of their own columns over exactly those.
 * Carol, an auditor without data, learns the same figures as everyone, and nothing else.
 */
export default job(
  { parties: ['alice', 'bob', 'carol'], settings: { alice: holder, bob: holder } },
  async ({ alice, bob, reveal }) => {
    const atAlice = alice.run('load table', ({ settings }) => readTable(settings.table));
    const atBob = bob.run('load table', ({ settings }) => readTable(settings.table));

    const shared = psi({ on: 'patient_id' }, atAlice, atBob);

    const aliceMeans = alice.run('means', { rows: shared.alice }, ({ rows }) => meansOf(rows));
    const bobMeans = bob.run('means', { rows: shared.bob }, ({ rows }) => meansOf(rows));

    alice.run('write shared rows', { rows: shared.alice }, ({ rows }, { settings }) =>
      writeTable(rows, settings.output),
    );
    bob.run('write shared rows', { rows: shared.bob }, ({ rows }, { settings }) =>
      writeTable(rows, settings.output),
    );

    const sizes = {
      alice: alice.run('count patients', { rows: atAlice }, ({ rows }) => rows.rowCount),
      bob: bob.run('count patients', { rows: atBob }, ({ rows }) => rows.rowCount),
      shared: alice.run('count shared', { rows: shared.alice }, ({ rows }) => rows.rowCount),
    };

    return {
      patients: {
        atAlice: await reveal(sizes.alice),
        atBob: await reveal(sizes.bob),
        shared: await reveal(sizes.shared),
      },
      means: { alice: await reveal(aliceMeans), bob: await reveal(bobMeans) },
    };
  },
);
