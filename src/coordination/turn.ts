/** One turn of the state machine: a draft of the next state, and the effects gathered on the way. */
import {
  boardDigest,
  type Contribution,
  component,
  cut,
  digestOf,
  isCut,
  join,
  seal,
  signedText,
} from './board.ts';
import { fitsBoard } from './board-wire.ts';
import { scopeViews, whoIsLeftOut } from './exclusion.ts';
import type { Failure } from './failure.ts';
import { bounded, type FailureText, split, textDigest, whole } from './failure-text.ts';
import { agreementMs, isCounted } from './phase-bounds.ts';
import type { Absence, Board, BoardReport, CoreState, Effect, Message, PeerView } from './types.ts';
import { completedOutcome, failedOutcome, isSettled, type Outcome, withTexts } from './verdict.ts';

type Draft = { -readonly [K in keyof CoreState]: CoreState[K] };

export class Turn {
  readonly next: Draft;
  readonly effects: Effect[] = [];
  readonly now: number;
  /** The board and the accounts that peers have been told of. */
  #told: Pick<CoreState, 'board' | 'reports'>;
  /** Set by {@link settle}: the members have agreed to go on without these. */
  leftOut: readonly Absence[] | null = null;

  constructor(state: CoreState, now: number) {
    this.#told = state;
    this.next = { ...state };
    this.now = now;
  }

  get self(): number {
    return this.next.config.self;
  }

  get selfName(): string {
    return this.name(this.self);
  }

  /** Whether the run may still complete: nothing was sealed, nothing decided. */
  get open(): boolean {
    return this.next.phase !== 'aborting' && this.next.phase !== 'ended';
  }

  /**
   * Whether this party issues no more steps in a branch: its program, or the conclave that the branch is, has ended.
   */
  hasEnded(branch: string): boolean {
    const conclave = branch.slice(0, Math.max(0, branch.lastIndexOf('/')));
    return this.next.fin !== null || Boolean(this.next.conclaves.get(conclave)?.members);
  }

  name(party: number): string {
    return this.next.config.parties[party] ?? '?';
  }

  /** All other parties that the run has not gone on without. */
  others(): readonly number[] {
    const { peers, absent } = this.next;
    return [...peers.keys()].filter((i) => i !== this.self && !absent.some(({ party }) => party === i));
  }

  /** The other parties whose link nobody has cut. */
  reachable(): readonly number[] {
    return this.others().filter((peer) => !isCut(this.next.board, this.self, peer));
  }

  peer(party: number): PeerView | undefined {
    return this.next.peers[party];
  }

  updatePeer(party: number, patch: Partial<PeerView>): void {
    const view = this.next.peers[party];
    if (view) this.next.peers = this.next.peers.with(party, { ...view, ...patch });
  }

  send(to: number, message: Message): void {
    if (!isCounted(message)) return void this.effects.push({ type: 'send', to, message });
    const number = (this.peer(to)?.said ?? 0) + 1;
    this.updatePeer(to, { said: number });
    this.effects.push({ type: 'send', to, message: { ...message, number } });
  }

  sendAll(message: Message): void {
    for (const peer of this.reachable()) this.send(peer, message);
  }

  /**
   * A failure that the core itself reports; its incident id follows from the run's nonce, so no randomness is needed.
   */
  failure(code: Failure['code'], origin: string, more: Partial<Failure> = {}): Failure {
    const incident = digestOf([this.next.config.nonce, code, origin, this.selfName]);
    return { code, origin, reporter: this.selfName, incident, ...more };
  }

  /**
   * Enters ABORTING, sealing this party's one contribution of this epoch. Later failures of this party do not change
   * it. `leaving`: this party takes no further part, whatever becomes of the run.
   */
  abort(failure: Failure | null, leaving = false): void {
    if (!this.open) return;
    const { epoch, ready } = this.next;
    const { nonce, signer, parties } = this.next.config;
    // A program that has not begun cannot be in a scope, and could not go on: the run fails for all.
    const scopes = this.next.phase === 'joining' ? null : scopeViews(this.next);
    this.next.phase = 'aborting';
    this.next.abortingSince = this.now;
    const whatFailed = failure && bounded(failure, parties.length);
    const { head, text } = whatFailed ? split(whatFailed) : { head: null, text: null };
    const words = {
      failure: head,
      ready,
      nonce,
      ...(epoch > 0 ? { epoch } : {}),
      ...(leaving ? { leaving } : {}),
    };
    const full = { ...words, ...(scopes?.length === 0 ? {} : { scopes }) };
    // Too much to be said in one place of the board: the run cannot go on without anybody.
    const said = fitsBoard(full, parties) ? full : { ...words, scopes: null };
    const contribution: Contribution = { ...said, signature: signer.sign(signedText(this.selfName, said)) };
    this.next.board = seal(this.next.board, this.self, contribution);
    if (text) this.#tellText(text);
    if (whatFailed) this.effects.push({ type: 'learned', failure: whatFailed });
  }

