/** The long form of the fault matrix: all cells again and again, in an order that a seed decides, and what they add up to. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Figures } from './figures.ts';
import { whyImpossible } from './possible.ts';
import { runScenario } from './run-scenario.ts';
import type { Scenario } from './scenario.ts';
import { scenarios } from './scenarios.ts';
import { seeded, shuffled } from './seeded.ts';

export interface CampaignOptions {
  readonly runs: number;
  readonly seed: number;
  /** Only scenarios whose name contains this. */
  readonly only?: string | undefined;
  /** Where the stories of runs go that were not as expected. */
  readonly folder: string;
  /** Runs side by side: more on few cores would measure how busy the machine is. */
  readonly concurrency: number;
  readonly say: (line: string) => void;
}

/** Resolves to whether every run ended as it has to. */
export async function campaign(options: CampaignOptions): Promise<boolean> {
  const { say, only = '' } = options;
  const chosen = scenarios.filter((scenario) => scenario.name.includes(only));
  const possible = chosen.filter((scenario) => whyImpossible(scenario) === null);
  for (const scenario of chosen) {
    const why = whyImpossible(scenario);
    if (why !== null) say(`left out, because ${why}: ${scenario.name}`);
  }
  if (possible.length === 0) {
    say(`No scenario's name contains "${only}".`);
    return false;
  }
  say(`${possible.length} scenarios, ${options.runs} runs, seed ${options.seed}`);
  const figures = new Figures();
  const order = endlessly(possible, options.seed);
  let started = 0;
  const worker = async (): Promise<void> => {
    while (started < options.runs) {
      started += 1;
      await oneRun(order.next().value, started, options, figures);
    }
  };
  await Promise.all(Array.from({ length: options.concurrency }, worker));
  report(figures, say);
  return figures.unexpected.length === 0;
}

/** All of them in random order, then all of them in another. */
function* endlessly(list: readonly Scenario[], seed: number): Generator<Scenario, never> {
  const random = seeded(seed);
  for (;;) yield* shuffled(list, random);
}

async function oneRun(
  scenario: Scenario,
  run: number,
  options: CampaignOptions,
  figures: Figures,
): Promise<void> {
  const seed = options.seed + run;
  const result = await runScenario(scenario, seeded(seed));
  const detection = result.detectionMs === null ? '' : `  ${result.detectionMs} ms`;
  options.say(`${result.complaints.length === 0 ? 'ok  ' : 'FAIL'} ${run}  ${scenario.name}${detection}`);
  if (result.complaints.length === 0) return figures.add(scenario, result, `run ${run}`);
  mkdirSync(options.folder, { recursive: true });
  const file = join(options.folder, `run-${run}.txt`);
  writeFileSync(file, `${scenario.name}\nseed ${seed}\n${result.complaints.join('\n')}\n\n${result.story}\n`);
  for (const complaint of result.complaints) options.say(`     ${complaint}`);
  figures.add(scenario, result, `run ${run}, seed ${seed}, ${file}`);
}

function report(figures: Figures, say: (line: string) => void): void {
  say('');
  say(figures.table());
  say('');
  for (const line of figures.unexpected) say(line);
  say(
    `${figures.runs} runs, ${figures.unexpected.length} not as expected, ${figures.leftovers} things left behind`,
  );
}
