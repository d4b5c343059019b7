/** Steps that several parties execute together over a Channel: private set intersection, secure devices. */
import type { Channel } from '../../contracts/channel.ts';
import type { Random } from '../../contracts/random.ts';
import type { StepKind, TrailEntry } from '../../coordination/failure.ts';
import type { MemberChannel } from '../data-plane/channel.ts';
import type { Handle } from '../model/handle-types.ts';
import { Cell } from '../state/cell.ts';
import type { Description, OpenDisclosure } from '../state/disclosures.ts';
import type { RunState } from '../state/run-state.ts';
import type { HandleRecord } from '../steps/handle.ts';
import type { Scheduler } from '../steps/scheduler.ts';

export interface DeviceContext {
  readonly signal: AbortSignal;
  readonly random: Random;
  readonly threads: number;
  readonly onProgress: (done: number, total: number) => void;
  /** Memory that the step may take beside the tables; undefined: nobody has said. */
  readonly memoryBytes?: number | undefined;
  /** A line for this party's log. */
  readonly note?: (line: string) => void;
}

export interface DeviceStep {
  readonly kind: StepKind;
  readonly name: string;
  /** In federation order; a member's rank is its index. */
  readonly members: readonly string[];
  /** The input of each member, by rank. */
  readonly inputs: readonly HandleRecord[];
  /** Parameters that must be the same everywhere, as text. */
  readonly source: string;
  /** This member's part: its own input in, its own result out. */
  execute(channel: Channel, context: DeviceContext, input: unknown): Promise<unknown>;
  /** What the other members learn about this member's input. */
  discloses(input: unknown, signal: AbortSignal): Description | Promise<Description>;
}

/** Numbers the step, and executes this party's part of it. Gives a handle for each member's own result. */
export function issueDevice(scheduler: Scheduler, step: DeviceStep): readonly Handle[] {
  const { state } = scheduler;
  const { kind, name, members, inputs, source } = step;
  const branch = scheduler.begin(inputs, members);
  // At every member, before the first message of any: a protocol tells by what all of them do.
  for (const from of members)
    state.guard.expects({ step: name, kind, from, to: members.filter((member) => member !== from) });
  const channel = members.includes(state.party)
    ? scheduler.memberChannel(members, branch.scope.signal)
    : undefined;
  const entry = scheduler.issue(
    branch,
    { kind, name, places: members, inputs: inputs.map(({ value }) => value.id), source },
    channel?.expectations(),
  );
  const cell = channel && new Cell();
  if (channel && cell) {
    channel.open(entry);
    const disclosure = state.declare(
      entry,
      members.filter((member) => member !== state.party),
    );
    const own = inputs[channel.rank];
    scheduler.whenReady(entry, branch.scope, own ? [own] : [], cell, ([input]) =>
      runDevice(state, step, entry, channel, disclosure, input),
    );
  }
  return members.map((member) =>
    scheduler.locate({
      id: `${entry.stepId}@${member}`,
      name,
      owners: [member],
      cell: member === state.party ? cell : undefined,
      branch,
    }),
  );
}

async function runDevice(
  { options, host }: RunState,
  step: DeviceStep,
  { stepId }: TrailEntry,
  channel: MemberChannel,
  disclosure: OpenDisclosure,
  input: unknown,
): Promise<unknown> {
  try {
    disclosure.describe(await step.discloses(input, channel.signal), () => channel.bytesSent);
    channel.carry(disclosure);
    const result = await step.execute(
      channel,
      {
        signal: channel.signal,
        threads: options.threads,
        random: options.random,
        memoryBytes: options.stepMemoryBytes,
        note: (line) => host.note?.(line),
        onProgress: (done, total) => host.progress({ stepId, done, total }),
      },
      input,
    );
    disclosure.whole(channel.bytesSent);
    return result;
  } catch (error) {
    channel.forsake();
    if (!channel.signal.aborted) disclosure.refuse(error);
    throw error;
  } finally {
    channel.close();
  }
}
