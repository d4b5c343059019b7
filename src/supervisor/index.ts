/**
 * One party of a run. A supervisor joins the others, starts the program process, watches over it, agrees with its peers
 * on how the run ended, and gives everything back. `runParty` does all of that.
 */
import { UsageError } from '../base/errors.ts';
import { systemClock } from '../base/system.ts';
import type { RunReport } from '../observe/report.ts';
import { checkOwnIdentity, isPartyName } from '../transport/index.ts';
import { PartyRun } from './party/party.ts';
import { learnAtOnce } from './party/rehearsal.ts';
import type { PartyOptions } from './seam/options.ts';
import { systemSupervisor } from './system-supervisor.ts';

export { type Bounds, DEFAULT_BOUNDS } from './seam/bounds.ts';
export type { ErrorDetail, FederationMember, PartyOptions, RunParty } from './seam/options.ts';

/**
 * Runs one party of a job to its end: listens, joins the others, executes the job in a process of its own, and resolves
 * with the report when everything is given back, whether the run completed or failed.
 *
 * @throws {UsageError} the options contradict themselves, or this party's certificate is not the one that the
 *   federation pins
 * @throws {EnvironmentError} PRIVITY_PORT_IN_USE and whatever else keeps the run from existing
 */
export async function runParty(options: PartyOptions): Promise<RunReport> {
  if (!isPartyName(options.party) || !options.federation.some((member) => member.name === options.party)) {
    throw new UsageError(
      'PRIVITY_PARTY_UNKNOWN',
      `the federation does not list the party "${options.party}"`,
    );
  }
  const { fingerprint } = options.federation.find((member) => member.name === options.party) ?? {};
  checkOwnIdentity(options.identity, options.party, fingerprint, systemClock.wallTime());
  learnAtOnce();
  return new PartyRun(options, systemSupervisor).run();
}
