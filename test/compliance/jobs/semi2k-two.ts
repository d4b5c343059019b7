import { operationsJob } from './operations.ts';

export default operationsJob(['alice', 'bob'], 'semi2k', 2);
