import type { Plan } from './model.ts';

/** What the jobs of this folder, and the same training in plaintext, do. */
export const plan: Plan = {
  key: 'patient_id',
  label: 'y',
  training: { epochs: 10, batchRows: 46, rate: 0.5, ridge: 0.01 },
};
