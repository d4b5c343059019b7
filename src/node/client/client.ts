/** The API of a node for programs; the command line asks with it, too. */
import { z } from 'zod';
import { systemClock } from '../../base/system.ts';
import { done, partnerView, scheduleView, statusView } from '../api/words.ts';
import type { Done, Followed, FollowedEnd, NodeStatus, PartnerView, Rows, ScheduleView } from './answers.ts';
import { type Answering, type Asking, answering } from './asking.ts';
import { type ChangesOptions, type FollowOptions, followChanges, type NodeChange } from './changes.ts';
import { followRun } from './follow.ts';
import { HttpAsking, type NodeAddress } from './http.ts';
import { DatasetCalls, GrantCalls } from './of-data.ts';
import { AuditCalls, TokenCalls } from './of-house.ts';
import { ProposalCalls } from './of-proposals.ts';
import { RuleCalls } from './of-rules.ts';
import { RunCalls } from './of-runs.ts';

const doneAnswer = answering<Done>()(done);
const statusAnswer = answering<NodeStatus>()(statusView);
const partnersAnswer = answering<Rows<PartnerView>>()(z.object({ rows: z.array(partnerView) }));
const schedulesAnswer = answering<Rows<ScheduleView>>()(z.object({ rows: z.array(scheduleView) }));
const anything = { safeParse: (data: unknown) => ({ success: true, data }) };

/**
 * A node, as those may ask it who have a token. Each call is one request to the address of its API; what it answers is
 * checked. The right that a call needs is one of docs/node.md.
 *
 * Errors of all calls, beside those that are named: PRIVITY_NODE_UNREACHABLE (it does not answer, or is no node of this
 * version), PRIVITY_TOKEN_INVALID, PRIVITY_TOKEN_RIGHT, PRIVITY_API_INVALID; if the signal of the client is aborted,
 * its reason.
 */
export class NodeClient {
  /** Where its API is. */
  readonly url: string;
  /** Its proposals. */
  readonly proposals: ProposalCalls;
  /** Its runs. */
  readonly runs: RunCalls;
  /** Tables of its party. */
  readonly datasets: DatasetCalls;
  /** What partners may ask of them. */
  readonly grants: GrantCalls;
  /** What people have decided about proposals to come. */
  readonly rules: RuleCalls;
  /** Who has done what. */
  readonly audit: AuditCalls;
  /** Who may ask it. */
  readonly tokens: TokenCalls;
  readonly #http: HttpAsking;
  readonly #ask: Asking;

  /** @internal */
  constructor(at: NodeAddress, ask?: Asking) {
    this.url = at.url;
    this.#http = new HttpAsking(at);
    this.#ask = ask ?? this.#http;
    this.proposals = new ProposalCalls(this.#ask);
    this.runs = new RunCalls(this.#ask);
    this.datasets = new DatasetCalls(this.#ask);
    this.grants = new GrantCalls(this.#ask);
    this.rules = new RuleCalls(this.#ask);
    this.audit = new AuditCalls(this.#ask);
    this.tokens = new TokenCalls(this.#ask);
  }

  /** How the node is, what runs, what waits. Right: `read`. */
  status(): Promise<NodeStatus> {
    return this.#ask.json({ method: 'get', path: '/status' }, statusAnswer);
  }

  /** The other parties: the link to each, and what it has published for this party. Right: `read`. */
  partners(): Promise<Rows<PartnerView>> {
    return this.#ask.json({ method: 'get', path: '/partners' }, partnersAnswer);
  }

  /** Approved proposals that run again and again, and when they are due. Right: `read`. */
  schedules(): Promise<Rows<ScheduleView>> {
    return this.#ask.json({ method: 'get', path: '/schedules' }, schedulesAnswer);
  }

  /**
   * Ends the node. Runs go on, and are found when it starts again. With `port` the port for partners is given up, too.
   * Right: `administer`.
   */
  stop(options: { readonly port?: boolean | undefined } = {}): Promise<Done> {
    return this.#ask.json({ method: 'post', path: '/stop', body: options }, doneAnswer);
  }

  /**
   * What changes at the node, as it comes. The first change has the topic `lost`, unless `after` is given: from then on
   * nothing is missed, and what was before is in the lists. A connection that breaks is made again, and goes on behind
   * the last change; where that cannot be done there is another `lost`. Right: `read`.
   *
   * @throws {EnvironmentError} PRIVITY_NODE_UNREACHABLE: the node was not there, or has been gone for `goneMs`
   */
  changes(options: ChangesOptions = {}): AsyncIterable<NodeChange> {
    return followChanges(this.#http, systemClock, options);
  }

  /**
   * What becomes of a proposal or a run, as it happens, to its end: of a proposal its decisions and its next run, with
   * all attempts. A node that is started again meanwhile is asked again. To stop reading ends the following, not the
   * run. Costs the node some milliseconds a second. Right: `read`.
   *
   * @throws {PrivityError} PRIVITY_PROPOSAL_UNKNOWN, PRIVITY_RUN_UNKNOWN; PRIVITY_NODE_UNREACHABLE: the node was not
   *   there, or has been gone for `goneMs`
   */
  follow(id: string, options: FollowOptions = {}): AsyncIterable<Followed> {
    return followRun(this, systemClock, id, options);
  }

  /**
   * Waits until a proposal or a run has ended, and gives what came of it. A run that has failed is no error: `run` says
   * it, and `run` is null if there was none, such as of a proposal that was refused. Right: `read`.
   *
   * @throws {PrivityError} as {@link NodeClient.follow}; the reason of the signal, if that is aborted
   */
  async waitFor(id: string, options: FollowOptions = {}): Promise<FollowedEnd> {
    const looks = followRun(this, systemClock, id, options);
    let end = await looks.next();
    while (!end.done) end = await looks.next();
    if (end.value === undefined) throw options.signal?.reason;
    const { proposal, run } = end.value;
    const value = run?.state === 'completed' ? await this.runs.result(run.runId) : undefined;
    return { proposal, run, value };
  }

  /** @internal For tests, and for commands that ask what has no call. */
  get<T>(path: string, query: object = {}): Promise<T> {
    return this.#http.json({ method: 'get', path, query }, anything as Answering<T>);
  }

  /** @internal The same. */
  post<T>(path: string, body: object = {}): Promise<T> {
    return this.#http.json({ method: 'post', path, body }, anything as Answering<T>);
  }

  /** @internal The same. */
  delete<T>(path: string): Promise<T> {
    return this.#http.json({ method: 'delete', path }, anything as Answering<T>);
  }
}
