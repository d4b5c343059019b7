import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { shareOf } from '../effort.ts';
import { secureJobsOf } from './secure-jobs.ts';
import { checkSimulated } from './simulated-job.ts';

describe('compliance of secure devices in the simulated world', () => {
  for (const job of secureJobsOf(shareOf))
    it(`${job.name}: results, accuracy and cost`, () => assert.doesNotReject(checkSimulated(job)));
});
