/** The quick form of the fault matrix, second half: the network, and what is wrong from the start. */

import { shareOf } from '../effort.ts';
import { quickForm } from './matrix-suite.ts';
import { scenarios } from './scenarios.ts';

const names = [
  'kill supervisor, mid-transfer, alice of 2',
  'kill program, at reveal, carol of 3',
  'kill program, mid-psi, bob of 3',
  'black hole, mid-task, bob of 3',
  'one-way black hole, mid-task, bob and alice of 3',
  'cut one link, mid-task, alice and bob of 3',
  'refuse data, mid-transfer, alice and bob of 2',
  'reset storm, mid-transfer, alice and bob of 2',
  'gateway restart, mid-transfer, alice and bob of 2',
  'kill all, after READY, alice of 2',
  'port taken, bob of 3',
  'certificate unknown, bob of 3',
  'black hole, mid-transfer, bob of 3',
  'break once, certificates have expired, after expiry, alice and bob of 3',
  'lossy link, in namespaces, alice and bob of 2',
  'black hole, in namespaces, mid-task, bob of 2',
  'one-way black hole, in namespaces, mid-task, bob and alice of 3',
  'partition, in namespaces, mid-task, dave and erin of 5',
  'host gone, in namespaces, mid-task, bob of 3',
  'steps differ: extra step, bob of 2',
  'steps differ: body, bob of 2',
];

quickForm('fault matrix, network', scenarios, shareOf(names, 5));
