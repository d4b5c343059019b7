/** The quick form of the fault matrix: secure devices. `npm run faults` repeats all cells, in random order. */
import { shareOf } from '../effort.ts';
import { quickForm } from './matrix-suite.ts';
import { secureScenarios } from './secure-scenarios.ts';

const names = [
  'kill program, matmul, mid-secure-operation, alice of 3',
  'kill program, comparison, mid-secure-operation, carol of 3',
  'kill program, triples, mid-secure-operation, bob of 2',
  'kill supervisor, comparison, mid-secure-operation, alice of 3',
  'kill all, matmul, mid-secure-operation, carol of 3',
  'interrupt, triples, mid-secure-operation, bob of 2',
  'matmul, throw, mid-secure-operation, bob of 3',
  'comparison, throw in attempt, mid-secure-operation, bob of 3',
];

quickForm('fault matrix, secure devices', secureScenarios, shareOf(names));
