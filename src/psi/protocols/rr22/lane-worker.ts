/** Runs in a worker thread of the pool in bucket-engine.ts. */
import {
  type AnswerTask,
  type BeginTask,
  type EncodeTask,
  type FindTask,
  type SplitTask,
  type TagTask,
  tasks,
} from './bucket-tasks.ts';
import { Lane } from './lane.ts';

const opening = Lane.open();

export const split = async (task: SplitTask) => tasks.split(await opening, task);
export const begin = async (task: BeginTask) => tasks.begin(await opening, task);
export const encode = async (task: EncodeTask) => tasks.encode(await opening, task);
export const find = async (task: FindTask) => tasks.find(await opening, task);
export const answer = async (task: AnswerTask) => tasks.answer(await opening, task);
export const tag = async (task: TagTask) => tasks.tag(await opening, task);
