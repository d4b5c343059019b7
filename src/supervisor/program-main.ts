/**
 * The program process of one party: loads the job, connects the data plane, executes the job, and tells its supervisor
 * everything. It ends when the supervisor says so, or when the supervisor is gone.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { systemClock, systemRandom } from '../base/system.ts';
import type { Link, LinkHandlers } from '../contracts/index.ts';
import { type CapturedFailure, capture } from '../program/capture.ts';
import type { ProgramHost } from '../program/host.ts';
import { type LoadedJob, loadJob } from '../program/load-job.ts';
import { Runtime } from '../program/runtime.ts';
import type { FromProgram, OwnFailure, StepNews, ToProgram } from './ipc.ts';
import { connectData, type DataPlane } from './planes.ts';
import { endProcessTree, watchParent } from './watchdog.ts';

/** How long peers may take to take the news that this party's supervisor is gone. */
const ORPHAN_NOTICE_MS = 100;
/** How often waits are looked for, and the age from which a wait is worth telling of. */
const WAITS_MS = 1_000;
