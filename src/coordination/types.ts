import type { FailureCode } from '../base/failure-codes.ts';
import type { Board, Vote } from './board.ts';
import type { Failure, TrailEntry } from './failure.ts';
import type { FailureText } from './failure-text.ts';
import type { HelloFacts } from './hello-facts.ts';
import type { Fin, Trail, TrailHead } from './trail.ts';
import type { Outcome } from './verdict.ts';

/** Parties are numbered by their place in the federation; names appear only where people read them. */
export type PartyIndex = number;

/** The bounds that the state machine keeps, in milliseconds. Defaults and reasons: src/supervisor/seam/bounds.ts. */
export interface CoreBounds {
  /** How long a party waits for others to join. Default a minute. */
  readonly joinTimeoutMs: number;
  /** After a failure before the start: how long parties that are just starting are waited for. Default 3 s. */
  readonly lateJoinMs: number;
  /** Interval of heartbeats. Default 0.25 s. */
  readonly heartbeatMs: number;
  /** Silence after which a peer is shown as suspect. Default 0.6 s. */
  readonly suspectAfterMs: number;
  /** Silence after which a peer is lost. Default 1 s. */
  readonly lostAfterMs: number;
  /** How long a party that has decided stays to relay for others. Default 1.5 s. */
  readonly lingerMs: number;
  /** The whole run. Default a day. */
  readonly runDeadlineMs: number;
  /**
   * Beside the time in which peers are lost: what a party gives the others to agree, and to confirm the end
   * (phase-bounds.ts). Default 3 s.
   */
  readonly agreeMs: number;
  /** The same for the end of a run that everybody's program has come to. Default 3 s. */
  readonly confirmMs: number;
}

/**
 * Signs what this party seals, and checks what others have sealed. Given as a parameter: keys are no matter of the
 * core.
 */
export interface Signer {
  sign(text: string): string;
  accepts(party: PartyIndex, text: string, signature: string): boolean;
}

export interface CoreConfig {
  readonly self: PartyIndex;
  readonly parties: readonly string[];
  readonly bounds: CoreBounds;
  /**
   * 128 random bits in hex, fresh for each run: part of the run id, and the seed of incident ids that the core itself
   * gives.
   */
  readonly nonce: string;
  readonly signer: Signer;
}

/**
 * What each party says of itself before the run starts. What has to be equal everywhere: `mismatch` in handshake.ts.
 */
export interface Hello {
  readonly protocol: string;
  /** Of Privity: shown, not compared. */
  readonly version: string;
  readonly federation: string;
  readonly job: string;
  readonly args: string;
  /** Digest of the contract of disclosures; empty where there is none. */
  readonly contract?: string | undefined;
  /** Empty when the parties shall derive it from their nonces. */
  readonly runId: string;
  readonly nonce: string;
  /** Fingerprint of the key with which this party's program connects to others in this run. */
  readonly programKey?: string | undefined;
  readonly facts?: HelloFacts | undefined;
}

/** A party's own account of its board; the latest version wins. Relayed by everyone. */
export interface BoardReport {
  readonly version: number;
  readonly digest: string;
  readonly decided: boolean;
}

/** A program that has not been heard by its supervisor for a while: it computes without a pause, or it is stuck. */
export interface Busy {
  /** The step that it began last; null where that cannot be told. */
  readonly stepId: string | null;
  /** When it was heard last, by this party's clock. */
  readonly since: number;
}

export interface Heartbeat {
  readonly type: 'heartbeat';
  readonly heads: readonly TrailHead[];
  readonly answering: boolean;
  /** Only of a program that does not answer. */
  readonly busy?: { readonly stepId: string | null; readonly forMs: number } | undefined;
  /** The number of the last message that was sent to the receiver; absent for none. */
  readonly said?: number | undefined;
}

/**
 * Messages that are said once (`isCounted`) are numbered from 1, for each receiver: one that is lost shows by the next,
 * or by what a heartbeat says.
 */
export type Message = Saying & { readonly number?: number | undefined };

