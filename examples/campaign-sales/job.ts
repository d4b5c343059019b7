import { job, psi, readTable, secure, z } from 'privity';
import { plan } from './plan.ts';

const file = z.object({ table: z.string() });

/**
 * An advertiser knows who saw which campaign, a shop who bought for how much. Both learn, for each campaign, how many
 * of those who saw it bought, and for how much in all; of a campaign with few buyers neither. Nobody sees who is in
 * both tables, nor how many, and no customer's purchases. Carol, who has no data, computes with them.
 */
export default job(
  {
    parties: ['alice', 'bob', 'carol'],
    // Public, so that all know how large the secret table is. The advertiser can have fewer.
    args: z.object({ customers: z.coerce.number().int().positive().default(800) }),
    settings: { alice: file, bob: file },
  },
  async ({ alice, bob, carol, args, reveal }) => {
    const { key, campaigns, buyersMin, eurosMax } = plan;
    const seen = alice.run('load', ({ settings }) => readTable(settings.table));
    const sales = bob.run('load', ({ settings }) => readTable(settings.table));

    const spu = secure([alice, bob, carol], { protocol: 'rep3' });
    const payload = {
      alice: { campaign: { dtype: 'integer', min: 0, max: campaigns.length - 1 } },
      bob: { euros: { min: 0, max: eurosMax } },
    } as const;
    const joined = psi({ on: key, into: { device: spu, rows: args.customers }, payload }, seen, sales);

    // Rows that do not match have campaign 0 and 0 euros, and count 0: they change no sum.
    const { campaign } = joined.alice;
    const buyers = joined.matches.cast('integer').groupSum(campaign, campaigns.length);
    const euros = joined.bob.euros.groupSum(campaign, campaigns.length);

    // On the device, before anything is opened: of too few nothing comes out but that they are too few.
    const isEnough = buyers.ge(buyersMin);
    const shown = [isEnough.select(buyers, 0).as('buyers'), isEnough.select(euros, 0).as('euros')] as const;
    const [counts, sums] = await Promise.all([reveal(shown[0]), reveal(shown[1])]);

    return campaigns.map((campaign, at) => {
      const [count = 0, sum = 0] = [counts.data[at], sums.data[at]];
      if (count === 0) return { campaign, buyers: `fewer than ${buyersMin}` };
      return { campaign, buyers: count, euros: cents(sum), mean: cents(sum / count) };
    });
  },
);

const cents = (euros: number): number => Math.round(100 * euros) / 100;
