/** The life of a party's program process, from its start to its end: what it says, whether it answers, how it is ended. */
import { dirname, resolve } from 'node:path';
import type { Timer } from '../contracts/index.ts';
import type { CoreEvent, CoreState, Outcome } from '../coordination/types.ts';
import type { Announcer } from './announcer.ts';
import type { Bounds } from './bounds.ts';
import type { Chronicle } from './chronicle.ts';
import type { FromProgram, StepNews, ToProgram } from './ipc.ts';
import type { PartyOptions } from './options.ts';
import type { OwnFailures } from './own-failures.ts';
import type { Planes, ProgramChild, SupervisorPlatform } from './platform.ts';
import { describeExit, type ProgramExit } from './program-exit.ts';
import { ProgramWatch } from './program-watch.ts';
import type { RunRecord } from './reclaim.ts';
import type { Recorder } from './recorder.ts';
import { Waits } from './waits.ts';

export interface ProgramLifeOptions<Child extends ProgramChild> {
  readonly platform: SupervisorPlatform<Child>;
  readonly party: PartyOptions;
  readonly parties: readonly string[];
  readonly bounds: Bounds;
  readonly record: RunRecord;
  readonly recorder: Recorder;
  readonly chronicle: Chronicle;
  readonly say: Announcer;
  readonly own: OwnFailures;
  readonly dispatch: (event: CoreEvent) => void;
  /** The job is loaded: this party can say hello. */
  readonly loaded: (jobHash: string, argsDigest: string) => void;
}

export class ProgramLife<Child extends ProgramChild> {
  readonly waits: Waits;
  readonly #options: ProgramLifeOptions<Child>;
  readonly #watch: ProgramWatch;
  #process: Child | undefined;
  #jobHash: string | null = null;
  #result: unknown;
  #saidGoodbye = false;
  #isOver = false;