type Saying =
  | { readonly type: 'hello'; readonly hello: Hello }
  | Heartbeat
  | {
      readonly type: 'board';
      readonly board: Board;
      readonly reports: readonly (BoardReport | null)[];
      /** How often the run had gone on without somebody before; absent for never. */
      readonly epoch?: number | undefined;
    }
  /** What the origin of a sealed failure lets cross of it. No verdict waits for it. */
  | {
      readonly type: 'text';
      /** The party that has sealed the failure. */
      readonly party: PartyIndex;
      readonly text: FailureText;
      readonly epoch?: number | undefined;
    }
  /** The run is over for the sender, which has not had this text. */
  | { readonly type: 'textWanted'; readonly party: PartyIndex; readonly epoch?: number | undefined }
  /** "We differ at or before this position; here is how I came there." The receiver finds the first difference. */
  | {
      readonly type: 'diverged';
      readonly branch: string;
      readonly entries: readonly TrailEntry[];
      readonly ended: boolean;
    }
  | {
      readonly type: 'vote';
      readonly scope: string;
      readonly failure: Failure | null;
      /** The parties that the scope includes, ascending; absent when these are all. */
      readonly members?: readonly PartyIndex[] | undefined;
      readonly early?: boolean | undefined;
    }
  /** The sender's program is through with a conclave of which the receiver is a member, too. */
  | { readonly type: 'conclaveEnd'; readonly conclave: string; readonly fin: Fin }
  | { readonly type: 'fin'; readonly fin: Fin }
  | { readonly type: 'ready' }
  | { readonly type: 'closed' };

export type CoreEvent =
  /** The program process has loaded the job: this party can say hello. */
  | { readonly type: 'loaded'; readonly hello: Hello }
  /**
   * `closed`: the peer has said goodbye. A connection that only broke is down, and its link comes back with all that
   * was sent.
   */
  | { readonly type: 'link'; readonly peer: PartyIndex; readonly up: boolean; readonly closed?: boolean }
  | { readonly type: 'received'; readonly peer: PartyIndex; readonly message: Message }
  | { readonly type: 'tick' }
  /** Something failed at this party. `reporter` and `origin` are this party. */
  | {
      readonly type: 'failed';
      readonly failure: Failure;
      /** The program process is gone: whatever becomes of the run, this party takes no further part in it. */
      readonly leaving?: boolean;
    }
  /** Evidence that a peer is gone, better than silence: its orphaned program said so, or its identity was refused. */
  | { readonly type: 'lost'; readonly peer: PartyIndex; readonly code: FailureCode }
  | { readonly type: 'steps'; readonly entries: readonly TrailEntry[] }
  /**
   * Whether this party's program answers its supervisor; one that computes without a pause does not, and is not at
   * fault.
   */
  | { readonly type: 'answering'; readonly answers: boolean; readonly busy?: Busy | undefined }
  /** Nothing has come from a peer's program for too long. */
  | { readonly type: 'silent'; readonly peer: PartyIndex; readonly failure: Failure }
  /** The program refused a value whose digest differs from its own for that step. */
  | {
      readonly type: 'diverged';
      readonly peer: PartyIndex;
      readonly branch: string;
      readonly position: number;
    }
  /** A step in a scope has failed at this party; its program has not left the scope yet. */
  | { readonly type: 'scopeFailed'; readonly scope: string; readonly failure: Failure }
  /**
   * This party's program has left a scope: it is through, or was cancelled and everything in it has ended. Once a
   * scope.
   */
  | { readonly type: 'scopeLeft'; readonly scope: string }
  /** This party's program is through with a conclave: the steps of its branch, and the digest after them. */
  | {
      readonly type: 'conclaveLeft';
      readonly conclave: string;
      readonly members: readonly PartyIndex[];
      readonly fin: Fin;
    }
  | { readonly type: 'finished'; readonly fin: Fin };

export type Effect =
  | { readonly type: 'send'; readonly to: PartyIndex; readonly message: Message }
  | {
      readonly type: 'peer';
      readonly peer: PartyIndex;
      readonly state: 'up' | 'suspect' | 'lost';
      readonly reason: string;
    }
  /** Everyone agrees on what to run: let the program begin. */
  | { readonly type: 'start'; readonly runId: string }
  /** A contribution, of this party or another, became known here. */
  | { readonly type: 'learned'; readonly failure: Failure }
  /** A scope has failed, here or elsewhere, before this party was through with it: cancel what runs in it. */
  | { readonly type: 'scopeCancelled'; readonly scope: string; readonly failure: Failure }
  /** All parties have voted, and this one's program has left: this is the outcome of the scope everywhere. */
  | {
      readonly type: 'scopeEnded';
      readonly scope: string;
      readonly failure: Failure | null;
      readonly attached: readonly Failure[];
      /** Members that the run has lost before they had voted; absent for none. */
      readonly absent?: readonly Failure[];
    }
  /** All parties that are left go on without this one. */
  | { readonly type: 'excluded'; readonly party: PartyIndex; readonly failure: Failure }
  | { readonly type: 'ended'; readonly outcome: Outcome }
  /** Nobody needs this party any more: links may be closed. */
  | { readonly type: 'leave' };

