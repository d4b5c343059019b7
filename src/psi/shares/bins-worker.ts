/** Runs in a worker thread of the pool in run-bins.ts. */
import type { AnswerTask, BeginTask, SplitTask } from '../protocols/rr22/bucket-tasks.ts';
import { Lane } from '../protocols/rr22/lane.ts';
import { type EncodeTask, type HintTask, type OpenTask, type PlaceTask, tasks } from './bin-tasks.ts';

const opening = Lane.open();

export const split = async (task: SplitTask) => tasks.split(await opening, task);
export const begin = async (task: BeginTask) => tasks.begin(await opening, task);
export const answer = async (task: AnswerTask) => tasks.answer(await opening, task);
export const place = async (task: PlaceTask) => tasks.place(await opening, task);
export const encode = async (task: EncodeTask) => tasks.encode(await opening, task);
export const hint = async (task: HintTask) => tasks.hint(await opening, task);
export const open = async (task: OpenTask) => tasks.open(await opening, task);
