/** RayFed on real Ray: one driver process a party, each with a local Ray cluster of its own. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { ObservedParty } from './observed-party.ts';
import { freePorts } from './ports.ts';
import type { Scenario } from './scenarios.ts';
import type { StartedParties, System } from './system.ts';

export interface RayFedOptions {
  readonly python: string;
  readonly program: string;
  /** RayFed's own: a party whose message could not be sent ends. */
  readonly exitOnSendingFailure: boolean;
  /** RayFed's own: how long one message may take. 60 s by default; its own tests shorten it to 20 s. */
  readonly timeoutMs: number;
}

function eventOf(party: ObservedParty, name: string): Record<string, unknown> | undefined {
  return party.events().find((event) => event.event === name);
}

/** What RayFed's loggers write at the levels that an operator would look for; Ray's own notices are not among them. */
const LOGGED = /\b(WARNING|ERROR|CRITICAL)\b.*(fed|send|error|exit|signal)/i;

export class RayFedSystem implements System {
  readonly name = 'RayFed';
  readonly #options: RayFedOptions;
  readonly #faultFiles = new WeakMap<StartedParties, string>();

  constructor(options: RayFedOptions) {
    this.#options = options;
  }

  async start(scenario: Scenario): Promise<StartedParties> {
    // Short: Ray's sockets are in there, and the path of a socket has at most 107 characters.
    const folder = mkdtempSync(join(tmpdir(), 'pf-'));
    const ports = await freePorts(scenario.parties.length);
    const addresses = Object.fromEntries(
      scenario.parties.map((party, index) => [party, `127.0.0.1:${ports[index]}`]),
    );
    const faultFile = join(folder, 'fault');
    const parties = scenario.parties.map(
      (party) =>
        new ObservedParty(
          party,
          ['nice', this.#options.python, '-u', this.#options.program, scenario.name, party],
          {
            PEERS_ADDRESSES: JSON.stringify(addresses),
            PEERS_TMP: join(folder, party),
            PEERS_FAULT_FILE: faultFile,
            PEERS_EXIT_ON_SENDING_FAILURE: this.#options.exitOnSendingFailure ? 'yes' : 'no',
            PEERS_RAYFED_TIMEOUT_MS: String(this.#options.timeoutMs),
            RAY_USAGE_STATS_ENABLED: '0',
            RAY_DEDUP_LOGS: '0',
          },
          folder,
        ),
    );
    const started = {
      parties,
      dispose: () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }),
    };
    this.#faultFiles.set(started, faultFile);
    return started;
  }

  atWork(party: ObservedParty): boolean {
    return eventOf(party, 'waiting') !== undefined;
  }

  faultAt(scenario: Scenario, started: StartedParties): number | null {
    if (scenario.name === 'names-differ' || scenario.healthy) return lastAt(started, 'initialising');
    const file = this.#faultFiles.get(started);
    if (file === undefined || !existsSync(file)) return null;
    const at = Number(readFileSync(file, 'utf8'));
    return at > 0 ? at : null;
  }

  programOf(party: ObservedParty): number | null {
    return party.child.pid ?? null;
  }

  told(party: ObservedParty): { at: number; text: string } | null {
    const told = eventOf(party, 'told');
    if (told) return { at: Number(told.at), text: `${told.kind}: ${lastLine(String(told.message))}` };
    // Ended by itself with an error, without a word to the program: RayFed's exit_on_sending_failure does that.
    const { ending } = party;
    if (!ending || ending.code === 0 || ending.code === null) return null;
    return { at: ending.at, text: this.logged(party, 0) ?? 'exits' };
  }

  result(party: ObservedParty): { value: unknown } | null {
    const result = eventOf(party, 'result');
    return result ? { value: result.value } : null;
  }

  logged(party: ObservedParty, since: number): string | null {
    const line = party.lines.find(
      ({ at, stream, text }) => stream === 'err' && at >= since && LOGGED.test(text),
    );
    return line ? lastLine(line.text) : null;
  }
}

function lastAt(started: StartedParties, name: string): number | null {
  const times = started.parties.map((party) => Number(eventOf(party, name)?.at ?? Number.NaN));
  return times.some(Number.isNaN) ? null : Math.max(...times);
}

/**
 * Python puts the story first and the error last; before a logged message stand its worker, time, place, party and job.
 */
function lastLine(text: string): string {
  const line = stripVTControlCharacters(text).trim().split('\n').at(-1)?.trim() ?? '';
  return line
    .replace(/^\(\w+ pid=\d+\) /, '')
    .replace(/^[\d-]+ [\d:.,]+ (\w+) \S+ \[[\w-]+\] -- \[[\w-]+\] /, '$1 ');
}
