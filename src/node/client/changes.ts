/** What has changed at a node, as it comes, over connections that break and are made again. */
import { setTimeout } from 'node:timers/promises';
import { z } from 'zod';
import { PrivityError } from '../../base/errors.ts';
import { ignored } from '../../base/ignored.ts';
import type { Clock } from '../../contracts/clock.ts';
import { answering } from './asking.ts';
import type { HttpAsking } from './http.ts';

/** A node says every 15 s that it is there. Without a word for so long the connection is dead. */
const SILENT_MS = 45_000;
/** Between two tries to reach a node that has gone: it starts in about a second. */
export const RETRY_MS = 500;
/** How long a node may be gone while it is followed: a restart takes seconds, an upgrade half a minute. */
export const GONE_MS = 60_000;

/** Something has changed at a node: read it again. */
export interface NodeChange {
  /** Resumes behind it, as `after`. Not a time. */
  readonly seq: number;
  /** What has changed. `lost`: nothing is known of what came before; read the lists now. */
  readonly topic: 'proposal' | 'run' | 'partner' | 'lost';
  /** Of the proposal, run or partner. */
  readonly id: string;
  /** In milliseconds since 1970. */
  readonly at: number;
}

const changeAnswer = answering<NodeChange>()(
  z.object({
    seq: z.number(),
    topic: z.enum(['proposal', 'run', 'partner', 'lost']),
    id: z.string(),
    at: z.number(),
  }),
);

/** How something is followed. */
export interface FollowOptions {
  /** Ends the following, without an error. */
  readonly signal?: AbortSignal | undefined;
  /** How long the node may be gone before PRIVITY_NODE_UNREACHABLE, in milliseconds. Default: 60,000. */
  readonly goneMs?: number | undefined;
}

/** How changes are followed. */
export interface ChangesOptions extends FollowOptions {
  /** `seq` of the last change that was seen. Default: from now on, which a first `lost` says. */
  readonly after?: number | undefined;
}

export async function* followChanges(
  ask: HttpAsking,
  clock: Clock,
  { signal, goneMs = GONE_MS, after }: ChangesOptions,
): AsyncGenerator<NodeChange, void, undefined> {
  let seen = after;
  let wasThere = false;
  for (let goneSince: number | undefined; !signal?.aborted; ) {
    try {
      for await (const change of connection(ask, clock, seen, signal)) {
        // From here on all are heard; of what was before, nothing is known.
        if (change === undefined && seen === undefined)
          yield { seq: 0, topic: 'lost', id: '', at: clock.wallTime() };
        goneSince = undefined;
        wasThere = true;
        if (change === undefined) continue;
        seen = change.seq;
        yield change;
      }
    } catch (error) {
      if (signal?.aborted) return;
      goneSince ??= clock.now();
      if (!isGone(error) || !wasThere || clock.now() - goneSince >= goneMs) throw error;
    }
    goneSince ??= clock.now();
    await pause(RETRY_MS, signal);
  }
}

/** Undefined first, when the node is there. */
async function* connection(
  ask: HttpAsking,
  clock: Clock,
  after: number | undefined,
  signal: AbortSignal | undefined,
): AsyncGenerator<NodeChange | undefined> {
  const silent = new AbortController();
  const isSilent = (): { cancel(): void } => clock.after(SILENT_MS, () => silent.abort());
  let timer = isSilent();
  try {
    const ends = signal === undefined ? silent.signal : AbortSignal.any([signal, silent.signal]);
    let text = '';
    let isThere = false;
    for await (const part of ask.text({ method: 'get', path: '/events', query: { after } }, ends)) {
      timer.cancel();
      timer = isSilent();
      if (!isThere) yield undefined;
      isThere = true;
      const events = (text + part).split('\n\n');
      text = events.pop() ?? '';
      yield* events.flatMap((event) => changeIn(event) ?? []);
    }
  } finally {
    timer.cancel();
    silent.abort();
  }
}

/** Undefined: it says only that the node is there. */
function changeIn(event: string): NodeChange | undefined {
  const data = /^data: *(\{.*\})$/m.exec(event)?.[1];
  return data === undefined ? undefined : changeAnswer.safeParse(JSON.parse(data)).data;
}

export const isGone = (error: unknown): boolean =>
  error instanceof PrivityError && error.code === 'PRIVITY_NODE_UNREACHABLE';

/** Keeps the process alive; ends early when the signal is aborted. */
export async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  const options = signal === undefined ? {} : { signal };
  await ignored(setTimeout(ms, undefined, options), 'who waits looks at the signal');
}
