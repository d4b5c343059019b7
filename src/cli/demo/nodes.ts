/** `privity demo nodes`: three nodes on this machine, led through a proposal, a run, and a run that fails. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { InternalError } from '../../base/errors.ts';
import { failureCodes } from '../../base/failure-codes.ts';
import { ignored } from '../../base/ignored.ts';
import { jsonLine } from '../../base/steering.ts';
import { startDetached } from '../node/detach.ts';
import { createStyle } from '../output/style.ts';
import type { Shell } from '../shell.ts';
import { CLINICS, type Clinic, writeClinics } from './clinics.ts';
import { endNodes } from './end-nodes.ts';

export interface DemoFlags {
  readonly keep?: boolean;
  readonly json?: boolean;
}

/** Runs a command line in this process. */
export type RunLine = (shell: Shell, words: readonly string[]) => Promise<number>;

/** The run that is killed would take so long. */
const PAUSE_MS = 60_000;
/** Between two looks at a node that does something else meanwhile. */
const LOOK_MS = 200;
/** For something that takes milliseconds on an idle machine. */
const PATIENCE_MS = 60_000;
const PURPOSE = 'waiting times of the region';
const STOPPED = failureCodes.CANCELLED.exit;

/** Resolves to the exit code. */
export async function demoNodesCommand(shell: Shell, flags: DemoFlags, runLine: RunLine): Promise<number> {
  const stopping = new AbortController();
  const unwatch = shell.onStopSignal(() => {
    if (stopping.signal.aborted) shell.exitNow(STOPPED);
    stopping.abort();
  });
  const stopped = new Promise<'stopped'>((resolve) => {
    stopping.signal.addEventListener('abort', () => resolve('stopped'), { once: true });
  });
  const folder = await mkdtemp(join(tmpdir(), 'privity-'));
  const tour = new Tour(shell, flags, folder, runLine, stopping.signal);
  let isLeft = false;
  try {
    const end = await Promise.race([tour.lead(), stopped]);
    if (end === 'stopped') return STOPPED;
    isLeft = flags.keep === true;
    if (isLeft) tour.sayKept();
    return 0;
  } finally {
    if (!isLeft) {
      await ignored(tour.starting, 'a node that did not start needs no end');
      await endNodes(CLINICS.map((clinic) => join(folder, clinic)));
      await rm(folder, { recursive: true, force: true, maxRetries: 3 });
      if (!flags.json) shell.out.write('\nThe three nodes have ended, and their folder is removed.\n');
    }
    unwatch();
  }
}

/** What is shown, one command after the other. */
class Tour {
  readonly #shell: Shell;
  readonly #flags: DemoFlags;
  readonly #folder: string;
  readonly #runLine: RunLine;
  readonly #stopped: AbortSignal;
  /** Nodes that are about to serve: before that nobody can tell them to end. */
  starting: Promise<unknown> = Promise.resolve();

  constructor(shell: Shell, flags: DemoFlags, folder: string, runLine: RunLine, stopped: AbortSignal) {
    this.#shell = shell;
    this.#flags = flags;
    this.#folder = folder;
    this.#runLine = runLine;
    this.#stopped = stopped;
  }

