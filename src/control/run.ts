import { checkOptions, type OptionNames } from '../base/options.ts';
import type { RunEnd } from './ends.ts';
import { COMMON_OPTIONS, type CommonOptions, filesOf, flagsOf, jsonValues } from './options.ts';
import { drive, type Running } from './running.ts';

/** What {@link run} takes. */
export interface RunOptions extends CommonOptions {
  /** The party file: who this is, its key, and the federation file. */
  readonly config: string;
  /** Private settings of this party that are files. */
  readonly inputs?: Readonly<Record<string, string>> | undefined;
  /** Other private settings of this party: values that JSON has. They are on top of those in the party file. */
  readonly settings?: Readonly<Record<string, unknown>> | undefined;
}

const OPTIONS: OptionNames<RunOptions> = {
  ...COMMON_OPTIONS,
  config: 'needed text',
  inputs: 'optional',
  settings: 'optional',
};

/**
 * This party's part of one run, with the other parties elsewhere: what `privity run` does, in processes of its own, so
 * that this program may be busy or end without the others taking the party for lost. Nothing is printed, no signal is
 * heeded, and this process is not ended. Costs a process for the supervisor and one for the job, some 200 MB together.
 *
 * A run that failed is no error: `result` resolves, and its `outcome` and `verdict` say why. It rejects with a
 * `PrivityError` if no run came to be, with the code that `privity run` prints.
 *
 * @throws {UsageError} PRIVITY_API_INVALID: an unknown option, or no job or party file; PRIVITY_ARGS_INVALID,
 *   PRIVITY_SETTINGS_INVALID: a value that JSON has not
 */
export function run(options: RunOptions): Running<RunEnd> {
  checkOptions('run', options, OPTIONS);
  const settings = { ...filesOf(options.inputs), ...jsonValues('settings', options.settings) };
  return drive({
    command: 'run',
    flags: [`--config=${options.config}`, ...flagsOf(options)],
    given: { args: jsonValues('args', options.args), settings },
    signal: options.signal,
    end([party], { exitCode, record }) {
      if (party === undefined) throw new Error('a run without a party');
      return { ...party, exitCode, record };
    },
  });
}
