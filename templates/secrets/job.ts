import { job, secure, z } from 'privity';

/** Everybody knows these bounds, so every party can tell that no result leaves the device's domain. */
const OFFER = { min: 0, max: 1000 };

const own = z.object({ offer: z.coerce.number().min(OFFER.min).max(OFFER.max) });

// Who offers more? Nobody shows its offer, and nobody ever has both: they exist as shares only.
export default job(
  { parties: ['alice', 'bob'], settings: { alice: own, bob: own } },
  async ({ alice, bob, reveal }) => {
    const device = secure([alice, bob], { protocol: 'semi2k' });

    const hers = alice.run('offer', ({ settings }) => settings.offer).to(device, OFFER);
    const his = bob.run('offer', ({ settings }) => settings.offer).to(device, OFFER);

    const more = await reveal(hers.gt(his).as('alice offers more'));
    return { aliceOffersMore: more.data[0] === 1 };
  },
);
