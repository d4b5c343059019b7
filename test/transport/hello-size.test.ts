/** A hello is one message of a link, whatever a job is made of. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { factsOf, HELLO_ITEMS_MAX, ITEM_NAME_CHARS_MAX } from '../../src/coordination/hello-facts.ts';
import { decodeMessage, encodeMessage } from '../../src/coordination/messages.ts';
import type { Hello } from '../../src/coordination/types.ts';
import { LINK_LIMITS } from '../../src/transport/index.ts';

it('the largest hello fits one message of a link', () => {
  const longest = '\u8000'.repeat(ITEM_NAME_CHARS_MAX);
  const items = Array.from({ length: 2 * HELLO_ITEMS_MAX }, (_, i) => ({
    ...{ name: `${i}${longest}`, digest: longest, also: longest },
  }));
  const word = '\u8000'.repeat(256);
  const hello: Hello = {
    ...{
      protocol: word,
      version: word,
      federation: word,
      job: word,
      args: word,
      contract: word,
      runId: word,
      nonce: word,
      programKey: word,
    },
    facts: factsOf({ files: items, args: items, node: word, duckdb: word, lockfile: word }),
  };
  const bytes = encodeMessage({ type: 'hello', hello }, ['alice', 'bob']);
  assert.ok(bytes.length <= LINK_LIMITS.headerBytesMax, `${bytes.length}`);
  assert.deepEqual(decodeMessage(bytes, ['alice', 'bob']), { type: 'hello', hello });
});
