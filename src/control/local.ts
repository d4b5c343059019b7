import { checkOptions, type OptionNames } from '../base/options.ts';
import type { ErrorDetail } from '../coordination/public-details.ts';
import type { LocalEnd } from './ends.ts';
import { COMMON_OPTIONS, type CommonOptions, filesOf, flagsOf, jsonValues } from './options.ts';
import { drive, type Running } from './running.ts';

/** What {@link local} takes. */
export interface LocalOptions extends CommonOptions {
  /** By party: private settings that are files. */
  readonly inputs?: Readonly<Record<string, Readonly<Record<string, string>>>> | undefined;
  /** By party: other private settings, values that JSON has. */
  readonly settings?: Readonly<Record<string, Readonly<Record<string, unknown>>>> | undefined;
  /** What text of a failure crosses between the parties. Default: `redacted`. */
  readonly errorDetail?: ErrorDetail | undefined;
}

const OPTIONS: OptionNames<LocalOptions> = {
  ...COMMON_OPTIONS,
  inputs: 'optional',
  settings: 'optional',
  errorDetail: 'optional',
};

/**
 * All parties of a job on this machine, with throw-away keys: what `privity local` does, each party in processes of its
 * own, with mutual TLS between them. Nothing is printed, no signal is heeded, and this process is not ended. Costs some
 * 200 MB a party.
 *
 * A run that failed is no error: `result` resolves, and its `outcome` and `verdict` say why. It rejects with a
 * `PrivityError` if no run came to be, with the code that `privity local` prints.
 *
 * @throws {UsageError} PRIVITY_API_INVALID: an unknown option, or no job; PRIVITY_ARGS_INVALID,
 *   PRIVITY_SETTINGS_INVALID: a value that JSON has not
 */
export function local(options: LocalOptions): Running<LocalEnd> {
  checkOptions('local', options, OPTIONS);
  const { inputs = {}, settings = {}, errorDetail } = options;
  const parties = [...new Set([...Object.keys(inputs), ...Object.keys(settings)])];
  const given = parties.map((party) => [
    party,
    { ...filesOf(inputs[party]), ...jsonValues('settings', settings[party]) },
  ]);
  return drive({
    command: 'local',
    flags: [...(errorDetail === undefined ? [] : [`--error-detail=${errorDetail}`]), ...flagsOf(options)],
    given: { args: jsonValues('args', options.args), settings: Object.fromEntries(given) },
    signal: options.signal,
    end(ends, { exitCode, record }) {
      const first = ends.find(({ outcome }) => outcome === 'failed') ?? ends[0];
      if (first === undefined) throw new Error('a run without a party');
      const outcome = exitCode === 0 ? 'completed' : 'failed';
      const { runId, verdict, value } = first;
      const byParty = Object.fromEntries(ends.map((end) => [end.party, end]));
      return { runId, outcome, verdict, value, parties: byParty, exitCode, record };
    },
  });
}
