/**
 * Secure devices in a run. Each operation is a numbered step at every party. Steps gather by branch and device, and run
 * together in an *exchange*, a step of its own, so that independent operations share their rounds.
 *
 * When an exchange begins has to be the same at all members, whatever the timing. So it depends on nothing but the
 * steps of the
 * branch: an exchange is issued when somebody asks for a result, before any other step that the program may wait for,
 * when the branch has ended, and when OPERATIONS_PENDING_MAX steps have gathered.
 */

import { UsageError } from '../../../base/errors.ts';
import { ignored } from '../../../base/ignored.ts';
import type { TrailEntry } from '../../../coordination/failure.ts';
import type { SecretTensor } from '../../../secure/secret.ts';
import type { Evaluator } from '../../../secure/session.ts';
import { plainForm } from '../../../wire/value-form.ts';
import type { Tensor } from '../../../wire/value-kinds.ts';
import type { MemberChannel } from '../../data-plane/channel.ts';
import type { Handle } from '../../model/handle-types.ts';
import type { Branch } from '../../state/branch.ts';
import { Cell, whenAll } from '../../state/cell.ts';
import type { Taken } from '../../state/contract-guard.ts';
import type { Description } from '../../state/disclosures.ts';
import type { RunState } from '../../state/run-state.ts';
import type { Scope } from '../../state/scope.ts';
import type { Scheduler } from '../../steps/scheduler.ts';
import { type BatchFailure, runBatch, type SecureStep } from './batch.ts';
import { naming } from './blame.ts';
import { inCall } from './called.ts';
import { DealerLine } from './dealer-line.ts';
import { bereft, SecureLine, type Spent } from './line.ts';
import type { DeviceRecord, Known, Leaving, SecretRecord, SecureDisclosure, SecurePlan } from './records.ts';

/**
 * Steps that gather before they run by themselves: enough to share rounds, few enough that a loop's results do not pile
 * up.
 */
export const OPERATIONS_PENDING_MAX = 64;

/** The steps of one device in one branch that have not run, and the session in which they will. */
interface Gathering {
  readonly device: DeviceRecord;
  readonly branch: Branch;
  /** At a member. */
  readonly line: SecureLine | undefined;
  /** At the dealer. */
  readonly dealing: DealerLine | undefined;
  steps: SecureStep[];
  ids: string[];
}

