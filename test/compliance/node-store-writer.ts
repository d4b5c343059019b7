/**
 * A node that is made to be killed: opens a store, and writes numbered changes, several at a time. Says `opening` and
 * `open`, and each number once the store has said that it is kept. Ends at the first error, and says its code.
 */
import { writeSync } from 'node:fs';
import type { PrivityError } from '../../src/base/errors.ts';
import { systemClock } from '../../src/base/system.ts';
import { openStore, type StoreOptions } from '../../src/node/store/store.ts';
import { ALICE, writeNumber } from './node-store-parts.ts';

/** Changes that wait at the same time: some share a commit. */
const AT_ONCE = 5;

const say = (text: string | number): void => void writeSync(1, `${text}\n`);

const place = JSON.parse(process.argv[2] ?? '') as StoreOptions['place'];
say('opening');
const store = await openStore({ owner: ALICE, place, clock: systemClock });
let next = (await store.audit.head()).seq;
say('open');
await Promise.allSettled(
  Array.from({ length: AT_ONCE }, async () => {
    for (let isWriting = true; isWriting; ) {
      const n = next++;
      isWriting = await writeNumber(store, n).then(
        () => true,
        (error: PrivityError) => {
          say(error.code);
          return false;
        },
      );
      if (isWriting) say(n);
    }
  }),
);
await store.close();
