import { operationsJob } from './operations.ts';

export default operationsJob(['alice', 'bob', 'frank'], 'semi2k', 2);