export interface PeerView {
  readonly linkUp: boolean;
  /** Last sign of life; null before the first. */
  readonly heardAt: number | null;
  readonly suspect: boolean;
  /** By its last heartbeat: whether its program answers. */
  readonly answering: boolean;
  /** By its last heartbeat: since when its program has not been heard there. */
  readonly busy: Busy | null;
  readonly hello: Hello | null;
  readonly fin: Fin | null;
  readonly ready: boolean;
  readonly closed: boolean;
  /**
   * Messages that are said once: how many were sent to it, have come from it, and had been sent by what it says itself.
   */
  readonly said: number;
  readonly taken: number;
  readonly due: number;
  /** Since when fewer have come than were sent; null while none is missing. */
  readonly missingSince: number | null;
  /** Why this party has given up on it. */
  readonly lostAs: FailureCode | null;
  /** After this party's decision: the peer has closed its link, nothing more will come. */
  readonly gone: boolean;
}

/** A scope that this party's program has opened, or in which somebody has voted. */
export interface OpenScope {
  /** The parties that it includes, ascending. Nobody else votes, hears of it, or is waited for. */
  readonly members: readonly PartyIndex[];
  /** Members whose loss the scope outlives: if they are lost before they have voted, it goes on without their votes. */
  readonly tolerates: readonly PartyIndex[];
  /** This party's program has come to it. */
  readonly entered: boolean;
  /** By party; null where no vote has arrived. */
  readonly votes: readonly (Vote | null)[];
  /**
   * This party's program has left the scope. It may do so after the supervisor has voted for it (joined); until then
   * the scope is not over here, so that no late word of the program can be taken for another vote.
   */
  readonly left: boolean;
}

/** A conclave with which somebody is through, and not everybody, or not in the same way. */
export interface OpenConclave {
  /** Null until this party's own program is through. */
  readonly members: readonly PartyIndex[] | null;
  /** By party: how it came through. */
  readonly fins: readonly (Fin | null)[];
}

/** A party without which the run has gone on. */
export interface Absence {
  readonly party: PartyIndex;
  /** Why, as all survivors have agreed: its `origin` is that party. */
  readonly failure: Failure;
  /** The party itself has said that it leaves; otherwise it was lost, and may be alive where nobody sees it. */
  readonly leaving: boolean;
}

export type Phase = 'joining' | 'running' | 'closing' | 'aborting' | 'ended';

export interface CoreState {
  readonly config: CoreConfig;
  readonly phase: Phase;
  readonly startedAt: number;
  readonly hello: Hello | null;
  /** When this party first saw that hellos differ, while it waits for those that are missing. */
  readonly mismatchAt: number | null;
  readonly runId: string;
  /** One view for each party; the one at `self` is never read. */
  readonly peers: readonly PeerView[];
  readonly board: Board;
  /** How often the run has gone on without somebody: each time with an empty board. */
  readonly epoch: number;
  readonly absent: readonly Absence[];
  /** The latest known account of every party, this one included. */
  readonly reports: readonly (BoardReport | null)[];
  /**
   * Texts of what parties have sealed, or will have: null where none has come. Believed once the contribution names its
   * digest.
   */
  readonly texts: readonly (FailureText | null)[];
  /** By party: who has brought what it sealed, and who waits for the text of it; null for nobody yet. */
  readonly toldBy: readonly (PartyIndex | null)[];
  readonly wantedBy: readonly (readonly PartyIndex[])[];
  readonly trail: Trail;
  /** Scopes that are not concluded, by path. */
  readonly scopes: ReadonlyMap<string, OpenScope>;
  /** Scopes that are concluded here, and may not be so at every member yet. */
  readonly concluded: ReadonlyMap<string, OpenScope>;
  /** What has happened at this party since it has sealed: matters only if the run goes on. */
  readonly deferred: readonly CoreEvent[];
  /** Conclaves at whose end members have to be compared, by step. */
  readonly conclaves: ReadonlyMap<string, OpenConclave>;
  /** Set while this party waits for a peer to name the first difference. */
  readonly divergence: { readonly peer: PartyIndex; readonly giveUpAt: number } | null;
  /** Whether this party's program answers. */
  readonly answering: boolean;
  /** Since when it has not been heard; null while it answers. */
  readonly busy: Busy | null;
  readonly fin: Fin | null;
  readonly ready: boolean;
  /** Since when this party has confirmed the end, and waits for the others. */
  readonly readySince: number | null;
  readonly abortingSince: number | null;
  readonly endedAt: number | null;
  readonly outcome: Outcome | null;
  readonly left: boolean;
  readonly heartbeatAt: number;
  readonly lastTickAt: number;
}

export type { Board, Failure, FailureText, Fin, Outcome, TrailEntry, Vote };
