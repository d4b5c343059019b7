/**
 * The long form of the fault matrix: all cells again and again, in an order that a seed decides, and what they add up
 * to.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Figures } from './figures.ts';
import { type Done, Journal, type Plan } from './journal.ts';
import { whyImpossible } from './possible.ts';
import { PHASES, type Phase, runScenario } from './run-scenario.ts';
import type { Scenario } from './scenario.ts';
import { scenarios } from './scenarios.ts';
import { seeded, shuffled } from './seeded.ts';

/** How often a line says how far it is. */
const PROGRESS_RUNS = 25;

export interface CampaignOptions {
  readonly runs: number;
  readonly seed: number;
  /** Only scenarios whose name contains this. */
  readonly only?: string | undefined;
  /** Where the stories of runs go that were not as expected, and the journal. */
  readonly folder: string;
  /** Runs side by side: more on few cores would measure how busy the machine is. */
  readonly concurrency: number;
  /** Go on with the campaign whose journal is in the folder; its runs, seed and choice are those that count. */
  readonly resume?: boolean;
  readonly say: (line: string) => void;
}

/** Resolves to whether every run ended as it has to. */
export async function campaign(options: CampaignOptions): Promise<boolean> {
  const { say, folder } = options;
  const file = join(folder, 'journal.jsonl');
  const asked: Plan = { runs: options.runs, seed: options.seed, only: options.only ?? '' };
  const resumed = options.resume ? Journal.resume(file) : null;
  const plan = resumed?.plan ?? asked;
  const { possible, leftOut } = choose(plan.only, say);
  if (possible.length === 0) {
    say(`No scenario that can be tried here has a name that contains "${plan.only}".`);
    return false;
  }
  const journal = resumed ?? Journal.begin(file, plan);
  const goingOn = resumed ? `, ${resumed.done.length} of them done before` : '';
  say(`${possible.length} scenarios, ${plan.runs} runs, seed ${plan.seed}${goingOn}`);
  const progress = new Progress(plan, journal.done.length, say);
  const order = orderOf(possible, plan);
  const differs = journal.done.find(({ run, name }) => order[run - 1]?.name !== name);
  if (differs) {
    say(
      `Run ${differs.run} was "${differs.name}" and would be another one now: the scenarios have changed. Start anew.`,
    );
    return false;
  }
  for (const done of journal.done)
    progress.figures.add(scenarioOf(order, done.run), done, referenceOf(done, plan));
  const before = new Set(journal.done.map(({ run }) => run));
  const waiting = order.flatMap((_, i) => (before.has(i + 1) ? [] : [i + 1]));
  const worker = async (): Promise<void> => {
    for (let run = waiting.shift(); run !== undefined; run = waiting.shift()) {
      const scenario = scenarioOf(order, run);
      const done = await oneRun(scenario, run, plan, folder, progress);
      journal.add(done);
      progress.took(scenario, done);
    }
  };
  await Promise.all(Array.from({ length: options.concurrency }, worker));
  return progress.report(leftOut);
}

/** Those that are asked for, without those that cannot be tried here: these are told of, one by one. */
function choose(
  only: string,
  say: (line: string) => void,
): { possible: readonly Scenario[]; leftOut: number } {
  const chosen = scenarios.filter((scenario) => scenario.name.includes(only));
  const possible = chosen.filter((scenario) => {
    const why = whyImpossible(scenario);
    if (why !== null) say(`left out, because ${why}: ${scenario.name}`);
    return why === null;
  });
  return { possible, leftOut: chosen.length - possible.length };
}

/** All of them in random order, then all of them in another, as many as there are runs. */
function orderOf(list: readonly Scenario[], { runs, seed }: Plan): readonly Scenario[] {
  const random = seeded(seed);
  const order: Scenario[] = [];
  while (order.length < runs) order.push(...shuffled(list, random));
  return order.slice(0, runs);
}

function scenarioOf(order: readonly Scenario[], run: number): Scenario {
  const scenario = order[run - 1];
  if (scenario === undefined) throw new Error(`there is no run ${run}`);
  return scenario;
}

async function oneRun(
  scenario: Scenario,
  run: number,
  plan: Plan,
  folder: string,
  progress: Progress,
): Promise<Done> {
  const from = performance.now();
  const { complaints, detectionMs, leftovers, story, phasesMs } = await runScenario(
    scenario,
    seeded(plan.seed + run),
  );
  progress.spent(phasesMs);
  if (complaints.length > 0) {
    mkdirSync(folder, { recursive: true });
    const text = `${scenario.name}\nseed ${plan.seed}, run ${run}\n${complaints.join('\n')}\n\n${story}\n`;
    writeFileSync(join(folder, `run-${run}.txt`), text);
  }
  const tookMs = Math.round(performance.now() - from);
  return { run, name: scenario.name, complaints, detectionMs, leftovers, tookMs };
}

const referenceOf = ({ run }: Done, { seed }: Plan): string => `run ${run}, seed ${seed}, run-${run}.txt`;

/** What has been, how it adds up, and how long the rest will take. */
class Progress {
  readonly figures = new Figures();
  readonly #plan: Plan;
  readonly #say: (line: string) => void;
  readonly #from = performance.now();
  readonly #phasesMs = new Map<Phase, number>();
  readonly #before: number;

  constructor(plan: Plan, before: number, say: (line: string) => void) {
    this.#plan = plan;
    this.#before = before;
    this.#say = say;
  }

  spent(phasesMs: Readonly<Partial<Record<Phase, number>>>): void {
    for (const phase of PHASES)
      this.#phasesMs.set(phase, (this.#phasesMs.get(phase) ?? 0) + (phasesMs[phase] ?? 0));
  }

  took(scenario: Scenario, done: Done): void {
    const { figures } = this;
    figures.add(scenario, done, referenceOf(done, this.#plan));
    const detection = done.detectionMs === null ? '' : `  known after ${done.detectionMs} ms`;
    const ok = done.complaints.length === 0 ? 'ok  ' : 'FAIL';
    this.#say(`${ok} ${done.run}  ${scenario.name}${detection}`);
    for (const complaint of done.complaints) this.#say(`     ${complaint.split('\n', 1)[0]}`);
    if (figures.runs % PROGRESS_RUNS === 0 && figures.runs < this.#plan.runs) this.#say(this.#howFar());
  }

  #howFar(): string {
    const { runs, unexpected } = this.figures;
    const each = (performance.now() - this.#from) / (runs - this.#before);
    const minutes = Math.ceil((each * (this.#plan.runs - runs)) / 60_000);
    return `──   ${runs} of ${this.#plan.runs} runs, ${unexpected.length} not as expected, about ${minutes} min to go`;
  }

  report(leftOut: number): boolean {
    const { figures } = this;
    this.#say(`\n${figures.table()}\n`);
    for (const line of figures.unexpected) this.#say(line);
    const all = [...this.#phasesMs.values()].reduce((sum, ms) => sum + ms, 0);
    const shares = [...this.#phasesMs].map(([phase, ms]) => `${phase} ${Math.round((100 * ms) / all)}%`);
    if (all > 0) this.#say(`where the time went: ${shares.join(', ')}`);
    const rest = leftOut === 0 ? '' : `, ${leftOut} scenarios left out`;
    this.#say(
      `${figures.runs} runs, ${figures.unexpected.length} not as expected, ${figures.leftovers} things left behind${rest}`,
    );
    return figures.unexpected.length === 0;
  }
}
