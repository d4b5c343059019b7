import type { ErrorCode } from '../../base/error-catalogue.ts';
import type { Hello } from './frame.ts';

/** Raised whenever a party with the new version could misread one with the old. */
export const LINK_PROTOCOL_VERSION = 1;
export const SESSION_BYTES = 16;

/** What this side knows when a hello arrives. */
export interface HelloContext {
  readonly peer: string;
  readonly self: string;
  /** Empty: not known, not compared. */
  readonly runId: string;
  /** Empty: there is none yet, not compared. */
  readonly binding: Uint8Array;
  readonly session: Uint8Array;
  /** The peer's session from an earlier hello. */
  readonly peerSession: Uint8Array | undefined;
  /** Last sequence number that the peer has acknowledged. */
  readonly acknowledged: number;
  /** Last sequence number sent. */
  readonly sent: number;
}

export type HelloVerdict =
  /** Frames after this number are to be sent (again). */
  | { readonly kind: 'resume'; readonly after: number }
  | { readonly kind: 'refuse'; readonly code: ErrorCode; readonly message: string };

/** Of which run a link says to be. */
export const runOf = (options: {
  readonly runId?: string | undefined;
  readonly binding?: Uint8Array | undefined;
}): Pick<Hello, 'runId' | 'binding'> => ({
  runId: options.runId ?? '',
  binding: options.binding ?? new Uint8Array(0),
});

/** Whether a conversation can begin or go on with the sender of this hello. Pure. */
export function judgeHello(context: HelloContext, hello: Hello): HelloVerdict {
  const { peer, self } = context;
  if (hello.protocol !== LINK_PROTOCOL_VERSION) {
    return refuse(
      'PRIVITY_PROTOCOL_VERSION',
      `${peer} speaks version ${hello.protocol} of the protocol, ${self} version ${LINK_PROTOCOL_VERSION}; install the same version of Privity at both`,
    );
  }
  if (hello.party !== peer || hello.session.length !== SESSION_BYTES) {
    return refuse('PRIVITY_PROTOCOL_VIOLATION', `${peer} sent a hello that is not its own`);
  }
  if (context.runId !== '' && hello.runId !== '' && context.runId !== hello.runId) {
    return refuse(
      'PRIVITY_RUN_MISMATCH',
      `${peer} is in another run than ${self}; end the old run, then start all parties with the same run id`,
    );
  }
  // The name of a run may be given twice, its binding is never the same: what comes from another run of this name is
  // stopped here.
  if (context.binding.length > 0 && !equal(context.binding, hello.binding)) {
    return refuse(
      'PRIVITY_RUN_MISMATCH',
      `${peer} is in another run of the same name than ${self}; end the old run, then start all parties again`,
    );
  }
  const restarted = context.peerSession !== undefined && !equal(context.peerSession, hello.session);
  const forgotten = hello.resumes.length > 0 && !equal(hello.resumes, context.session);
  if (restarted || forgotten) {
    return refuse(
      'PRIVITY_SESSION_LOST',
      `${restarted ? peer : self} was restarted in the middle of a conversation, so messages between ${self} and ${peer} are lost; start the run again`,
    );
  }
  // A peer that has not seen this side's hello yet cannot have received anything.
  const received = hello.resumes.length === 0 ? 0 : hello.received;
  if (received < context.acknowledged || received > context.sent) {
    return refuse('PRIVITY_PROTOCOL_VIOLATION', `${peer} claims to have received what was not sent`);
  }
  return { kind: 'resume', after: received };
}

const refuse = (code: ErrorCode, message: string): HelloVerdict => ({ kind: 'refuse', code, message });

function equal(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, index) => byte === right[index]);
}
