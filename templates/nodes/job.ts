import { job, readTable, z } from 'privity';

const file = z.object({ table: z.string() });

interface Given {
  readonly settings: { readonly table: string };
}

// The mean waiting time of three clinics. Each tells how many patients it has and their mean, and no row.
export default job(
  {
    parties: ['alice', 'bob', 'carol'],
    settings: { alice: file, bob: file, carol: file },
    args: z.object({ pauseMs: z.coerce.number().default(0) }),
  },
  async ({ alice, bob, carol, args, reveal }) => {
    const mean = async ({ settings }: Given) => {
      const table = await readTable(settings.table);
      if (args.pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, args.pauseMs));
      return { patients: table.rowCount, minutes: (await table.mean(['minutes'])).minutes ?? 0 };
    };
    const clinics = [
      await reveal(alice.run('waiting time at alice', mean)),
      await reveal(bob.run('waiting time at bob', mean)),
      await reveal(carol.run('waiting time at carol', mean)),
    ];
    const patients = clinics.reduce((sum, clinic) => sum + clinic.patients, 0);
    const minutes = clinics.reduce((sum, clinic) => sum + clinic.patients * clinic.minutes, 0) / patients;
    return { patients, minutes: Math.round(minutes * 10) / 10 };
  },
);
