import { z } from 'zod';
import {
  checkedProposal,
  done,
  jobFiles,
  proposalPage,
  proposalView,
  type proposeBody,
  rehearsedView,
} from '../api/words.ts';
import type { ProposalState } from '../model/records.ts';
import type {
  Done,
  JobFiles,
  Page,
  ProposalSummary,
  ProposalView,
  RehearsalOptions,
  RehearsedView,
} from './answers.ts';
import { type Asking, answering, type DeepReadonly } from './asking.ts';

const doneAnswer = answering<Done>()(done);
const pageAnswer = answering<Page<ProposalSummary>>()(proposalPage);
const viewAnswer = answering<ProposalView>()(proposalView);
const filesAnswer = answering<JobFiles>()(jobFiles);
const checkedAnswer = answering<{ readonly warnings: readonly string[] }>()(checkedProposal);
const rehearsedAnswer = answering<RehearsedView>()(rehearsedView);
const madeAnswer = answering<{ readonly id: string }>()(z.object({ id: z.string() }));

/** A job as it is proposed: {@link packJob} makes it of a job file. */
export interface PackedJob {
  /** Those of the job, in the order of the federation. */
  readonly parties: readonly string[];
  /** The job file within the bundle, and its hash, which the parties of a run compare. */
  readonly job: {
    readonly file: string;
    readonly hash: string;
    /** That it imports, and their versions here. */
    readonly packages?: Readonly<Record<string, string>> | undefined;
  };
  /** The job's own files, packed, in base64. */
  readonly bundle: string;
  /** All that it may disclose, as a contract file has it. */
  readonly contract: unknown;
}

/** What is proposed. */
export interface ProposeOptions extends PackedJob {
  /** For people. */
  readonly title: string;
  /** What the run is for; grants are for a purpose. */
  readonly purpose: string;
  /** Public arguments. */
  readonly args?: Readonly<Record<string, unknown>> | undefined;
  /** By party: which of its datasets is which private setting of the job. */
  readonly datasets?: Readonly<Record<string, Readonly<Record<string, string>>>> | undefined;
  /** By party: settings that are files which the job writes there, and their names in the folder of results. */
  readonly outputs?: Readonly<Record<string, Readonly<Record<string, string>>>> | undefined;
  /** Columns of the tables, by party and setting, for those who repeat the rehearsal; all parties read them. */
  readonly schemas?: RehearsalOptions['schemas'];
  /** When it runs again without asking again; `until` is in milliseconds since 1970. Default: it runs once. */
  readonly schedule?:
    | {
        readonly cron: string;
        readonly timezone: string;
        readonly until: number;
        readonly occurrencesMax: number;
      }
    | undefined;
  /** Attempts of one occurrence, where the verdict says that the whole run may be tried again. Default: 1. */
  readonly attemptsMax?: number | undefined;
  /** How long it may wait for decisions, and its runs may begin, in milliseconds; half a year at most. */
  readonly validMs: number;
}

/** Which proposals. */
export interface ProposalQuery {
  /** Only those that stand so. */
  readonly state?: ProposalState | undefined;
  /** `next` of the page before. */
  readonly before?: number | undefined;
  /** Rows of the page, 1 to 500. Default: 50. */
  readonly limit?: number | undefined;
}

/** Proposals of a node. They are named by their id, or by its beginning, eight characters or more. */
export class ProposalCalls {
  readonly #ask: Asking;

  /** @internal */
  constructor(ask: Asking) {
    this.#ask = ask;
  }

  /** A page of proposals, the newest first. Right: `read`. */
  list(query: ProposalQuery = {}): Promise<Page<ProposalSummary>> {
    return this.#ask.json({ method: 'get', path: '/proposals', query }, pageAnswer);
  }

  /**
   * One proposal: what it would disclose, in sentences for this party, and what its proposer has learnt before. Right:
   * `read`.
   *
   * @throws {PrivityError} PRIVITY_PROPOSAL_UNKNOWN
   */
  show(id: string): Promise<ProposalView> {
    return this.#ask.json({ method: 'get', path: '/proposals/{id}', in: { id } }, viewAnswer);
  }

