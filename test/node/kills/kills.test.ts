/** SIGKILL at every moment. `npm run test:node-kills -- --kills 500 --seed N` is the long form, with figures. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { effort } from '../../effort.ts';
import { killNodes } from './plan.ts';

/** A fifth of those of the command, which takes its time. */
const KILLS = effort < 1 ? 50 : 100;
const SEED = 14;

it('nodes that are killed at any moment lose nothing, run nothing twice, and nothing unapproved', async (t) => {
  const figures = await killNodes(KILLS, SEED);
  t.diagnostic(JSON.stringify(figures));
  assert.ok(figures.kills >= KILLS);
  assert.ok(figures.completed > 0, 'some runs have come to their end');
});
