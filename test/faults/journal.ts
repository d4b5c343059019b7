/** What a campaign has done so far, a line for each run, so that one that was interrupted can go on. */
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Outcome } from './figures.ts';

/** What decides which runs there are: a campaign goes on only with the same. */
export interface Plan {
  readonly runs: number;
  readonly seed: number;
  readonly only: string;
}

export interface Done extends Outcome {
  readonly run: number;
  readonly name: string;
  readonly tookMs: number;
}

export class Journal {
  readonly plan: Plan;
  readonly done: readonly Done[];
  readonly #file: string;

  private constructor(file: string, plan: Plan, done: readonly Done[]) {
    this.#file = file;
    this.plan = plan;
    this.done = done;
  }

  static begin(file: string, plan: Plan): Journal {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, `${JSON.stringify(plan)}\n`);
    return new Journal(file, plan, []);
  }

  /** Null where there is nothing to go on with. A last line that was cut short is a run that has to be done again. */
  static resume(file: string): Journal | null {
    let text: string;
    try {
      text = readFileSync(file, 'utf8');
    } catch {
      return null;
    }
    const [plan, ...done] = text
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as unknown);
    if (plan === undefined) return null;
    // Without what was cut short, so that the next line begins where a line begins.
    writeFileSync(file, text.slice(0, text.lastIndexOf('\n') + 1));
    return new Journal(file, plan as Plan, done as Done[]);
  }

  add(done: Done): void {
    appendFileSync(this.#file, `${JSON.stringify(done)}\n`);
  }
}