export class SecureRuntime {
  readonly #scheduler: Scheduler;
  readonly #state: RunState;
  readonly #gatherings = new Map<Branch, Map<string, Gathering>>();

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
    this.#state = scheduler.state;
    scheduler.onSettle((branch, ended) => (ended ? this.#end(branch) : this.flush(branch)));
  }

  /** Whether devices compute on plaintext, and steps tell what they really had. */
  get plaintext(): boolean {
    return this.#state.options.plaintext === true;
  }

  /** A step whose result stays on the device. */
  compute(device: DeviceRecord, plan: SecurePlan, known: Known): SecretRecord {
    const { entry, branch, cell } = this.#issue<SecretTensor>(device, plan);
    const { name } = plan;
    return { run: this.#state, device, id: entry.stepId, name, ...known, branch, cell };
  }

  /** A step that opens a secret to members; the handle is to the tensor there. */
  open(device: DeviceRecord, plan: SecurePlan, to: readonly string[]): Handle {
    const { entry, branch, cell } = this.#issue<Tensor>(device, plan);
    this.flush(branch);
    const here = to.includes(this.#state.party) ? (cell as unknown as Cell) : undefined;
    return this.#scheduler.locate({ id: entry.stepId, name: plan.name, owners: to, cell: here, branch });
  }

  /** Runs what has gathered in a branch. */
  flush(branch: Branch): void {
    for (const gathering of this.#gatherings.get(branch)?.values() ?? []) this.#exchange(gathering);
  }

  #end(branch: Branch): void {
    this.flush(branch);
    const gatherings = this.#gatherings.get(branch)?.values() ?? [];
    this.#gatherings.delete(branch);
    for (const { line, dealing } of gatherings) {
      void line?.end();
      dealing?.end();
    }
  }

  #issue<T>(
    device: DeviceRecord,
    plan: SecurePlan,
  ): { readonly entry: TrailEntry; readonly branch: Branch; readonly cell: Cell<T> } {
    const { kind, name, operands, located = [], detail, operation } = plan;
    const owners = device.members;
    const secrets = operands.map(({ name, branch }) => ({ branch, owners, value: { name } }));
    const branch = this.#scheduler.begin([...secrets, ...located.map(({ record }) => record)], device.places);
    for (const operand of operands) checkBranch(operand, branch);
    const taken = this.#take(device, plan);
    const gathering = this.#gathering(device, branch);
    const entry = this.#scheduler.issue(branch, {
      kind,
      name,
      places: device.members,
      inputs: [...operands.map(({ id }) => id), ...located.map(({ record }) => record.value.id)],
      source: `${device.key}\n${operation}\n${located.map(({ owner }) => owner).join()}\n${detail}`,
    });
    const cell = new Cell<T>();
    if (gathering.line) {
      const { local, elements, called, assumption, traced } = plan;
      const awaits = located.find(({ owner }) => owner === this.#state.party)?.record.cell;
      const discloses = plan.discloses?.(this.#state.party);
      const disclosure = discloses && this.#state.declare(entry, discloses.to, descriptionOf(discloses));
      const run = this.#state.activity.begin(entry, false);
      const execute = async (
        on: Evaluator,
        tensors: readonly SecretTensor[],
        channel: MemberChannel,
      ): Promise<unknown> => {
        const leaving: Leaving = (type) => {
          const bytes = discloses?.bytes(on) ?? 0;
          if (!discloses || bytes === 0) return disclosure?.withhold(null);
          if (type !== undefined && taken) this.#state.guard.more(taken, discloses.type, type);
          disclosure?.describe({ ...descriptionOf(discloses), ...(type && { type }) }, () => bytes);
          if (disclosure) channel.carry(disclosure);
        };
        const result = await plan.execute(on, tensors, contentOf(awaits), leaving);
        disclosure?.whole();
        return result;
      };
      const step = {
        ...{ entry, operation, run, operands, local, elements, cell, awaits, disclosure, execute },
        ...{ called, assumption, traced },
      };
      gathering.steps.push(step as unknown as SecureStep);
    }
    gathering.ids.push(entry.stepId);
    if (gathering.ids.length >= OPERATIONS_PENDING_MAX) this.#exchange(gathering);
    return { entry, branch, cell };
  }

  /**
   * What each member will tell the others in a step is known to all when it is issued: every one compares all of it
   * with the contract, before anything of it can be computed. Gives this member's own.
   */
  #take(device: DeviceRecord, { name: step, kind, discloses }: SecurePlan): Taken | undefined {
    const { guard, party } = this.#state;
    let own: Taken | undefined;
    if (!discloses || !guard.looks) return undefined;
    for (const from of device.members) {
      const told = discloses(from);
      if (!told || told.to.length === 0) continue;
      const taken = guard.take({ step, kind, from, to: told.to }, plainForm(told.type, told.shape));
      if (from === party) own = taken;
    }
    return own;
  }

  #gathering(device: DeviceRecord, branch: Branch): Gathering {
    const inBranch = this.#gatherings.get(branch) ?? new Map<string, Gathering>();
    this.#gatherings.set(branch, inBranch);
    const found = inBranch.get(device.key);
    if (found) return found;
    const { party, options } = this.#state;
    const { signal } = branch.scope;
    const dealerRank =
      device.dealer === undefined || this.plaintext ? undefined : device.ranks.indexOf(device.dealer);
    const line = device.members.includes(party)
      ? new SecureLine(device.opener(options.random, options.threads, this.plaintext), signal, dealerRank)
      : undefined;
    const dealing =
      device.dealer === party && !this.plaintext
        ? new DealerLine(device.server(options.random, options.threads), signal)
        : undefined;
    const gathering: Gathering = { device, branch, line, dealing, steps: [], ids: [] };
    inBranch.set(device.key, gathering);
    return gathering;
  }