  /**
   * Looks at all that {@link ProposalCalls.propose} looks at. Nothing is stored, nothing is sent. Right: `propose`.
   *
   * @throws {PrivityError} as {@link ProposalCalls.propose}
   */
  check(options: ProposeOptions): Promise<{ readonly warnings: readonly string[] }> {
    return this.#ask.json({ method: 'post', path: '/proposals/check', body: options }, checkedAnswer);
  }

  /**
   * The files of the proposed job; with `contents` also what is in them, in base64. Right: `read`.
   *
   * @throws {PrivityError} PRIVITY_PROPOSAL_UNKNOWN, PRIVITY_PROPOSAL_BUNDLE
   */
  files(
    id: string,
    { contents = false }: { readonly contents?: boolean | undefined } = {},
  ): Promise<JobFiles> {
    const query = { contents: String(contents) };
    return this.#ask.json({ method: 'get', path: '/proposals/{id}/files', in: { id }, query }, filesAnswer);
  }

  /**
   * Proposes a run to the parties that it concerns. It is stored before this resolves, and sent until each partner has
   * it. Right: `propose`.
   *
   * @throws {PrivityError} PRIVITY_PROPOSAL_INVALID, PRIVITY_PROPOSAL_BUNDLE, PRIVITY_API_INVALID
   */
  propose(options: ProposeOptions): Promise<{ readonly id: string }> {
    const body: DeepReadonly<z.input<typeof proposeBody>> = options;
    return this.#ask.json({ method: 'post', path: '/proposals', body }, madeAnswer);
  }

  /**
   * Runs the job of an open proposal on made-up rows, in a sandbox of the node, and compares what it discloses with its
   * contract. Nothing is approved by it. Takes up to some minutes; one at a time. Right: `decide`.
   *
   * @throws {PrivityError} PRIVITY_PROPOSAL_UNKNOWN, PRIVITY_PROPOSAL_STATE, PRIVITY_SANDBOX_MISSING,
   *   PRIVITY_REHEARSAL_BUSY, PRIVITY_JOB_PACKAGE, and others of a rehearsal
   */
  rehearse(id: string, options: RehearsalOptions = {}): Promise<RehearsedView> {
    const path = '/proposals/{id}/rehearse';
    return this.#ask.json({ method: 'post', path, in: { id }, body: options }, rehearsedAnswer);
  }

  /**
   * This party's yes. Right: `decide`.
   *
   * @throws {PrivityError} PRIVITY_PROPOSAL_UNKNOWN; PRIVITY_PROPOSAL_STATE: it is decided, or over;
   *   PRIVITY_PROPOSAL_OWN: by the person who has proposed it; PRIVITY_GRANT_MISSING and others: what keeps this party
   */
  approve(id: string, reason = ''): Promise<Done> {
    return this.#decide('/proposals/{id}/approve', id, reason);
  }

  /**
   * This party's no, which stands, and ends what runs of it. Right: `decide`.
   *
   * @throws {PrivityError} PRIVITY_PROPOSAL_UNKNOWN, PRIVITY_PROPOSAL_STATE
   */
  refuse(id: string, reason = ''): Promise<Done> {
    return this.#decide('/proposals/{id}/refuse', id, reason);
  }

  /**
   * Takes this party's own proposal back. Right: `propose`.
   *
   * @throws {PrivityError} PRIVITY_PROPOSAL_UNKNOWN, PRIVITY_PROPOSAL_STATE
   */
  withdraw(id: string, reason = ''): Promise<Done> {
    return this.#decide('/proposals/{id}/withdraw', id, reason);
  }

  #decide(path: string, id: string, reason: string): Promise<Done> {
    return this.#ask.json({ method: 'post', path, in: { id }, body: { reason } }, doneAnswer);
  }
}
