import { operationsJob } from './operations.ts';

export default operationsJob(['alice', 'bob', 'carol', 'dave', 'erin', 'frank'], 'semi2k', 5);
