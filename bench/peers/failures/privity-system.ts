/** Privity as an operator runs it: one `privity run` a party, with a key, a certificate and a party file of its own. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writePartyFiles } from '../party-files.ts';
import { ObservedParty } from './observed-party.ts';
import { freePorts } from './ports.ts';
import type { Scenario } from './scenarios.ts';
import type { StartedParties, System } from './system.ts';

export interface PrivityOptions {
  /** The command line's main module. */
  readonly cli: string;
  /** Folder of the jobs `two-parties.ts` and `three-parties.ts`. */
  readonly jobs: string;
}

/** The jobs print it, in milliseconds of wall clock, just before they fail. */
const FAULT = /FAULT-AT ([\d.]+)/;

function eventOf(
  party: ObservedParty,
  name: string,
  fits: (event: Record<string, unknown>) => boolean = () => true,
): Record<string, unknown> | undefined {
  return party.events().find((event) => event.event === name && fits(event));
}

const timeOf = (event: Record<string, unknown>): number => Date.parse(String(event.time));

export class PrivitySystem implements System {
  readonly name = 'Privity';
  readonly #options: PrivityOptions;

  constructor(options: PrivityOptions) {
    this.#options = options;
  }

  async start(scenario: Scenario): Promise<StartedParties> {
    const folder = mkdtempSync(join(tmpdir(), 'pf-'));
    const ports = await freePorts(scenario.parties.length);
    await writePartyFiles(
      folder,
      scenario.parties.map((name, index) => ({ name, port: ports[index] ?? 0 })),
    );
    const job = scenario.parties.length === 2 ? 'two-parties.ts' : 'three-parties.ts';
    const parties = scenario.parties.map((party) => {
      const temp = join(folder, `tmp-${party}`);
      mkdirSync(temp);
      const command = ['nice', process.execPath, this.#options.cli, 'run', join(this.#options.jobs, job)];
      const flags = [
        '--config',
        join(folder, `${party}.yaml`),
        '--json',
        '--arg',
        `scenario=${scenario.name}`,
      ];
      if (scenario.name === 'names-differ') flags.push('--run-id', `peers-${party}`);
      return new ObservedParty(
        party,
        [...command, ...flags],
        { TMPDIR: temp, XDG_STATE_HOME: join(folder, 'state'), PEERS_PARTY: party, NO_COLOR: '1' },
        folder,
      );
    });
    return { parties, dispose: () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }) };
  }

  atWork(party: ObservedParty): boolean {
    return eventOf(party, 'step.started') !== undefined;
  }

  faultAt(scenario: Scenario, started: StartedParties): number | null {
    if (scenario.name === 'names-differ' || scenario.healthy) {
      const starts = started.parties.map((party) => eventOf(party, 'process.started'));
      return starts.every((event) => event !== undefined) ? Math.max(...starts.map(timeOf)) : null;
    }
    for (const party of started.parties) {
      for (const event of party.events()) {
        const found = event.event === 'log' ? FAULT.exec(String(event.message)) : null;
        if (found) return Number(found[1]);
      }
    }
    return null;
  }

  programOf(party: ObservedParty): number | null {
    const event = eventOf(party, 'process.started', ({ role }) => role === 'program');
    return event ? Number(event.pid) : null;
  }

  told(party: ObservedParty): { at: number; text: string } | null {
    const verdict = eventOf(party, 'verdict', ({ outcome }) => outcome === 'failed');
    if (!verdict) return null;
    const step = verdict.stepName ? `, step '${verdict.stepName}'` : '';
    const message = verdict.message ? `: ${verdict.message}` : '';
    return { at: timeOf(verdict), text: `${verdict.code} at ${verdict.origin}${step}${message}` };
  }

  result(party: ObservedParty): { value: unknown } | null {
    const result = eventOf(party, 'result');
    return result ? { value: result.value } : null;
  }

  logged(party: ObservedParty, since: number): string | null {
    const line = party.lines.find(({ at, stream }) => stream === 'err' && at >= since);
    return line?.text ?? null;
  }
}
