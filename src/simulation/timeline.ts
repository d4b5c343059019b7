/** The lines of a timeline: what crossed between two parties, and what a supervisor said, in words for people. */
import type { Plane } from '../contracts/index.ts';
import { decodeMessage } from '../coordination/messages.ts';
import type { Message } from '../coordination/types.ts';
import type { RunEvent } from '../observe/events.ts';
import { decodeFrame } from '../transport/link/frame.ts';
import { type DataFrame, decodeDataFrame } from '../wire/value-frame.ts';

/** Whether a frame carries a numbered message: neither a heartbeat, nor an acknowledgement, nor a hello. */
export function isMessageFrame(bytes: Uint8Array): boolean {
  return decodeFrame([bytes]).body.kind === 'chunk';
}

/** What the first frame of a message between programs says that it is; undefined for all others. */
export function dataFrameOf(bytes: Uint8Array): DataFrame | undefined {
  const { body } = decodeFrame([bytes]);
  const header = body.kind === 'chunk' ? body.chunk.header : undefined;
  return header && decodeDataFrame(header, '');
}

/** Undefined for what would only fill the page: heartbeats, acknowledgements, later chunks. */
export function describeFrame(
  plane: Plane,
  bytes: Uint8Array,
  parties: readonly string[],
): string | undefined {
  const { body } = decodeFrame([bytes]);
  switch (body.kind) {
    case 'hello':
      return body.hello.received > 0 || body.hello.resumes.length > 0
        ? `resumes the ${plane} connection after frame ${body.hello.received}`
        : `opens a ${plane} connection`;
    case 'goodbye':
      return `says goodbye on the ${plane} connection`;
    case 'refusal':
      return `refuses: ${body.refusal.code}`;
    case 'chunk': {
      const { header, payloadBytes } = body.chunk;
      if (header === undefined) return undefined;
      if (plane === 'control') return describeMessage(decodeMessage(header, parties), parties);
      const { stepId, kind, sequence } = decodeDataFrame(header, '');
      const what = kind === 'value' ? 'the value' : `message ${sequence + 1}`;
      return `${what} of step ${stepId}, ${payloadBytes} bytes`;
    }
    default:
      return undefined;
  }
}

function describeMessage(message: Message, parties: readonly string[]): string | undefined {
  switch (message.type) {
    case 'hello':
      return 'hello';
    case 'heartbeat':
      return undefined;
    case 'board': {
      const { contributions, cuts } = message.board;
      const said = contributions.flatMap((contribution, party) => {
        if (!contribution) return [];
        const { failure } = contribution;
        return [
          failure ? `${parties[party]}: ${failure.code} at ${failure.origin}` : `${parties[party]}: joined`,
        ];
      });
      const lost = cuts.flatMap((row, a) =>
        row.flatMap((cut, b) => (cut ? [`${parties[a]} gave up ${parties[b]}`] : [])),
      );
      const decided = message.reports.flatMap((report, party) => (report?.decided ? [parties[party]] : []));
      const words = [...said, ...lost, ...(decided.length > 0 ? [`decided: ${decided.join(', ')}`] : [])];
      return `board [${words.join('; ')}]`;
    }
    case 'text':
      return `the text of what ${parties[message.party]} has sealed`;
    case 'textWanted':
      return `asks for the text of what ${parties[message.party]} has sealed`;
    case 'diverged':
      return 'our programs differ';
    case 'vote':
      return `votes on scope ${message.scope}: ${message.failure?.code ?? 'fine'}`;
    case 'conclaveEnd':
      return `through with conclave ${message.conclave}`;
    case 'fin':
      return `my program is through, ${message.fin.steps} steps`;
    case 'ready':
      return 'ready to close';
    case 'closed':
      return 'closed';
  }
}

export function describeEvent(event: RunEvent): string {
  switch (event.event) {
    case 'run.started':
      return 'all parties agree on the job: the run starts';
    case 'process.started':
      return `its ${event.role} process starts`;
    case 'process.exited':
      return `its ${event.role} process has ended (${event.signal ?? `exit code ${event.code}`})`;
    case 'peer.state':
      return `sees ${event.peer} as ${event.state}${event.reason ? ` (${event.reason})` : ''}`;
    case 'step.started':
      return `begins step ${event.stepId} "${event.name}"`;
    case 'step.progress':
      return `step ${event.stepId}: ${event.done} of ${event.total}`;
    case 'step.finished':
      return `step ${event.stepId} "${event.name}" ${event.outcome}`;
    case 'failure':
      return `knows of ${event.code} at ${event.origin}${event.stepId ? `, step ${event.stepId}` : ''}`;
    case 'waiting':
      return `waits for ${event.peer}, ${event.stepId === null ? `to ${event.what}` : `step ${event.stepId}`}, since ${event.sinceMs} ms`;
    case 'busy':
      return `has not heard the program of ${event.peer} for ${event.sinceMs} ms${event.stepId === null ? '' : `, step ${event.stepId}`}`;
    case 'standstill':
      return `stood still for ${event.forMs} ms`;
    case 'reclaimed':
      return `gives back ${Object.entries(event.items)
        .map(([kind, n]) => `${n} ${kind}`)
        .join(', ')}`;
    case 'log':
      return `log: ${event.message.split('\n', 1)[0]}`;
    case 'party.absent':
      return `goes on without ${event.peer} (${event.code})`;
    case 'verdict':
      return `decides: ${event.code ?? 'completed'}`;
    case 'result':
      return 'has the result';
    case 'report':
      return 'writes its report';
  }
}
