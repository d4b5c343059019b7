import { secureSuite } from './secure-suite.ts';

secureSuite('ref', 2);
secureSuite('ref', 3);
secureSuite('ref', 5);
secureSuite('rep3', 3);
