/** The quick form of the fault matrix, first half: processes. `npm run faults` repeats all cells, in random order. */

import { shareOf } from '../effort.ts';
import { quickForm } from './matrix-suite.ts';
import { scenarios } from './scenarios.ts';

const names = [
  'event loop blocked for 10 s, bob of 3',
  'throw, mid-task, bob of 5',
  'escape, mid-task, bob of 2',
  'throw in finally, mid-task, bob of 2',
  'throw in a handler, mid-task, bob of 2',
  'return a map, mid-task, bob of 2',
  'return five gigabytes, mid-task, bob of 2',
  'fill the heap, mid-task, bob of 2',
  'fill buffers, mid-task, bob of 2',
  'fill the disk, mid-task, bob of 2',
  'stop program for a while, mid-task, bob of 3',
  'stop program, mid-task, bob of 2',
  'slow past its deadline, mid-task, bob of 2',
  'stop supervisor, mid-task, bob of 3',
  'kill supervisor, mid-task, bob of 2',
  'kill all, mid-task, bob of 3',
  'terminate, mid-task, bob of 2',
  'interrupt twice, while it loops, mid-task, bob of 2',
  'kill program, before the handshake, bob of 3',
  'kill supervisor, handshake, bob of 3',
  'throw, closing, bob of 3',
  'throw, in attempt, bob of 3',
  'kill program, start a detached process, mid-task, bob of 2',
  'kill supervisor, start a detached process, mid-task, bob of 2',
  'kill program, in clean-up, bob of 3',
  'throw, mid-task, alice and bob of 2',
  'kill program, mid-task, alice and bob of 5',
  'kill supervisor, mid-task, alice and bob of 3',
];

quickForm('fault matrix, processes', scenarios, shareOf(names, 8));