  async lead(): Promise<void> {
    this.#say(
      'Three clinics, alice, bob and carol, want the mean waiting time of all their patients. Each has a node, here on',
      `this machine, with a key and made-up patients of its own, in ${this.#folder}.`,
    );
    await writeClinics(this.#folder, this.#shell.clock);
    const start = (clinic: Clinic) =>
      startDetached(
        { entry: this.#shell.entry, cwd: this.#own(clinic) },
        join(this.#own(clinic), 'node.yaml'),
        join(this.#own(clinic), 'state'),
      );
    if (this.#stopped.aborted) return;
    for (const clinic of CLINICS) this.#show(clinic, ['node', 'start', '--detach']);
    const starts = CLINICS.map(start);
    this.starting = Promise.allSettled(starts);
    await Promise.all(starts);
    await this.#grant();
    const first = await this.#propose('waiting times', 0);
    this.#say(
      'Nothing has run yet. At bob, a person sees what it would tell, and what alice has learnt of his data before:',
    );
    await this.#do('bob', ['proposals', 'show', first]);
    this.#say(
      'All three say yes; then the run starts by itself, at all of them at once. Here one person plays all parts: that',
      'alice approves what she has proposed herself, her node file allows (selfApproval), which it does not by default.',
    );
    await this.#approve(first);
    await this.#do('alice', ['runs', 'follow', first]);
    await this.#do('bob', ['runs', 'list', '--config', 'node.yaml']);
    await this.#prove(`${first}-1-1`);
    await this.#fail();
  }

  sayKept(): void {
    const own = this.#own('alice');
    this.#say(
      'The nodes stay up. To talk to one, go into its folder:',
      `  cd ${own} && privity node status`,
      'Its API, with its token:',
      `  curl -s -H "Authorization: Bearer $(cat ${own}/state/admin.token)" $(grep -o 'http[^"]*' ${own}/state/api.json)/api/v1/status`,
      'To end all of it:',
      `  for clinic in ${CLINICS.join(' ')}; do (cd ${this.#folder}/$clinic && privity node stop); done; rm -r ${this.#folder}`,
    );
  }

  async #grant(): Promise<void> {
    this.#say(
      'Each names its table as a dataset. Bob and carol grant alice one purpose, and ten runs; without a grant nobody',
      'there could approve what she asks for.',
    );
    for (const clinic of CLINICS) await this.#do(clinic, ['datasets', 'add', 'waits', 'waits.csv'], 0, true);
    const words = ['grants', 'add', '--dataset', 'waits', '--partner', 'alice', '--purpose', PURPOSE];
    for (const clinic of ['bob', 'carol'] as const)
      await this.#do(clinic, [...words, '--runs', '10'], 0, true);
    await this.#until('partners have published', async () =>
      (await this.#quiet('alice', ['datasets', 'schemas', ...SETTINGS])).code === 0 ? true : undefined,
    );
    this.#say(
      'Alice rehearses her job on rows made up from what is published, which says what it discloses. That list is the',
      'contract: she proposes it, the others approve it, and nothing else will leave any of them.',
    );
    const schemas = await this.#quiet('alice', ['datasets', 'schemas', ...SETTINGS]);
    await writeFile(join(this.#own('alice'), 'schemas.yaml'), schemas.out);
    this.#show('alice', ['datasets', 'schemas', ...SETTINGS, '>', 'schemas.yaml']);
    await this.#do('alice', ['contract', 'make', 'job.ts', '--schema', 'schemas.yaml', '--rows', '20,40']);
  }

  async #propose(title: string, pauseMs: number): Promise<string> {
    const words = [
      'propose',
      'job.ts',
      '--title',
      title,
      '--purpose',
      PURPOSE,
      '--arg',
      `pauseMs=${pauseMs}`,
    ];
    for (const setting of SETTINGS) words.push('--dataset', setting);
    this.#show('alice', words);
    const { code, out } = await this.#quiet('alice', [...words, '--json']);
    if (code !== 0) throw new InternalError('the demonstration could not propose its job');
    const { id } = JSON.parse(out) as { readonly id: string };
    if (!this.#flags.json) this.#shell.out.write(`proposed ${id}\n`);
    for (const clinic of CLINICS)
      await this.#until(`${clinic} has the proposal`, async () =>
        (await this.#quiet(clinic, ['proposals', 'show', id])).code === 0 ? true : undefined,
      );
    return id;
  }

  async #approve(id: string): Promise<void> {
    for (const clinic of CLINICS) await this.#do(clinic, ['approve', id]);
  }

  async #prove(run: string): Promise<void> {
    this.#say(
      'What proves the run fits into one file, which anybody with the federation file can check, without a node:',
    );
    await this.#do('alice', ['runs', 'evidence', run, '--out', 'run.evidence.json'], 0, true);
    await this.#do('alice', ['evidence', 'verify', 'run.evidence.json', '--federation', 'federation.yaml']);
  }

  async #fail(): Promise<void> {
    this.#say(
      "Now one that fails. The same job, which takes its time, and bob's program is killed in the middle of it:",
    );
    const id = await this.#propose('waiting times, killed', PAUSE_MS);
    await this.#approve(id);
    const pid = await this.#until("bob's program runs", () => this.#programOf('bob', `${id}-1-1`));
    process.kill(pid, 'SIGKILL');
    this.#say(
      `SIGKILL to process ${pid}. Alice and carol wait for nothing: all three have the same verdict.`,
    );
    const killed = failureCodes.PROCESS_KILLED.exit;
    await this.#do('alice', ['runs', 'follow', id], killed);
    await this.#do('carol', ['runs', 'follow', id], killed);
    this.#say('What failed, where, and who knows of it:');
    await this.#do('bob', ['runs', 'show', `${id}-1-1`, '--config', 'node.yaml']);
    this.#say('And who has done what, in a log of which each line has the digest of the one before:');
    await this.#do('bob', ['audit', 'list', '--limit', '6']);
    await this.#do('bob', ['audit', 'verify']);
  }

  /** The process of a clinic's program, once it computes. */
  async #programOf(clinic: Clinic, run: string): Promise<number | undefined> {
    const file = join(this.#own(clinic), 'state', 'runs', run, clinic, 'log.ndjson');
    const text = (await ignored(readFile(file, 'utf8'), 'it has not begun')) ?? '';
    let pid: number | undefined;
    let computes = false;
    for (const line of text.split('\n').slice(0, -1)) {
      const value = JSON.parse(line) as Record<string, unknown>;
      if (value.event === 'process.started' && value.role === 'program') pid = value.pid as number;
      if (value.event === 'step.started') computes = true;
    }
    return computes ? pid : undefined;
  }

  #own(clinic: Clinic): string {
    return join(this.#folder, clinic);
  }

  #say(...lines: readonly string[]): void {
    if (this.#flags.json || this.#stopped.aborted) return;
    this.#shell.out.write(`\n${createStyle(this.#shell.colour.out).bold(lines.join('\n'))}\n`);
  }

  #show(clinic: Clinic, words: readonly string[]): void {
    if (this.#flags.json || this.#stopped.aborted) return;
    const line = words.map((word) => (/^[\w./:=>-]+$/.test(word) ? word : `"${word}"`)).join(' ');
    this.#shell.out.write(`\n${createStyle(this.#shell.colour.out).cyan(`${clinic}$ privity ${line}`)}\n`);
  }

  /** As a person would type it. @param code the exit code that it is shown for */
  async #do(clinic: Clinic, words: readonly string[], code = 0, brief = false): Promise<void> {
    this.#show(clinic, words);
    const ended = await this.#quiet(clinic, words, !brief && !this.#flags.json);
    if (this.#stopped.aborted) return;
    if (this.#flags.json)
      this.#shell.out.write(
        jsonLine({ party: clinic, command: ['privity', ...words], exitCode: ended.code, output: ended.out }),
      );
    if (ended.code === code) return;
    this.#shell.err.write(ended.err);
    throw new InternalError(
      `the demonstration expected exit code ${code} of ${words[0]} at ${clinic}, not ${ended.code}`,
    );
  }

  async #quiet(
    clinic: Clinic,
    words: readonly string[],
    aloud = false,
  ): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
    // What is asked of a node that is being ended is left half done.
    this.#stopped.throwIfAborted();
    const texts = { out: '', err: '' };
    const sink = (name: 'out' | 'err') => ({
      write: (text: string): boolean => {
        texts[name] += text;
        return !aloud || name === 'err' || this.#stopped.aborted || this.#shell.out.write(text);
      },
      flush: () => this.#shell.out.flush(PATIENCE_MS),
      lost: undefined,
    });
    const own: Shell = {
      ...this.#shell,
      cwd: this.#own(clinic),
      out: sink('out'),
      err: sink('err'),
      onStopSignal: () => () => undefined,
    };
    const code = await this.#runLine(own, words);
    return { code, ...texts };
  }

  async #until<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
    const { clock } = this.#shell;
    const until = clock.now() + PATIENCE_MS;
    for (;;) {
      const found = await look();
      if (found !== undefined) return found;
      if (clock.now() > until) throw new InternalError(`the demonstration has waited a minute until ${what}`);
      await setTimeout(LOOK_MS);
    }
  }
}

/** Which dataset is which setting of the job. */
const SETTINGS: readonly string[] = CLINICS.map((clinic) => `${clinic}.table=waits`);
