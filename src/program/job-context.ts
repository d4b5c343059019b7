/**
 * What the function of a job or of a conclave receives: party objects, `args`, `reveal` and so on. All calls are
 * checked at run time.
 */
import { join } from 'node:path';
import { inspect } from 'node:util';
import { UsageError } from '../base/errors.ts';
import type { Exchange } from './data-plane/exchange.ts';
import { deviceRecordOf } from './devices/secure/device.ts';
import { open, share } from './devices/secure/methods.ts';
import { contexts, partyNames } from './devices/secure/run-context.ts';
import { SecureRuntime } from './devices/secure/runtime.ts';
import { secretRecordOf } from './devices/secure/secret-handle.ts';
import { Attempts } from './flow/attempt.ts';
import { conclave } from './flow/conclave.ts';
import { parallel } from './flow/parallel.ts';
import { quorum } from './flow/quorum.ts';
import type { Handle } from './model/handle-types.ts';
import { REPORT_PAGE } from './model/report-page.ts';
import { stepNameProblem } from './model/step-name.ts';
import { sourceHash } from './state/branch.ts';
import type { RunState } from './state/run-state.ts';
import { type HandleRecord, isHandle, kindOf, recordOf } from './steps/handle.ts';
import type { Lockstep } from './steps/lockstep.ts';
import { checkMembers } from './steps/placement.ts';
import { Scheduler } from './steps/scheduler.ts';

/** Inputs of one task; more belong in a record. */
export const STEP_INPUTS_MAX = 256;
/** Branches of one `parallel`: each costs a context and an entry in the trail. */
export const PARALLEL_BRANCHES_MAX = 1024;

export interface TaskServices {
  readonly settings: Readonly<Record<string, unknown>>;
  readonly args: Readonly<Record<string, unknown>>;
}

/** @returns the job function's parameter, frozen. */
export function createJobContext(
  state: RunState,
  lockstep: Lockstep,
  exchange: Exchange,
  services: TaskServices,
  onAttempts: (attempts: Attempts) => void,
): object {
  const scheduler: Scheduler = new Scheduler(state, lockstep, exchange, (record, to) => {
    const device = deviceRecordOf(to[0]);
    return device ? (share(record, device, to[1]) as Handle) : scheduler.transfer(record, namesOf(state, to));
  });
  const attempts = new Attempts(scheduler);
  onAttempts(attempts);
  contexts.set(state, { scheduler, secure: new SecureRuntime(scheduler), parties: state.parties });
  const parties = new Map(
    state.parties.map((name) => [name, createParty(name, scheduler, services.settings)]),
  );
  const contextFor = (members: readonly string[]): object =>
    Object.freeze({ ...Object.fromEntries(members.map((name) => [name, parties.get(name)])), ...common });
  const common = {
    args: services.args,
    reveal: (value: unknown) => {
      const secret = secretRecordOf(value);
      return scheduler.reveal(recordOf(secret ? open(secret) : value, state, 'reveal'));
    },
    parallel: (branches: unknown) => parallel(scheduler, branchesOf(branches)),
    attempt: attempts.attempt.bind(attempts),
    retry: attempts.retry.bind(attempts),
    deadline: attempts.deadline.bind(attempts),
    conclave: (members: unknown, code: unknown) => {
      const names = membersOf(state, members, 'conclave');
      if (typeof code !== 'function')
        throw invalid(`conclave takes parties and then a function; the last argument is ${kindOf(code)}`);
      return conclave(scheduler, names, () => code(contextFor(names)));
    },
    quorum: (options: unknown, code: unknown) => {
      const { of, atLeast } = quorumOptions(state, options);
      if (typeof code !== 'function')
        throw invalid(`quorum takes options and then a function; the last argument is ${kindOf(code)}`);
      const { parties: here } = lockstep.current();
      const context = contextFor(here);
      return quorum(scheduler, attempts, { of, atLeast, code: (name) => code(parties.get(name), context) });
    },
  };
  return contextFor(state.parties);
}

function quorumOptions(state: RunState, options: unknown): { of: readonly string[]; atLeast: number } {
  if (typeof options !== 'object' || options === null)
    throw invalid(`quorum takes { of, atLeast } and was given ${kindOf(options)}`);
  const unknown = Object.keys(options).find((key) => key !== 'of' && key !== 'atLeast');
  if (unknown !== undefined) throw invalid(`quorum has no option "${unknown}"`);
  const { of, atLeast } = options as { readonly of?: unknown; readonly atLeast?: unknown };
  if (typeof atLeast !== 'number') throw invalid(`quorum: atLeast is ${kindOf(atLeast)} and no number`);
  return { of: membersOf(state, of, 'quorum'), atLeast };
}

function membersOf(state: RunState, members: unknown, where: string): readonly string[] {
  if (!Array.isArray(members) || members.length === 0)
    throw invalid(`${where} takes a list of at least one party`);
  if (new Set(members).size < members.length) throw invalid(`${where} was given a party twice`);
  return namesOf(state, members, where);
}

