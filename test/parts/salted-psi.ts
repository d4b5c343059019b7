/**
 * A second protocol for private set intersection, which shows what one takes: both parties send salted hashes of their
 * ids. It is in use, and hides ids that nobody can guess and no others: so it is here, and not in the product.
 */
import { createHash } from 'node:crypto';
import { matchTags } from '../../src/psi/match.ts';
import { PART_HEADER_BYTES, requireLength, violation } from '../../src/psi/messages.ts';
import { BOTH, ID_BYTES, type PsiProtocol } from '../../src/psi/protocols/protocol.ts';
import { tagBytes } from '../../src/psi/tags.ts';

const HASHES = 6;

export const salted = {
  name: 'salted',
  version: 1,
  bit: 2 ** 30,
  fromRows: 0,
  rowsMax: 2 ** 16,
  discloses: 'intersection, key types, number of rows, ids that can be guessed',
  cost: (ownRows, peerRows, _rank, { peerReceives } = BOTH) => ({
    messages: peerReceives ? 1 : 0,
    bytes: peerReceives ? PART_HEADER_BYTES + ownRows * tagBytes(ownRows, peerRows) : 0,
    rounds: 1,
  }),
  memory: (ownRows, peerRows) => (3 * tagBytes(ownRows, peerRows) + 16) * (ownRows + peerRows),
  async run(line, setting) {
    const { ids, ownRows, peerRows, tagBytes, agreement, random, signal, advance } = setting;
    const own = new Uint8Array(ownRows * tagBytes);
    for (let row = 0; row < ownRows; row++) {
      const id = ids.subarray(row * ID_BYTES, (row + 1) * ID_BYTES);
      const hash = createHash('sha256').update(agreement).update(id).digest();
      own.set(hash.subarray(0, tagBytes), row * tagBytes);
    }
    advance(ownRows);
    const [, message] = await Promise.all([
      setting.peerReceives ? line.send({ kind: 'part', part: HASHES, index: 0, body: own }) : undefined,
      setting.receives ? line.receivePart() : undefined,
    ]);
    if (message === undefined) {
      advance(peerRows);
      return undefined;
    }
    const { part, body } = message;
    if (part !== HASHES) throw violation(`a message of the unknown kind ${part}`);
    requireLength(body, peerRows * tagBytes, 'hashes');
    advance(peerRows);
    const peer = new Uint8Array(body);
    return matchTags({ tagBytes, own, peer, tagsEach: 1, compared: 0, ordering: 0 }, random, signal);
  },
} as const satisfies PsiProtocol;
