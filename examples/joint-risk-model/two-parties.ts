import { job, psi, readTable, secure, z } from 'privity';
import { bounds, featuresOf, holder, inOrder, jointModel, published, writeModel } from './model.ts';
import { plan } from './plan.ts';

/**
 * The same joint model without a third party: alice and bob compute alone, with correlated randomness that they make by
 * oblivious transfer. Neither learns anything, whatever the other keeps; it takes longer.
 */
export default job(
  {
    parties: ['alice', 'bob'],
    args: z.object({ coefficients: z.enum(['nobody', 'alice', 'bob']).default('nobody') }),
    settings: { alice: holder, bob: holder },
  },
  async ({ alice, bob, args, reveal }) => {
    const atAlice = alice.run('load table', ({ settings }) => readTable(settings.table));
    const atBob = bob.run('load table', ({ settings }) => readTable(settings.table));
    const shared = psi({ on: plan.key }, atAlice, atBob);
    const rows = {
      alice: alice.run('order rows', { rows: shared.alice }, ({ rows }) => inOrder(rows, plan.key)),
      bob: bob.run('order rows', { rows: shared.bob }, ({ rows }) => inOrder(rows, plan.key)),
    };

    // Shapes are public: how many patients are shared, and which columns there are.
    const names = {
      alice: await reveal(alice.run('features', { rows: rows.alice }, ({ rows }) => featuresOf(rows, plan))),
      bob: await reveal(bob.run('features', { rows: rows.bob }, ({ rows }) => featuresOf(rows, plan))),
    };
    const count = await reveal(alice.run('count shared', { rows: rows.alice }, ({ rows }) => rows.rowCount));

    const spu = secure([alice, bob], { protocol: 'semi2k' });
    const xAlice = alice
      .run('features of alice', { rows: rows.alice }, ({ rows }) => rows.select(names.alice))
      .to(spu, { shape: [count, names.alice.length], ...bounds.features });
    const xBob = bob
      .run('features of bob', { rows: rows.bob }, ({ rows }) => rows.select(names.bob))
      .to(spu, { shape: [count, names.bob.length], ...bounds.features });
    const y = bob
      .run('diagnoses', { rows: rows.bob }, ({ rows }) => rows.numbers(plan.label))
      .to(spu, { shape: [count], ...bounds.label });

    const features = [...names.alice, ...names.bob];
    const start = { coefficients: spu.constant(new Float64Array(features.length)), bias: spu.constant(0) };
    const result = jointModel(xAlice.concat([xBob], 1), y, start, plan.training);

    const coefficients = result.model.coefficients.as('coefficients');
    const bias = result.model.bias.as('bias');
    if (args.coefficients === 'alice') {
      const inputs = { coefficients: coefficients.to(alice), bias: bias.to(alice) };
      alice.run('write model', inputs, ({ coefficients, bias }, { settings }) =>
        writeModel(settings.model, features, coefficients.data, bias.data),
      );
    } else if (args.coefficients === 'bob') {
      const inputs = { coefficients: coefficients.to(bob), bias: bias.to(bob) };
      bob.run('write model', inputs, ({ coefficients, bias }, { settings }) =>
        writeModel(settings.model, features, coefficients.data, bias.data),
      );
    }

    return {
      patients: { shared: count, ...result.rows },
      heldOut: await published(reveal, result),
      coefficients: args.coefficients === 'nobody' ? 'known to nobody' : `at ${args.coefficients}`,
    };
  },
);