  constructor(options: ProgramLifeOptions<Child>) {
    this.#options = options;
    this.waits = new Waits(options.parties, (stepId) => options.recorder.nameOf(stepId));
    this.#watch = new ProgramWatch({
      clock: options.platform.clock,
      stepDeadlineMs: options.bounds.stepDeadlineMs,
      ask: () => this.send({ type: 'ping' }),
      answering: (answers) => options.dispatch({ type: 'answering', answers }),
      expired: (stepId, isStuck) => this.#expired(stepId, isStuck),
    });
    options.record.hold('timer', 'program watch', () => this.#watch.stop());
  }

  get jobHash(): string | null {
    return this.#jobHash;
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** What the job returned here, as JSON. */
  get result(): unknown {
    return this.#result;
  }

  send(message: ToProgram): void {
    this.#process?.send(message);
  }

  /** Starts the process and has it load the job. */
  async start(tempDir: string): Promise<void> {
    const { party: options, platform, parties, bounds, record, say, own } = this.#options;
    const program = await platform.spawnProgram(dirname(resolve(options.jobFile)), tempDir, {
      onMessage: (message) => this.#take(message),
      onLine: (message) => say.emit({ event: 'log', level: 'info', message }),
      onExit: (exit) => this.#exited(exit),
    });
    this.#process = program;
    record.hold('program process', String(program.pid), async () => {
      program.killTree();
      const members = await program.treeGone();
      if (members.length > 0) throw new Error(`processes ${members.join(', ')} are still there`);
    });
    const { party, jobFile, args, settings, errorDetail, plaintext = false } = options;
    const { federation, identity, listen } = options;
    program.send({
      type: 'load',
      party,
      parties,
      jobFile: resolve(jobFile),
      args,
      settings,
      errorDetail,
      plaintext,
      tempDir,
      dataLinkMs: bounds.dataLinkMs,
      lastWord: { party, federation, identity, listen, lostAfterMs: bounds.lostAfterMs },
    });
    // Told only now: whoever sees it can rely on the process knowing its last word.
    say.emit({ event: 'process.started', role: 'program', pid: program.pid });
    const limit = platform.clock.after(bounds.loadMs, () => {
      if (this.#jobHash !== null) return;
      own.failed('SETUP_FAILED', `the job was not loaded within ${bounds.loadMs} ms`);
    });
    record.hold('timer', 'load', () => limit.cancel());
  }

  /** All parties are there: lets the program begin. */
  begin(runId: string, planes: Planes<Child>): void {
    const { federation, identity } = this.#options.party;
    this.send({ type: 'start', runId, federation, identity });
    if (this.#process) planes.handDataTo(this.#process);
    this.#watch.start();
  }

  /** The run is decided: whatever the program does from now on is no failure. */
  over(state: CoreState): void {
    this.#isOver = true;
    this.#watch.stop();
    this.waits.over(state, this.#options.platform.clock.now());
  }

  /** Ends the process tree at once. */
  kill(): void {
    this.#process?.killTree();
  }

  /** After the verdict: the job's own clean-up has `graceMs`, then the whole process tree is ended. */
  async end(outcome: Outcome): Promise<void> {
    const program = this.#process;
    if (!program) return;
    const { bounds, platform, say, chronicle, party } = this.#options;
    program.send(outcome.result === 'completed' ? { type: 'close' } : { type: 'abort', outcome });
    let timer: Timer | undefined;
    const late = new Promise<'late'>((done) => {
      timer = platform.clock.after(bounds.graceMs, () => done('late'));
    });
    const killed = party.kill?.aborted === true;
    if (killed || (await Promise.race([program.exited, late])) === 'late') {
      if (!killed) {
        const message = `the program did not end within the grace period of ${bounds.graceMs} ms and was killed`;
        say.warn(message);
      }
      chronicle.note({ what: 'killed' });
      program.killTree();
      await program.exited;
    }
    timer?.cancel();
  }

  #take(message: FromProgram): void {
    const { dispatch, say, own, record, parties, chronicle, platform } = this.#options;
    switch (message.type) {
      case 'loaded':
        this.#jobHash = message.jobHash;
        return this.#options.loaded(message.jobHash, message.argsDigest);
      case 'failed':
        say.awaitDetail(message.failure);
        return dispatch({ type: 'failed', failure: message.failure });
      case 'scopeFailed':
        say.awaitDetail(message.failure);
        return dispatch({ type: 'scopeFailed', scope: message.scope, failure: message.failure });
      case 'scopeLeft':
      case 'conclaveLeft':
        return dispatch(message);
      case 'detail':
        return say.failure(message.failure, message.detail, message.chain);
      case 'diverged': {
        const { branch, position } = message;
        return dispatch({ type: 'diverged', peer: parties.indexOf(message.peer), branch, position });
      }
      case 'silent':
        return own.silent(message.peer);
      case 'orphaned':
        return dispatch({ type: 'lost', peer: parties.indexOf(message.peer), code: 'PEER_CRASHED' });
      case 'refused':
        say.emit({ event: 'log', level: 'error', message: message.message });
        return dispatch({ type: 'lost', peer: parties.indexOf(message.peer), code: message.code });
      case 'news':
        return this.#news(message.news);
      case 'pong':
        return this.#watch.answered();
      case 'waiting':
        return this.waits.take(message.waits, platform.clock.now());
      case 'finished':
        this.#result = message.result;
        this.waits.through(platform.clock.now());
        chronicle.note({ what: 'through' });
        return dispatch({ type: 'finished', fin: message.fin });
      case 'closed':
        this.#saidGoodbye = true;
        record.count(message.reclaimed);
    }
  }

  #news(news: readonly StepNews[]): void {
    const { recorder, dispatch } = this.#options;
    const entries = news.flatMap((item) => (item.news === 'issued' ? [item.entry] : []));
    for (const item of news) {
      recorder.take(item);
      // Only tasks have a deadline of their own: the other kinds of steps wait for peers, who have theirs.
      if (item.news === 'started' && recorder.kindOf(item.stepId) === 'task')
        this.#watch.stepStarted(item.stepId);
      if (item.news !== 'finished') continue;
      this.#watch.stepFinished(item.stepId);
      this.waits.stepFinished(item.stepId);
    }
    if (entries.length > 0) dispatch({ type: 'steps', entries });
  }

  #expired(stepId: string | null, isStuck: boolean): void {
    const { own, bounds } = this.#options;
    if (stepId === null) {
      const facts = `the program has not answered for the step deadline of ${bounds.stepDeadlineMs} ms`;
      return own.failed('STALLED', facts);
    }
    const words = isStuck ? 'and its program does not answer' : 'and goes on';
    const facts = `the step is past its deadline of ${bounds.stepDeadlineMs} ms ${words}`;
    own.failed(isStuck ? 'STALLED' : 'DEADLINE_EXCEEDED', facts, '', stepId);
  }

  /** The program process is gone. Unless it had said goodbye, this is what the others must hear of. */
  #exited(exit: ProgramExit): void {
    const { say, own } = this.#options;
    const pid = this.pid ?? 0;
    say.emit({ event: 'process.exited', role: 'program', pid, code: exit.code, signal: exit.signal });
    say.failuresAwaited();
    if (this.#saidGoodbye || this.#isOver) return;
    const { code, facts } = describeExit(exit);
    own.failed(code, facts, exit.code === null ? '' : `exit code ${exit.code}`, undefined, true);
  }
}