  /** Before the board that names it, so that it is there when a verdict is. */
  #tellText(text: FailureText): void {
    const { epoch, texts } = this.next;
    this.next.texts = texts.with(this.self, text);
    this.sendAll({ type: 'text', party: this.self, text, ...(epoch > 0 ? { epoch } : {}) });
  }

  /** A text has come, of what `party` has sealed or will have: from that party, or from one that passes it on. */
  takeText(from: number, party: number, text: FailureText): void {
    const { board, texts } = this.next;
    const failure = board.contributions[party]?.failure;
    if (party === this.self || (texts[party] && (failure || from !== party))) return;
    if (board.contributions[party] && failure?.said !== textDigest(text))
      return this.lose(from, 'PROTOCOL_VIOLATION', 'sent a text that its party did not sign');
    this.next.texts = texts.with(party, text);
    if (!failure) return;
    this.effects.push({ type: 'learned', failure: whole(failure, text) });
    for (const peer of this.next.wantedBy[party] ?? []) this.#passOn(peer, party, text);
    this.next.wantedBy = this.next.wantedBy.with(party, []);
  }

  /** What a party has sealed, with its text where that is known. */
  #failureOf(party: number): Failure | null {
    const failure = this.next.board.contributions[party]?.failure ?? null;
    return failure && whole(failure, this.next.texts[party]);
  }

  /** Gives up on a peer for good: its link counts as down, and nothing that it says is heard any more. */
  lose(peer: number, code: Failure['code'], reason: string): void {
    if (isCut(this.next.board, this.self, peer) || this.next.phase === 'ended') return;
    this.next.board = cut(this.next.board, this.self, peer);
    this.updatePeer(peer, { lostAs: code });
    this.effects.push({ type: 'peer', peer, state: 'lost', reason });
    const pair = [this.selfName, this.name(peer)].sort().join(' and ');
    const facts =
      code === 'AUTH_FAILED' ? { facts: `${pair}: one does not accept the key of the other` } : {};
    this.abort(this.failure(code, this.name(peer), facts));
  }

  /** Merges what a peer knows; news of any failure makes this party join the abort. */
  merge(from: number, board: Board, reports: readonly (BoardReport | null)[]): void {
    const known = this.next.board;
    const unproven = this.#unproven(board);
    if (unproven.some((party) => !this.#mayListOtherKey(from, party, board)))
      return this.lose(from, 'PROTOCOL_VIOLATION', 'sent a contribution that its party did not sign');
    this.next.board = join(known, board);
    this.next.reports = this.next.reports.map((mine, party) => {
      const theirs = reports[party] ?? null;
      return party !== this.self && theirs && theirs.version > (mine?.version ?? 0) ? theirs : mine;
    });
    for (const [party, contribution] of this.next.board.contributions.entries()) {
      if (!contribution || known.contributions[party]) continue;
      this.next.toldBy = this.next.toldBy.with(party, from);
      this.#forgetStrangeText(party, contribution);
      const failure = this.#failureOf(party);
      if (failure) this.effects.push({ type: 'learned', failure });
    }
    for (const peer of this.others()) {
      if (isCut(this.next.board, this.self, peer) && !isCut(known, this.self, peer)) {
        this.effects.push({ type: 'peer', peer, state: 'lost', reason: 'another party gave up on the link' });
      }
    }
    const [party] = unproven;
    if (this.next.board !== known) this.abort(party === undefined ? null : this.#keysDiffer(from, party));
  }

  /** A text that was passed on before its party had been heard, and is not what that party has signed. */
  #forgetStrangeText(party: number, { failure }: Contribution): void {
    const text = this.next.texts[party];
    if (text && failure?.said !== textDigest(text)) this.next.texts = this.next.texts.with(party, null);
  }

  /** The parties whose contributions are news here and are not provably their own, in this run. */
  #unproven(board: Board): readonly number[] {
    return [...board.contributions.entries()].flatMap(([party, contribution]) => {
      if (contribution === null || this.next.board.contributions[party]) return [];
      const hello = this.peer(party)?.hello;
      const isOfThisRun =
        (contribution.epoch ?? 0) === this.next.epoch && (!hello || hello.nonce === contribution.nonce);
      const text = signedText(this.name(party), contribution);
      const isSigned = () => this.next.config.signer.accepts(party, text, contribution.signature);
      return isOfThisRun && isSigned() ? [] : [party];
    });
  }

  /**
   * Whether a signature can be wrong because two federation files list different keys, so that nobody is to be accused:
   * before the run, of a party whose key this one has from its file alone, and only where something shows that a file
   * differs: the hello of `from`, or that this party and that one did not accept each other's key, by what either of
   * them says.
   */
  #mayListOtherKey(from: number, party: number, board: Board): boolean {
    const [mine, theirs] = [this.next.hello, this.peer(from)?.hello];
    const filesDiffer = Boolean(mine && theirs && mine.federation !== theirs.federation);
    const said = board.contributions[party]?.failure;
    const wasRefused =
      this.peer(party)?.lostAs === 'AUTH_FAILED' ||
      (said?.code === 'AUTH_FAILED' && said.origin === this.selfName);
    const hasMet = party === from || party === this.self || this.peer(party)?.heardAt !== null;
    const isNow = (board.contributions[party]?.epoch ?? 0) === this.next.epoch;
    return this.next.runId === '' && (filesDiffer || wasRefused) && !hasMet && isNow;
  }

  /** This party's own failure: it is the one that cannot check what the others can. */
  #keysDiffer(from: number, party: number): Failure {
    const pair = [this.selfName, this.name(from)].sort().join(' and ');
    const facts = `federation: the files of ${pair} list different keys of ${this.name(party)}`;
    return this.failure('PROGRAM_MISMATCH', this.selfName, { facts });
  }

  /** Ends the run as completed and tells everyone, so that nobody is left in doubt. */
  complete(): void {
    const { fin, runId } = this.next;
    if (this.next.phase === 'ended' || fin === null) return;
    this.#end(completedOutcome(runId, fin, this.#absentFailures()));
    this.sendAll({ type: 'closed' });
  }

  /** Decides if the component is stable, and floods what is new. Ends every turn. */
  settle(): void {
    if (this.next.phase === 'aborting') {
      this.#account(false);
      if (this.#isStable()) {
        this.#decide();
        this.#account(true);
      } else if (this.now >= (this.next.abortingSince ?? this.now) + this.#agreementMs) {
        this.#end({ ...this.#failed(), unconfirmed: true });
      }
    } else if (this.next.phase === 'ended' && this.next.outcome?.result === 'failed') {
      // A party that has ended without the others' word has not decided: nobody may follow it.
      this.#account(this.next.outcome.unconfirmed !== true);
    }
    if (this.#hasNews()) {
      const { board, reports, epoch } = this.next;
      this.sendAll({ type: 'board', board, reports, ...(epoch > 0 ? { epoch } : {}) });
      this.#told = { board, reports };
    }
  }

  /**
   * What follows from the board, here as at every member of the component: the end of the run, or its going on without
   * some.
   */
  #decide(): void {
    const leftOut = this.#leftOut();
    if (leftOut && !leftOut.some(({ party }) => party === this.self)) this.leftOut = leftOut;
    else this.#end(this.#failed());
  }

  get #agreementMs(): number {
    return agreementMs(this.next.config.bounds, this.next.config.parties.length);
  }

  /** The outcome by all that this party knows. */
  #failed(): Outcome {
    const { config, board, texts } = this.next;
    const outcome = failedOutcome(config.parties, board.contributions, this.#absentFailures());
    return withTexts(outcome, board.contributions, texts);
  }

  /**
   * Texts that are missing at the end come from the party that has brought their failure: the link to its origin may be
   * down.
   */
  #askForTexts(): void {
    const { epoch, toldBy } = this.next;
    for (const party of this.missingTexts()) {
      const peer = toldBy[party] ?? party;
      this.send(peer, { type: 'textWanted', party, ...(epoch > 0 ? { epoch } : {}) });
    }
  }

  /** Of which sealed failures the text has not come, and may still come from a peer that is there. */
  missingTexts(): readonly number[] {
    const { board, texts, toldBy } = this.next;
    return [...board.contributions.keys()].filter((party) => {
      const peer = toldBy[party] ?? null;
      if (board.contributions[party]?.failure?.said === undefined || texts[party] || peer === null)
        return false;
      return this.reachable().includes(peer) && this.peer(peer)?.gone === false;
    });
  }

  /** A peer asks for a text that it has not heard: now, or when it comes. */
  wantText(peer: number, party: number): void {
    const { board, texts, wantedBy } = this.next;
    const text = board.contributions[party] ? texts[party] : null;
    if (text) this.#passOn(peer, party, text);
    else if (!wantedBy[party]?.includes(peer))
      this.next.wantedBy = wantedBy.with(party, [...(wantedBy[party] ?? []), peer]);
  }

  #passOn(peer: number, party: number, text: FailureText): void {
    const { epoch } = this.next;
    if (this.reachable().includes(peer))
      this.send(peer, { type: 'text', party, text, ...(epoch > 0 ? { epoch } : {}) });
  }

  #leftOut(): readonly Absence[] | null {
    const { config, absent, board } = this.next;
    return whoIsLeftOut(config.parties, absent, board.contributions);
  }

  /** The next epoch has begun: nobody has been told anything of it yet. */
  beginEpoch(): void {
    this.leftOut = null;
    this.#told = { board: this.next.board, reports: this.next.reports };
  }

  #absentFailures(): readonly Failure[] {
    return this.next.absent.map(({ failure }) => failure);
  }

  /**
   * Whether the others have to hear from this party: its own account has changed, or, where a link is down, another's
   * account that may have no other way. With all links up everyone hears everyone's contribution at first hand, and
   * nobody can decide before all have sealed: what this party knows is of no use to them until it knows the last one.
   */
  #hasNews(): boolean {
    const { reports, board } = this.next;
    const { reports: before, board: known } = this.#told;
    if (board.cuts.some((row) => row.includes(true))) return !sameReports(reports, before);
    if (reports[this.self]?.version === before[this.self]?.version) return false;
    return known.contributions[this.self] === null || !board.contributions.includes(null);
  }

  /**
   * This party's own account of its board; a new version whenever the board, or the fact of having decided, changes.
   */
  #account(decided: boolean): void {
    const digest = boardDigest(this.next.board);
    const mine = this.next.reports[this.self];
    if (mine?.digest === digest && mine.decided === decided) return;
    const report = { version: (mine?.version ?? 0) + 1, digest, decided };
    this.next.reports = this.next.reports.with(this.self, report);
  }

  /**
   * Every party of this party's component has sealed and has reported the very board that this party has; or one of
   * them has decided; or no other verdict is possible any more. A decision proves that all contributions of the
   * component were known to all of it, or did not matter, so the contributions cannot have grown since: only links can
   * have been cut, and the verdict does not depend on those.
   */
  #isStable(): boolean {
    const { board, reports, config } = this.next;
    // Whether the run goes on depends on all that the contributions say, so for that everybody has to have all of them.
    if (isSettled(config.parties, board.contributions) && !this.#leftOut()) return true;
    const mine = reports[this.self]?.digest;
    const members = component(board, this.self);
    return (
      members.some((party) => reports[party]?.decided === true) ||
      members.every((party) => board.contributions[party] && reports[party]?.digest === mine)
    );
  }

  #end(outcome: Outcome): void {
    this.next.phase = 'ended';
    this.next.endedAt = this.now;
    this.next.deferred = [];
    this.next.outcome = outcome;
    if (outcome.result === 'failed') this.#askForTexts();
    this.effects.push({ type: 'ended', outcome });
  }
}

function sameReports(a: readonly (BoardReport | null)[], b: readonly (BoardReport | null)[]): boolean {
  return a.every((report, i) => report?.version === b[i]?.version);
}
