import { job, readTable, z } from 'privity';

const file = z.object({ table: z.string() });

// The mean waiting time of three clinics. No clinic shows its patients, and two of them are enough.
export default job(
  { parties: ['alice', 'bob', 'carol'], settings: { alice: file, bob: file, carol: file } },
  async ({ alice, bob, carol, quorum, reveal }) => {
    const clinics = await quorum({ of: [alice, bob, carol], atLeast: 2 }, async (clinic) => {
      const local = clinic.run('local mean', async ({ settings }) => {
        const table = await readTable(settings.table);
        return { patients: table.rowCount, minutes: (await table.mean(['minutes'])).minutes ?? 0 };
      });
      return await reveal(local);
    });

    const parts = clinics.present.map((clinic) => clinics.values[clinic] ?? { patients: 0, minutes: 0 });
    const patients = parts.reduce((sum, part) => sum + part.patients, 0);
    const minutes = parts.reduce((sum, part) => sum + part.patients * part.minutes, 0) / patients;
    return {
      clinics: clinics.present.join(', '),
      missing: clinics.absent.map(({ party, failure }) => `${party} (${failure.code})`).join(', '),
      patients,
      minutes: Math.round(minutes * 10) / 10,
    };
  },
);