function createParty(name: string, scheduler: Scheduler, settings: TaskServices['settings']): object {
  const { state } = scheduler;
  const context = Object.freeze({
    settings: name === state.party ? settings : Object.freeze({}),
    party: name,
    tempDir: state.options.tempDir,
    reportFile: join(state.options.tempDir, REPORT_PAGE),
  });
  const party = Object.freeze({
    name,
    run: (stepName: unknown, ...rest: readonly unknown[]) =>
      runTask(name, scheduler, context, stepName, rest),
    onFailure: (code: unknown) => {
      if (typeof code !== 'function')
        throw invalid(`${name}.onFailure takes a function and was given ${kindOf(code)}`);
      const branch = scheduler.lockstep.current();
      checkMembers(branch, [name]);
      const { scope } = branch;
      const handler = code as (failure: unknown, context: object) => unknown;
      if (name === state.party) state.onFailure(scope, (failure) => handler(failure, context));
    },
    [inspect.custom]: () => `Party<${name}>`,
  });
  partyNames.set(party, { name, run: state });
  return party;
}

function runTask(
  party: string,
  scheduler: Scheduler,
  shared: object,
  name: unknown,
  rest: readonly unknown[],
): Handle {
  const stepName = checkedName(name, party);
  const where = `${party}.run("${stepName}")`;
  const [inputs, code] = rest.length === 1 ? [undefined, rest[0]] : rest;
  if (rest.length > 2 || typeof code !== 'function')
    throw invalid(`${where} takes inputs, if any, and then a function; the last argument is ${kindOf(code)}`);
  const named = inputs === undefined ? [] : inputsOf(inputs, where, scheduler.state, party);
  const task = code as (...args: unknown[]) => unknown;
  return scheduler.task({
    party,
    name: stepName,
    inputs: named.map(([, record]) => record),
    source: `${named.map(([key]) => key).join('\n')}\n\n${sourceHash(task)}`,
    code: (values, scope) => {
      const onFailure = (handler: (failure: unknown) => unknown): void =>
        scheduler.state.onFailure(scope, handler);
      const context = Object.freeze({ ...shared, signal: scope.signal, onFailure });
      if (inputs === undefined) return checkedResult(task(context));
      return checkedResult(
        task(Object.fromEntries(named.map(([key], index) => [key, values[index]])), context),
      );
    },
  });
}

/** A handle that a task returns was smuggled in through a closure; the value behind it is not in it. */
async function checkedResult(pending: unknown): Promise<unknown> {
  const result = await pending;
  if (isHandle(result)) throw invalid('a task returned a handle; give it the value as an input instead');
  return result;
}

function checkedName(name: unknown, party: string): string {
  if (typeof name !== 'string' || name === '')
    throw invalid(`${party}.run needs a name as its first argument and was given ${kindOf(name)}`);
  const problem = stepNameProblem(name);
  if (problem !== undefined) throw invalid(`a step name of ${party} ${problem}`);
  return name;
}

function inputsOf(
  inputs: unknown,
  where: string,
  state: RunState,
  party: string,
): readonly (readonly [string, HandleRecord])[] {
  if (typeof inputs !== 'object' || inputs === null || Array.isArray(inputs))
    throw invalid(`${where} takes its inputs as a record { name: handle } and was given ${kindOf(inputs)}`);
  const proto: unknown = Object.getPrototypeOf(inputs);
  if (proto !== Object.prototype && proto !== null)
    throw invalid(`${where} takes its inputs as a plain record`);
  const entries = Object.entries(inputs);
  if (entries.length > STEP_INPUTS_MAX) throw invalid(`${where} has over ${STEP_INPUTS_MAX} inputs`);
  return entries.map(([key, value]) => {
    const record = recordOf(value, state, `${where}, input "${key}",`);
    if (!record.owners.includes(party)) {
      throw new UsageError(
        'PRIVITY_HANDLE_NOT_HERE',
        `${where} uses "${record.value.name}", which is at ${record.owners.join(' and ')}. Send it first: .to(${party}).`,
      );
    }
    return [key, record] as const;
  });
}

function namesOf(state: RunState, parties: readonly unknown[], where = '.to()'): readonly string[] {
  if (parties.length === 0) throw invalid('.to() needs at least one party');
  const names = parties.map((party) => {
    const known = typeof party === 'object' && party !== null ? partyNames.get(party) : undefined;
    if (known?.run !== state) {
      throw new UsageError(
        'PRIVITY_STEP_PARTY_UNKNOWN',
        `${where} was given ${known ? 'a party of another run' : `${kindOf(party)} that is no party of this job`}. ` +
          'Use the party objects that the job function receives.',
      );
    }
    return known.name;
  });
  return state.parties.filter((name) => names.includes(name));
}

function branchesOf(branches: unknown): readonly (() => unknown)[] {
  if (!Array.isArray(branches) || !branches.every((branch) => typeof branch === 'function'))
    throw invalid('parallel takes a list of functions');
  if (branches.length > PARALLEL_BRANCHES_MAX)
    throw invalid(`parallel was given over ${PARALLEL_BRANCHES_MAX} functions`);
  return [...branches];
}

const invalid = (why: string): UsageError =>
  new UsageError('PRIVITY_STEP_INVALID', `A step is wrong: ${why}.`);
