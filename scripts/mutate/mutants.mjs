// Defects of the coordination core, one by one: what a programmer in a hurry would write. `find` stands exactly once in the file;
// when the core changes so that it does not, `npm run mutate` says which entry has to follow.

/**
 * `equivalent`: why no checker can tell the defect from the core; `npm run mutate` fails when one can.
 * @type {readonly {file: string, find: string, replace: string, says: string, equivalent?: string}[]}
 */
export const mutants = [
  // turn.ts
  {
    file: 'turn.ts',
    says: 'news from a peer is merged but not passed on',
    find: 'if (this.#hasNews()) {',
    replace: 'if (this.#hasNews() && this.next.board.contributions[this.self]?.failure) {',
  },
  {
    file: 'turn.ts',
    says: 'accounts of others are not relayed where a link is down',
    find: 'if (board.cuts.some((row) => row.includes(true))) return !sameReports(reports, before);',
    replace:
      'if (board.cuts.some((row) => row.includes(true))) return reports[this.self]?.version !== before[this.self]?.version;',
  },
  {
    file: 'turn.ts',
    says: 'a party decides as soon as it has sealed itself',
    find: 'members.every((party) => board.contributions[party] && reports[party]?.digest === mine)',
    replace: 'board.contributions[this.self] !== null',
  },
  {
    file: 'turn.ts',
    says: 'stability looks at contributions only, not at what others have reported',
    equivalent:
      'Whatever crossed a cut into the component is on the board that announces the cut, so whoever knows all cuts around its component knows all contributions that anyone in it will ever know. The digests make the decision later, not different.',

    find: 'members.every((party) => board.contributions[party] && reports[party]?.digest === mine)',
    replace: 'members.every((party) => board.contributions[party])',
  },
  {
    file: 'turn.ts',
    says: 'stability looks at digests only, not at contributions',
    find: 'members.every((party) => board.contributions[party] && reports[party]?.digest === mine)',
    replace: 'members.every((party) => reports[party] === null || reports[party]?.digest === mine)',
  },
  {
    file: 'turn.ts',
    says: 'that another has decided is not taken as a reason to decide',
    find: 'members.some((party) => reports[party]?.decided === true) ||',
    replace: '',
  },
  {
    file: 'turn.ts',
    says: 'a decision is not announced',
    find: '        this.#account(true);\n      }\n',
    replace: '      }\n',
  },
  {
    file: 'turn.ts',
    says: 'after its decision a party does not say that it has decided',
    find: "    } else if (this.next.phase === 'ended' && this.next.outcome?.result === 'failed') {\n      this.#account(true);\n",
    replace:
      "    } else if (this.next.phase === 'ended' && this.next.outcome?.result === 'failed') {\n      this.#account(false);\n",
  },
  {
    file: 'turn.ts',
    says: 'the version of the own account does not grow',
    find: 'version: (mine?.version ?? 0) + 1',
    replace: 'version: 1',
  },
  {
    file: 'turn.ts',
    says: 'older accounts replace newer ones',
    find: 'theirs.version > (mine?.version ?? 0) ? theirs : mine',
    replace: 'theirs.version !== (mine?.version ?? 0) ? theirs : mine',
  },
  {
    file: 'turn.ts',
    says: 'READY is not sealed',
    find: '      ready,\n      nonce,\n      ...(epoch',
    replace: '      ready: false,\n      nonce,\n      ...(epoch',
  },
  {
    file: 'turn.ts',
    says: 'READY is sealed before it was sent',
    find: '      ready,\n      nonce,\n      ...(epoch',
    replace: '      ready: this.next.fin !== null,\n      nonce,\n      ...(epoch',
  },
  {
    file: 'turn.ts',
    says: 'a later failure of a party replaces its first',
    find: '  abort(failure: Failure | null, leaving = false): void {\n    if (!this.open) return;',
    replace:
      "  abort(failure: Failure | null, leaving = false): void {\n    if (this.next.phase === 'ended') return;\n    if (failure) this.next.board = { ...this.next.board, contributions: this.next.board.contributions.with(this.self, null) };",
  },
  {
    file: 'turn.ts',
    says: 'unsigned contributions are accepted',
    find: 'return this.next.config.signer.accepts(party, text, contribution.signature);',
    replace: 'return text !== contribution.signature;',
  },
  {
    file: 'turn.ts',
    says: 'news of an abort does not make a party join it',
    find: 'if (this.next.board !== known) this.abort(null);',
    replace: '',
  },
  {
    file: 'turn.ts',
    says: 'a lost peer is not cut',
    find: '    this.next.board = cut(this.next.board, this.self, peer);\n',
    replace: '',
  },
  {
    file: 'turn.ts',
    says: 'a lost peer is cut and nobody is told',
    find: '    this.abort(this.failure(code, this.name(peer)));\n',
    replace: '',
  },
  {
    file: 'turn.ts',
    says: 'a loss is reported as the own failure',
    find: 'this.abort(this.failure(code, this.name(peer)));',
    replace: 'this.abort(this.failure(code, this.selfName));',
  },
  {
    file: 'turn.ts',
    says: 'whoever completes keeps it for itself',
    find: "    this.sendAll({ type: 'closed' });\n",
    replace: '',
  },
  {
    file: 'turn.ts',
    says: 'a run that has failed may complete afterwards',
    find: "if (this.next.phase === 'ended' || fin === null) return;",
    replace: 'if (fin === null) return;',
  },
  {
    file: 'turn.ts',
    says: 'messages go also to peers that were given up, and not to the last party',
    find: 'for (const peer of this.reachable()) this.send(peer, message);',
    replace:
      'for (const peer of this.reachable().slice(0, Math.max(1, this.reachable().length - 1))) this.send(peer, message);',
  },
  {
    file: 'turn.ts',
    says: 'a link that others gave up on is not closed here',
    find: "this.effects.push({ type: 'peer', peer, state: 'lost', reason: 'another party gave up on the link' });",
    replace: '',
  },
  // board.ts
  {
    file: 'board.ts',
    says: 'cuts of others are not merged',
    find: 'if (cut || right.cuts[i]?.[j] !== true) return cut;',
    replace: 'if (cut || right.cuts[i]?.[j] !== true || i < right.cuts.length) return cut;',
  },
  {
    file: 'board.ts',
    says: "another's version of a contribution wins",
    find: 'if (mine !== null || theirs === null) return mine;',
    replace: 'if (theirs === null || theirs === mine) return mine;',
  },
  {
    file: 'board.ts',
    says: 'a link counts as down only for the end that gave up',
    find: 'return board.cuts[a]?.[b] === true || board.cuts[b]?.[a] === true;',
    replace: 'return board.cuts[a]?.[b] === true;',
  },
  {
    file: 'board.ts',
    says: 'the component is everyone',
    find: 'if (!isCut(board, at, other)) reached.add(other);',
    replace: 'reached.add(other);',
  },
  {
    file: 'board.ts',
    says: 'the component is only the direct neighbours',
    find: '  for (const at of reached) {\n    for (let other',
    replace: '  for (const at of [from]) {\n    for (let other',
  },
  {
    file: 'board.ts',
    says: 'the digest does not cover the contributions',
    find: 'board.contributions.map((c) => c && contributionFields(c)),',
    replace: 'board.contributions.length,',
  },
  // verdict.ts
  {
    file: 'verdict.ts',
    says: 'a mismatch does not go before other failures',
    find: 'if (MISMATCHES.has(failure.code)) return 0;',
    replace: 'if (MISMATCHES.has(failure.code)) return 1;',
  },
  {
    file: 'verdict.ts',
    says: 'a cancellation counts as any failure',
    find: "if (failure.code === 'CANCELLED') return 4;",
    replace: '',
  },
  {
    file: 'verdict.ts',
    says: 'a loss goes before own reports',
    find: 'if (!isLoss(failure)) return 1;',
    replace: 'if (!isLoss(failure)) return 3;',
  },
  {
    file: 'verdict.ts',
    says: 'two witnesses count as one',
    find: '.length >= 2 ? 2 : 3',
    replace: '.length >= 3 ? 2 : 3',
  },
  {
    file: 'verdict.ts',
    says: 'steps are not compared',
    find: '        compareSteps(a.failure, b.failure) ||\n',
    replace: '',
  },
  {
    file: 'verdict.ts',
    says: 'steps are compared as text',
    find: 'const difference = (left[i] ?? 0) - (right[i] ?? 0);',
    replace: 'const difference = String(left[i]) < String(right[i]) ? -1 : Number(left[i] !== right[i]);',
  },
  {
    file: 'verdict.ts',
    says: 'a failure outside any step goes first',
    find: 'return Number(a.stepId === undefined) - Number(b.stepId === undefined);',
    replace: 'return Number(b.stepId === undefined) - Number(a.stepId === undefined);',
  },
  {
    file: 'verdict.ts',
    says: 'the last party wins a tie',
    find: 'parties.indexOf(a.origin) - parties.indexOf(b.origin) ||',
    replace: 'parties.indexOf(b.origin) - parties.indexOf(a.origin) ||',
  },
  {
    file: 'verdict.ts',
    says: 'no doubt, ever',
    find: 'if (missing === -1 || first === undefined',
    replace: 'if (missing !== -2 || first === undefined',
  },
  {
    file: 'verdict.ts',
    says: 'doubt also where somebody had not confirmed',
    find: 'contributions.some((c) => c && !c.ready)',
    replace: 'contributions.every((c) => c && !c.ready)',
  },
  {
    file: 'verdict.ts',
    says: 'a party that lives is reported as lost',
    find: 'if (contributions[parties.indexOf(cause.origin)]) {',
    replace: 'if (contributions.length === 0) {',
  },
  // machine.ts
  {
    file: 'machine.ts',
    says: 'READY before all FINs have come',
    find: 'if (!turn.others().every((peer) => turn.peer(peer)?.fin)) return;',
    replace: 'if (!turn.others().some((peer) => turn.peer(peer)?.fin)) return;',
  },
  {
    file: 'machine.ts',
    says: 'completes with one READY missing',
    find: 'if (turn.others().every((peer) => turn.peer(peer)?.ready)) turn.complete();',
    replace: 'if (turn.others().filter((peer) => !turn.peer(peer)?.ready).length <= 1) turn.complete();',
  },
  {
    file: 'machine.ts',
    says: 'the digests of FIN are not compared',
    find: '(theirs.digest !== mine.digest || theirs.steps !== mine.steps)',
    replace: '(theirs.steps !== mine.steps)',
  },
  {
    file: 'machine.ts',
    says: 'the numbers of steps are not compared',
    find: 'if (theirs && (theirs.digest !== mine.digest || theirs.steps !== mine.steps)) {',
    replace: 'if (theirs && theirs.steps < 0) {',
  },
  {
    file: 'machine.ts',
    says: 'a peer that was given up is still heard',
    find: 'if (peer === turn.self || isCut(turn.next.board, turn.self, peer)) return;',
    replace: 'if (peer === turn.self) return;',
  },
  {
    file: 'machine.ts',
    says: 'the handshake starts without the last party',
    find: 'if (!hello) return;',
    replace: 'if (!hello) continue;',
  },
  {
    file: 'machine.ts',
    says: 'hellos are not compared',
    find: '  if (facts === null) return;\n',
    replace: '  if (facts !== undefined) return;\n',
  },
  {
    file: 'machine.ts',
    says: 'CLOSED is not believed',
    find: '      return turn.complete();\n',
    replace: '      return;\n',
  },
  {
    file: 'machine.ts',
    says: 'whoever completed does not tell those who ask',
    equivalent:
      'Whoever completes has told everyone that it had not given up, over links that lose nothing. A peer that still asks will hear that; one that was given up is not answered.',
    find: "if (turn.next.outcome?.result === 'completed') return turn.send(peer, { type: 'closed' });",
    replace: "if (turn.next.outcome?.result === 'completed') return;",
  },
  {
    file: 'machine.ts',
    says: 'a party leaves as soon as it has decided',
    find: 'if (!done && turn.now < endedAt + config.bounds.lingerMs) return;',
    replace: 'if (!done && turn.now < endedAt) return;',
  },
  {
    file: 'machine.ts',
    says: 'a party lingers twice as long',
    find: 'if (!done && turn.now < endedAt + config.bounds.lingerMs) return;',
    replace: 'if (!done && turn.now < endedAt + 2 * config.bounds.lingerMs) return;',
  },
  {
    file: 'machine.ts',
    says: 'a broken connection after the decision counts as a farewell',
    find: "else if (closed && turn.next.phase === 'ended')",
    replace: "else if (turn.next.phase === 'ended')",
  },
  {
    file: 'machine.ts',
    says: 'after leaving, a party still acts',
    find: '  if (state.left) return { state, effects: [], wakeAt: null };\n',
    replace: '',
  },
  {
    file: 'machine.ts',
    says: 'a failure while closing keeps its name',
    find: "return late ? { ...failure, code: 'FINALIZE_FAILED' } : failure;",
    replace: "return late ? { ...failure, code: 'TASK_FAILED' } : failure;",
  },
  // liveness.ts
  {
    file: 'liveness.ts',
    says: 'silence is never judged',
    find: '  for (const peer of turn.reachable()) judge(turn, peer);\n',
    replace: '',
  },
  {
    file: 'liveness.ts',
    says: 'the own stall is held against peers',
    find: '  forgiveOwnDelay(turn);\n',
    replace: '',
  },
  {
    file: 'liveness.ts',
    says: 'a peer is lost when it is suspected',
    find: 'if (silence >= lostAfterMs) {',
    replace: 'if (silence >= suspectAfterMs) {',
  },
  {
    file: 'liveness.ts',
    says: 'heartbeats come at half the rate, four times over',
    find: 'turn.next.heartbeatAt = turn.now + turn.next.config.bounds.heartbeatMs;',
    replace: 'turn.next.heartbeatAt = turn.now + 5 * turn.next.config.bounds.heartbeatMs;',
  },
  {
    file: 'liveness.ts',
    says: 'a late joiner is waited for as long as in a good run',
    find: 'return state.abortingSince === null ? joined : Math.min(joined, state.abortingSince + lateJoinMs);',
    replace: 'return lateJoinMs < 0 ? 0 : joined;',
  },
  {
    file: 'liveness.ts',
    says: 'whoever never joins is waited for',
    find: "if (turn.now >= joinDeadline(turn.next)) turn.lose(peer, 'JOIN_TIMEOUT', 'never joined');",
    replace: '',
  },
  {
    file: 'liveness.ts',
    says: 'no timer for silence',
    find: 'else wakes.push(view.heardAt + (view.suspect ? bounds.lostAfterMs : bounds.suspectAfterMs));',
    replace: 'else wakes.push(view.heardAt + 9 * bounds.lostAfterMs);',
  },
  {
    file: 'liveness.ts',
    says: 'no timer for joining',
    find: 'if (view.heardAt === null) wakes.push(joinDeadline(state));',
    replace: 'if (view.heardAt === null) continue;',
  },
  {
    file: 'liveness.ts',
    says: 'no timer for lingering',
    find: 'Math.min(...wakes, state.endedAt + bounds.lingerMs)',
    replace: 'Math.min(...wakes)',
  },
  {
    file: 'liveness.ts',
    says: 'no timer for a difference',
    find: '    if (state.divergence) wakes.push(state.divergence.giveUpAt);\n',
    replace: '',
  },
  {
    file: 'liveness.ts',
    says: 'no timer for the deadline of the run',
    find: '    wakes.push(state.startedAt + bounds.runDeadlineMs);\n',
    replace: '',
  },
  {
    file: 'liveness.ts',
    says: 'time that cannot decide anything wakes without end',
    find: 'if (i === self || isCut(state.board, self, i)) continue;',
    replace: 'if (i === self || state.board.cuts[self]?.[i] === true) continue;',
  },
  // scopes.ts
  {
    file: 'scopes.ts',
    says: 'a party votes twice',
    find: '  if (!hasVoted(turn, scope)) vote(turn, scope, null);\n',
    replace: '  vote(turn, scope, null);\n',
  },
  {
    file: 'scopes.ts',
    says: 'a second vote of a peer replaces its first',
    equivalent: 'A party votes once on a scope, and links deliver once: there is no second vote.',
    find: 'if (!turn.open || turn.next.scopes.get(scope)?.votes[peer]) return;',
    replace: 'if (!turn.open) return;',
  },
  {
    file: 'scopes.ts',
    says: 'a scope is over though the own program has not left it',
    find: 'if (!turn.open || !open?.left) return;',
    replace: 'if (!turn.open || !open) return;',
  },
  {
    file: 'scopes.ts',
    says: 'a scope is over with one vote missing',
    find: 'if (!open.members.every((member) => open.votes[member] || isMissing(member))) return;',
    replace:
      'if (open.members.filter((member) => !open.votes[member] && !isMissing(member)).length > 1) return;',
  },
  {
    file: 'scopes.ts',
    says: 'a vote is counted here and not sent',
    find: "    if (members.includes(peer)) turn.send(peer, { type: 'vote', scope, failure, ...some, ...early });\n",
    replace: '    if (members.length < 0) turn.send(peer, { type: "ready" });\n',
  },
  {
    file: 'scopes.ts',
    says: 'the failure of a peer does not cancel the scope here',
    find: "  turn.effects.push({ type: 'scopeCancelled', scope, failure });\n  vote(turn, scope, null);\n}",
    replace: '  vote(turn, scope, null);\n}',
  },
  {
    file: 'scopes.ts',
    says: 'joining a failed scope is not a vote',
    find: 'scope, failure });\n  vote(turn, scope, null);\n}',
    replace: 'scope, failure });\n}',
  },
  {
    file: 'scopes.ts',
    says: 'the first vote that came is the outcome',
    find: '[failure = null, ...attached] = rankFailures(turn.next.config.parties, failures)',
    replace: '[failure = null, ...attached] = rankFailures(turn.next.config.parties, failures).toReversed()',
  },
  // lockstep.ts and trail.ts
  {
    file: 'lockstep.ts',
    says: 'a peer that never answers on a difference is waited for',
    find: '  if (!waiting || !turn.open || turn.now < waiting.giveUpAt) return;\n',
    replace: '  if (!waiting || !turn.open || turn.now > 0) return;\n',
  },
  {
    file: 'lockstep.ts',
    says: 'a difference is not looked for when a peer says where it stands',
    find: "if (answer === 'different') return awaitDifference(turn, peer, head.branch, head.position);",
    replace: "if (answer === 'different') return;",
  },
  {
    file: 'lockstep.ts',
    says: 'a missing step at the end is overlooked',
    find: 'if (fin && mine && mine.position >= fin.steps)',
    replace: 'if (fin && mine && mine.position > fin.steps)',
  },
  {
    file: 'trail.ts',
    says: 'the step before the first difference is named',
    find: 'if (mine?.digest !== their.digest) return { stepId: their.stepId, mine, theirs: their };',
    replace:
      'if (mine?.digest !== their.digest) return { stepId: String(their.position - 1), mine, theirs: their };',
  },
];
