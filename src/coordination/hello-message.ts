/**
 * A hello on the wire. Fields 1 to 7 stay as they were in every version, so that versions can refuse each other by
 * name.
 */
import { PeerError } from '../base/errors.ts';
import type * as pb from '../wire/gen/privity/v1/control_pb.ts';
import {
  HELLO_ITEMS_MAX,
  type HelloFacts,
  ITEM_DIGEST_CHARS,
  ITEM_NAME_CHARS_MAX,
  ITEM_TEXT_CHARS_MAX,
  type Items,
  NO_FACTS,
} from './hello-facts.ts';
import type { Hello } from './types.ts';

/** Characters of a version, a digest, a lockfile's name. */
const WORD_CHARS_MAX = 256;

export function helloToWire({ facts = NO_FACTS, programKey = '', contract = '', ...words }: Hello) {
  const { files, args, ...versions } = facts;
  return {
    ...words,
    ...versions,
    programKey,
    contract,
    files: [...files.listed],
    moreFiles: files.more,
    arguments: [...args.listed],
    moreArguments: args.more,
  };
}

/** @throws {PeerError} PRIVITY_CONTROL_MESSAGE_INVALID */
export function helloFromWire(hello: pb.Hello): Hello {
  const { protocol, version, federation, job, args, runId, nonce } = hello;
  const words = { protocol, version, federation, job, args, runId, nonce };
  const { node, duckdb, lockfile, programKey, contract } = hello;
  for (const word of [...Object.values(words), node, duckdb, lockfile, programKey, contract])
    if (word.length > WORD_CHARS_MAX) refuse('a word in its hello is too long');
  const facts: HelloFacts = {
    files: itemsFromWire(hello.files, hello.moreFiles),
    args: itemsFromWire(hello.arguments, hello.moreArguments),
    ...{ node, duckdb, lockfile },
  };
  return { ...words, programKey, contract, facts };
}

function itemsFromWire(items: readonly pb.HelloItem[], more: number): Items {
  if (items.length > HELLO_ITEMS_MAX) refuse('its hello lists too much');
  const listed = items.map(({ name, digest, also }) => {
    const fits =
      name.length <= ITEM_NAME_CHARS_MAX &&
      digest.length <= ITEM_DIGEST_CHARS &&
      also.length <= ITEM_TEXT_CHARS_MAX;
    return fits ? { name, digest, also } : refuse('a text in its hello is too long');
  });
  return { listed, more };
}

function refuse(why: string): never {
  throw new PeerError('PRIVITY_CONTROL_MESSAGE_INVALID', `A control message cannot be accepted: ${why}.`);
}
