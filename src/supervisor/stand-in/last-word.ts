/**
 * The last word of a party whose supervisor is gone. Its stand-in (stand-in.ts) outlives it for a moment and answers in
 * its place: it listens at the party's port, or at the run's door behind it, for the peers that dial this party, and
 * dials those that this party dials.
 * Every peer is refused with the reason, over mutual TLS with the party's key, so nobody else can say it, and a gateway
 * that merely restarts cannot either.
 *
 * These are connections of their own, so the word does not wait behind values, and there need not have been any before.
 */

import { setTimeout as delay } from 'node:timers/promises';
import { deferred } from '../../base/deferred.ts';
import { PeerLostError } from '../../base/errors.ts';
import { ignored } from '../../base/ignored.ts';
import { systemClock } from '../../base/system.ts';
import type { Connection } from '../../contracts/index.ts';
import { openDoor } from '../../transport/door/door.ts';
import { type ArrivedSocket, createGrpcTransport, listenPort, refuse } from '../../transport/index.ts';
import { LAST_WORD_AT_DOOR_MS_MAX, LAST_WORD_MS_MAX } from '../seam/bounds.ts';
import type { LastWord } from '../seam/platform.ts';

/** The port of a process that has just died may be taken for a moment still. */
const LISTEN_ATTEMPTS = 10;
const LISTEN_PAUSE_MS = 20;
/**
 * Between two dials of a peer that is not there yet: a tenth of the time in which a process starts on a slow machine.
 */
const DIAL_PAUSE_MS = 100;

/** Resolves when every peer has been told, or when it is too late to tell. Never rejects. */
export async function sayLastWord(word: LastWord): Promise<void> {
  const { party, federation, identity, listen, runId, lostAfterMs, isJoining = false } = word;
  const ending = new AbortController();
  const isAtDoor = listen !== null && 'door' in listen;
  const msMax = isAtDoor ? LAST_WORD_AT_DOOR_MS_MAX : LAST_WORD_MS_MAX;
  const late = delay(Math.min(lostAfterMs, msMax), undefined, { signal: ending.signal });
  const parties = federation.map(({ name }) => name);
  const own = parties.indexOf(party);
  const coming = new Map(
    (listen === null ? [] : parties.slice(0, own)).map((name) => [name, deferred<void>()]),
  );
  const transport = createGrpcTransport({
    self: party,
    parties: federation,
    identity,
    runId,
    clock: systemClock,
  });
  const tell = (connection: Connection): Promise<void> =>
    refuse(connection, 'PRIVITY_SUPERVISOR_GONE', `the supervisor process of ${party} has ended`);
  transport.accept((connection) => {
    void tell(connection).then(() => coming.get(connection.peer)?.resolve());
  });
  const port = listen === null || coming.size === 0 ? undefined : takePort(listen, party, transport);
  const going = parties.slice(own + 1).map(async (peer) => {
    for (;;) {
      try {
        return await tell(await transport.dial(peer, 'control', ending.signal));
      } catch (error) {
        // A gate that is not there may be back in a moment.
        if (!(isJoining || isAtDoor) || !(error instanceof PeerLostError)) throw error;
        await delay(DIAL_PAUSE_MS, undefined, { signal: ending.signal });
      }
    }
  });
  const told = Promise.allSettled([...[...coming.values()].map(({ promise }) => promise), ...going]);
  await ignored(Promise.race([told, late]), 'the time for it is over');
  ending.abort();
  await ignored(late, 'it was ended by the line above');
  await (await port)?.close();
  await transport.close();
}

async function takePort(
  listen: NonNullable<LastWord['listen']>,
  party: string,
  transport: ReturnType<typeof createGrpcTransport>,
): Promise<{ close(): Promise<void> } | undefined> {
  const onSocket = ({ plane, socket, head }: ArrivedSocket): void => {
    if (plane === 'control') transport.handleSocket(socket, head);
    else socket.destroy();
  };
  for (let attempt = 0; attempt < LISTEN_ATTEMPTS; attempt++) {
    try {
      if ('door' in listen) return await openDoor(listen.door, { onSocket });
      return await listenPort({ ...listen, party, onSocket });
    } catch {
      await delay(LISTEN_PAUSE_MS);
    }
  }
  // Somebody else is there, perhaps already the party's next supervisor: it says by its new session that the old one is
  // gone.
  return undefined;
}
