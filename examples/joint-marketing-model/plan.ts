import type { Plan } from '../joint-risk-model/model.ts';

/** What the job, and the same training in plaintext, do. */
export const plan: Plan = {
  key: 'customer_id',
  label: 'y',
  training: { epochs: 2, batchRows: 256, rate: 0.5, ridge: 0.01 },
};
