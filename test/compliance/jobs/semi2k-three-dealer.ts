import { operationsJob } from './operations.ts';

export default operationsJob(['alice', 'bob', 'carol', 'frank'], 'semi2k', 3);
