/** A supervisor that a node has started: what it is to run, and how the node reaches it. */
import type { Socket } from 'node:net';
import { UsageError } from '../../base/errors.ts';
import { readContract } from '../../observe/contract/contract.ts';
import { NODE_RUN_BOUNDS } from '../../supervisor/seam/bounds.ts';
import type { CancelReason, PartyOptions } from '../../supervisor/seam/options.ts';
import { openDoor } from '../../transport/door/door.ts';
import { begin } from './begun.ts';
import { GONE_WORD, readOrder } from './order.ts';

/** A line is a word, and perhaps a name. */
const LINE_CHARS_MAX = 100;

export interface Ordered {
  /** The node asks for the end of the run. */
  readonly cancel: AbortSignal;
  applied<
    T extends Pick<
      PartyOptions,
      | 'federation'
      | 'args'
      | 'settings'
      | 'port'
      | 'door'
      | 'code'
      | 'bounds'
      | 'contract'
      | 'minimumRows'
      | 'resultsDir'
      | 'heedGone'
    >,
  >(options: T): T;
}

/**
 * @param record the folder of the run's record
 * @throws {UsageError} PRIVITY_NODE_ORDER
 */
export async function takeOrder(file: string, record: string | undefined): Promise<Ordered | 'begun before'> {
  const order = await readOrder(file);
  if (record === undefined)
    throw new UsageError('PRIVITY_NODE_ORDER', `${file}: there is no folder for the record of the run`);
  if (!(await begin(record))) return 'begun before';
  const cancel = new AbortController();
  const gone = new Gone(order.parties);
  return {
    cancel: cancel.signal,
    applied: (options) => ({
      ...options,
      federation: options.federation.filter(({ name }) => order.parties.includes(name)),
      args: order.args,
      // Nothing of the party file: what was not granted is not there.
      settings: order.settings,
      code: order.code,
      contract: readContract(order.contract),
      minimumRows: order.minimumRows,
      resultsDir: order.results,
      bounds: { ...NODE_RUN_BOUNDS, ...options.bounds },
      door: order.door,
      heedGone: (tell) => gone.heed(tell),
      port: (onSocket) =>
        openDoor(order.door, { onSocket, onNode: (socket, head) => heed(socket, head, cancel, gone) }),
    }),
  };
}

/** Peers whose supervisor has ended, as their nodes say; kept until somebody asks for them. */
class Gone {
  readonly #parties: readonly string[];
  readonly #peers = new Set<string>();
  #tell: ((peer: string, words: string) => void) | undefined;

  constructor(parties: readonly string[]) {
    this.#parties = parties;
  }

  say(peer: string): void {
    if (!this.#parties.includes(peer) || this.#peers.has(peer)) return;
    this.#peers.add(peer);
    this.#tell?.(peer, wordsOf(peer));
  }

  heed(tell: (peer: string, words: string) => void): void {
    this.#tell = tell;
    for (const peer of this.#peers) tell(peer, wordsOf(peer));
  }
}

const wordsOf = (peer: string): string =>
  `the node of ${peer} says that its supervisor of this run has ended`;

function heed(socket: Socket, head: Buffer, cancel: AbortController, gone: Gone): void {
  let text = head.toString('latin1');
  const take = (): void => {
    const lines = text.split('\n');
    text = (lines.pop() ?? '').slice(0, LINE_CHARS_MAX);
    if (lines.includes('cancel')) cancel.abort('operator' satisfies CancelReason);
    for (const line of lines) if (line.startsWith(GONE_WORD)) gone.say(line.slice(GONE_WORD.length));
  };
  socket.on('data', (part: Buffer) => {
    text += part.toString('latin1');
    take();
  });
  take();
  socket.resume();
}
