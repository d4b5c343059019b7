import { PrivityError } from '../../base/errors.ts';
import type { Job } from '../../program/model/job.ts';
import { type HowToSet, parseArgs, parseSettings } from '../../program/model/schema.ts';
import { allSettings } from '../arguments.ts';
import type { LocalRequest, ProposeRequest, RunRequest } from '../shell.ts';

/**
 * Whether the job takes what `local` or `explore` was given, before any party is started: a mistake of the person who
 * typed it is no party's.
 *
 * @throws {UsageError} PRIVITY_ARGS_INVALID, PRIVITY_SETTINGS_INVALID, PRIVITY_SETTING_MISSING,
 *   PRIVITY_CONFIG_PARTY_UNKNOWN
 */
export async function checkGiven(
  job: Job,
  { args, typed, settings, cwd }: Omit<LocalRequest, 'asks'>,
): Promise<void> {
  await checkFits(job, args, allSettings(typed, settings, job.parties, cwd), job.parties);
}

/**
 * The same of what one party was given, before it dials anybody. Of a job that is not for this party nothing: that is
 * told first.
 *
 * @throws {UsageError} PRIVITY_ARGS_INVALID, PRIVITY_SETTINGS_INVALID, PRIVITY_SETTING_MISSING
 */
export async function checkOwn(job: Job, { party, args, settings }: Omit<RunRequest, 'asks'>): Promise<void> {
  if (job.parties.includes(party)) await checkFits(job, args, { [party]: settings }, [party]);
}

/**
 * The same of what a proposal gives to all parties: a run of a node has its datasets and results, and nothing else.
 *
 * @throws {UsageError} PRIVITY_ARGS_INVALID, PRIVITY_SETTINGS_INVALID, PRIVITY_SETTING_MISSING
 */
export async function checkProposed(
  job: Job,
  { args, settings }: Omit<ProposeRequest, 'asks'>,
): Promise<void> {
  await checkFits(job, args, settings, job.parties, howToPropose);
}

const howToPropose: HowToSet = (party, name) =>
  `with --dataset ${party}.${name}=DATASET, or, where the job writes it, --output ${party}.${name}=FILE; a run of a node has no other settings`;

async function checkFits(
  job: Job,
  args: RunRequest['args'],
  settings: Readonly<Record<string, RunRequest['settings']>>,
  parties: readonly string[],
  how?: HowToSet,
): Promise<void> {
  try {
    await parseArgs(job.args, args);
    for (const party of parties) await parseSettings(party, job.settings[party], settings[party] ?? {}, how);
  } catch (error) {
    // A schema that throws is a failure of the job: the run tells where.
    if (error instanceof PrivityError) throw error;
  }
}