  /** Issues the step in which everything that has gathered runs. */
  #exchange(gathering: Gathering): void {
    const { device, branch, line, dealing, steps, ids } = gathering;
    if (ids.length === 0 || branch.scope.aborted) return;
    gathering.steps = [];
    gathering.ids = [];
    const takesPart = line ?? dealing;
    const channel =
      takesPart &&
      this.#scheduler.memberChannel(this.plaintext ? device.members : device.ranks, branch.scope.signal);
    const plan = {
      kind: 'exchange',
      name: `${device.protocol}: ${ids.length} ${ids.length === 1 ? 'operation' : 'operations'}`,
      places: device.places,
      inputs: ids,
      source: device.key,
    } as const;
    const entry = this.#scheduler.issue(branch, plan, channel?.expectations());
    channel?.open(entry);
    if (line && channel) void this.#run(line, channel, entry, branch.scope, steps, device);
    if (dealing && channel) void this.#deal(dealing, channel, entry, branch.scope, device);
  }

  async #run(
    line: SecureLine,
    channel: MemberChannel,
    entry: TrailEntry,
    scope: Scope,
    steps: readonly SecureStep[],
    device: DeviceRecord,
  ): Promise<void> {
    const run = this.#state.activity.begin(entry, true);
    const { host } = this.#state;
    let cause: BatchFailure | undefined;
    try {
      const { spent } = await line.run(channel, arrived(steps), (on) => {
        run.start();
        const progress = (done: number): void =>
          host.progress({ stepId: entry.stepId, done, total: steps.length });
        const body = () => runBatch(on, steps, channel, progress, (failure) => (cause ??= failure));
        return this.#scheduler.lockstep.inTask(entry, body);
      });
      this.#account(device, steps, spent);
      run.finish('completed');
    } catch (error) {
      channel.forsake();
      const blamed = cause?.entry ?? entry;
      const reason = cause?.error ?? error;
      const step = steps.find((one) => one.entry === blamed);
      const named = inCall(naming(reason, device, this.#state.party), step?.called);
      const failed = isConsequence(reason, scope) ? undefined : this.#state.fail(named, blamed, scope);
      for (const step of steps) {
        step.cell.die();
        if (failed && step.entry === blamed) step.disclosure?.refuse(reason);
        step.run.finish(failed && step.entry === blamed ? 'failed' : 'aborted');
      }
      run.finish(failed ? 'failed' : 'aborted');
    } finally {
      channel.close();
    }
  }

  async #deal(
    dealing: DealerLine,
    channel: MemberChannel,
    entry: TrailEntry,
    scope: Scope,
    device: DeviceRecord,
  ): Promise<void> {
    const run = this.#state.activity.begin(entry, true);
    run.start();
    try {
      await dealing.run(channel);
      run.finish('completed');
    } catch (error) {
      channel.forsake();
      const named = naming(error, device, this.#state.party);
      const failed = isConsequence(error, scope) ? undefined : this.#state.fail(named, entry, scope);
      run.finish(failed ? 'failed' : 'aborted');
    } finally {
      channel.close();
    }
  }

  #account(device: DeviceRecord, steps: readonly SecureStep[], spent: Spent): void {
    const operations = new Map<
      string,
      { operation: string; count: number; elements: number; bytes: number }
    >();
    const line = (operation: string) => {
      const known = operations.get(operation) ?? { operation, count: 0, elements: 0, bytes: 0 };
      operations.set(operation, known);
      return known;
    };
    for (const { operation, elements } of steps) {
      const counts = line(operation);
      counts.count += 1;
      counts.elements += elements;
    }
    for (const [operation, bytes] of spent.byOperation) line(operation).bytes += bytes;
    const { rounds, bytes, messages } = spent;
    this.#state.host.secured?.({
      device: device.key,
      rounds,
      messages,
      bytes,
      operations: [...operations.values()],
      assumptions: steps.flatMap(({ assumption }) => assumption ?? []),
      ...(this.plaintext && { plaintext: steps.flatMap(({ traced }) => traced?.() ?? []) }),
    });
  }
}

const descriptionOf = ({ type, shape }: SecureDisclosure): Description => ({ type, shape });

/** What a failure elsewhere looks like here: inputs that will never be there, or a session that its end has closed. */
function isConsequence(error: unknown, scope: Scope): boolean {
  if (error === bereft) return true;
  return scope.aborted !== undefined && error instanceof UsageError && error.code === 'PRIVITY_SECURE_CLOSED';
}

/** Resolves when everything is there that the steps need from elsewhere. */
function arrived(steps: readonly SecureStep[]): Promise<void> {
  const own = new Set<unknown>(steps.map(({ cell }) => cell));
  const outside = steps.flatMap(({ operands, awaits }) => [
    ...operands.map(({ cell }) => cell as Cell).filter((cell) => !own.has(cell)),
    ...(awaits ? [awaits] : []),
  ]);
  const ready = new Promise<void>((resolve, reject) =>
    whenAll(
      outside,
      () => resolve(),
      () => reject(bereft),
    ),
  );
  // The queue looks at it only when the computation's turn has come.
  void ignored(ready, 'its awaiter is told');
  return ready;
}

function contentOf(cell: Cell | undefined): unknown {
  let value: unknown;
  cell?.when(
    (there) => {
      value = there;
    },
    () => {},
  );
  return value;
}

/**
 * Whether a secret has been computed when a branch uses it may not depend on timing: so branches that run side by side
 * do not use each other's.
 */
function checkBranch({ branch: home, name }: SecretRecord, branch: Branch): void {
  if (home.isBefore(branch)) return;
  throw new UsageError(
    'PRIVITY_SECRET_BRANCH',
    `The secret "${name}" was made in a branch that runs beside this one. Return it from parallel(...) and use it after that.`,
  );
}
