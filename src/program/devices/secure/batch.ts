/**
 * Operations of a secure device that run in one computation. Those whose operands are there run at once and share their
 * rounds; what needs their results comes in the next level. Which operation is in which level follows from the program
 * alone, so all members have the same levels.
 */
import type { TrailEntry } from '../../../coordination/failure.ts';
import type { Assumption, PlainStep } from '../../../observe/report.ts';
import type { SecretTensor } from '../../../secure/secret.ts';
import type { Evaluator } from '../../../secure/session.ts';
import type { MemberChannel } from '../../data-plane/channel.ts';
import type { StepRun } from '../../state/activity.ts';
import type { Cell } from '../../state/cell.ts';
import type { OpenDisclosure } from '../../state/disclosures.ts';
import type { Called } from './called.ts';
import type { SecretRecord } from './records.ts';

export interface SecureStep {
  readonly entry: TrailEntry;
  /** What the cost report counts it under. */
  readonly operation: string;
  readonly run: StepRun;
  readonly operands: readonly SecretRecord[];
  /** Where the job has called it. */
  readonly called: Called;
  /** Needs no message from anybody. */
  readonly local: boolean;
  /** Numbers in the result, for the cost report. */
  readonly elements: number;
  readonly cell: Cell<unknown>;
  /** What is said of a secret that nobody checks. */
  readonly assumption?: Assumption;
  /** What it really had, once it has run on plaintext. */
  readonly traced?: () => PlainStep | undefined;
  /** A value outside of the device that this member has to have first. */
  readonly awaits: Cell | undefined;
  /** What others learn from this member in it. */
  readonly disclosure: OpenDisclosure | undefined;
  execute(on: Evaluator, operands: readonly SecretTensor[], channel: MemberChannel): Promise<unknown>;
}

/** Why a computation failed, and in which of its steps if it was one of them. */
export interface BatchFailure {
  readonly error: unknown;
  readonly entry: TrailEntry | undefined;
}

/** Operations in order, grouped by how many operations that send something come before them. */
export function levelsOf(steps: readonly SecureStep[]): readonly (readonly SecureStep[])[] {
  const levels: SecureStep[][] = [];
  const levelOf = new Map<unknown, number>();
  for (const step of steps) {
    const below = step.operands.reduce((most, { cell }) => Math.max(most, levelOf.get(cell) ?? 0), 0);
    const level = step.local ? below : below + 1;
    levelOf.set(step.cell, level);
    for (let missing = levels.length; missing <= level; missing++) levels.push([]);
    levels[level]?.push(step);
  }
  return levels;
}

/**
 * Runs all steps and fills their cells.
 * @param done is called after each level with the number of steps that have run
 * @throws what the first step that failed threw; `failed` has told which that was
 */
export async function runBatch(
  on: Evaluator,
  steps: readonly SecureStep[],
  channel: MemberChannel,
  done: (steps: number) => void,
  failed: (failure: BatchFailure) => void,
): Promise<void> {
  let count = 0;
  const execute = async (at: Evaluator, step: SecureStep): Promise<void> => {
    step.run.start();
    try {
      const operands = step.operands.map(({ cell }) => rebound(cell, at));
      step.cell.set(await at.fiber.as(step.operation, () => step.execute(at, operands, channel)));
      step.run.finish('completed');
    } catch (error) {
      failed({ error, entry: step.entry });
      throw error;
    }
  };
  for (const level of levelsOf(steps)) {
    const speaking = level.filter(({ local }) => !local);
    await on.all(...speaking.map((step) => (child: Evaluator) => execute(child, step)));
    // In program order, so each finds its operands.
    for (const step of level) if (step.local) await execute(on, step);
    count += level.length;
    done(count);
  }
}

/** Shares outlive the session that made them; what must not is the randomness, which they do not hold. */
function rebound(cell: Cell<SecretTensor>, on: Evaluator): SecretTensor {
  let tensor: SecretTensor | undefined;
  cell.when(
    (value) => {
      tensor = value;
    },
    () => {},
  );
  if (tensor === undefined) throw new Error('an operand is not there');
  return tensor.session === on.session ? tensor : { ...tensor, session: on.session };
}
