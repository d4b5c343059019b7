import { operationsJob } from './operations.ts';

export default operationsJob(['alice', 'bob', 'carol'], 'rep3', 3);
