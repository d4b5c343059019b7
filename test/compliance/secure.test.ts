import { secureSuite } from './secure-suite.ts';

secureSuite('ref', 2);
secureSuite('ref', 3);
secureSuite('ref', 5);
secureSuite('rep3', 3);
secureSuite('semi2k', 2);
secureSuite('semi2k', 2, { dealer: true });
secureSuite('semi2k', 3, { dealer: true });
secureSuite('semi2k', 5, { dealer: true });
