/**
 * A supervisor is killed where its program has no standing connection on which it could tell, or only one that is full. Silence
 * would tell after `lostAfterMs`, which is set far above the time in which the peers have to know.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Cell, cell, fault, others, SLOW } from '../faults/cell.ts';
import { runScenario } from '../faults/run-scenario.ts';
import type { PartyName, Scenario, When } from '../faults/scenario.ts';

const SILENCE_MS = 12_000;
/** Below silence by far, and above what a busy machine makes of a TLS handshake and an agreement. */
const TOLD_MS = 6_000;

function killed(
  victim: PartyName,
  when: When,
  rest: Omit<Cell, 'fault' | 'expected' | 'detectionMs'>,
): Scenario {
  return cell({
    ...rest,
    bounds: { suspectAfterMs: 2_000, lostAfterMs: SILENCE_MS },
    fault: fault('kill supervisor', victim, when),
    expected: { code: 'PEER_CRASHED', origin: victim, silent: [victim] },
    detectionMs: TOLD_MS,
  });
}

/** Another party is slow to load the job, so that the victim is killed before the run has started. */
const joining = (victim: PartyName): Scenario =>
  killed(victim, 'handshake', {
    parties: 3,
    note: 'while joining',
    specs: { [others(3, victim).at(-1) ?? 'alice']: { env: { MATRIX_LOAD_MS: '8000' } } },
  });

const transferring = (victim: PartyName): Scenario =>
  killed(victim, 'mid-transfer', { parties: 2, args: { scene: 'transfer' }, bytesPerSecond: SLOW });

const spinning = (victim: PartyName): Scenario =>
  killed(victim, 'mid-task', { parties: 3, note: 'in a loop', args: { act: 'spin', who: victim } });

/** No jitter in these networks. */
const random = (): number => 0.5;

describe('the last word of a party whose supervisor was killed', () => {
  for (const scenario of [
    ...[joining('alice'), joining('bob'), joining('carol')],
    ...[transferring('alice'), transferring('bob')],
    ...[spinning('alice'), spinning('carol')],
  ]) {
    it(scenario.name, async () => {
      const { complaints, story } = await runScenario(scenario, random);
      assert.deepEqual(complaints, [], story);
    });
  }
});
