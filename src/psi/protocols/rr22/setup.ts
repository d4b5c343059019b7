/** The oblivious transfers from which all buckets of a run start: for each party that is the receiver of some. */
import type { PsiLine } from '../../line.ts';
import { violation } from '../../messages.ts';
import type { VoleSeeds } from '../../vole/seeds.ts';
import {
  SETUP_ANSWER_BYTES,
  SETUP_OPENING_BYTES,
  SETUP_TREES_BYTES,
  VoleSetupReceiver,
  VoleSetupSender,
} from '../../vole/setup.ts';
import type { PsiSetting } from '../protocol.ts';
import { parts, setupPart } from './messages.ts';
import type { BucketPlan } from './plan.ts';

/** Seeds as they go to threads. Secret. */
export interface Transfers {
  /** For buckets of which this party is the receiver. */
  readonly receiving: Uint8Array | undefined;
  readonly sending: Uint8Array | undefined;
}

/** Numbers of the messages. */
const [OPENING, ANSWER, TREES] = [0, 1, 2] as const;

/** Bytes that a party sends, if it is the receiver of buckets, and if the other one is. */
export function setupBytes(
  isReceiver: boolean,
  peerIs: boolean,
): { readonly messages: number; readonly bytes: number } {
  const messages = (isReceiver ? 2 : 0) + (peerIs ? 1 : 0);
  const bytes =
    (isReceiver ? SETUP_OPENING_BYTES + SETUP_TREES_BYTES : 0) + (peerIs ? SETUP_ANSWER_BYTES : 0);
  return { messages, bytes };
}

/** @throws {PeerError} PRIVITY_PSI_PROTOCOL */
export async function openTransfers(
  line: PsiLine,
  { random, agreement }: Pick<PsiSetting, 'random' | 'agreement'>,
  plan: Pick<BucketPlan, 'receivers'>,
): Promise<Transfers> {
  const receivers = plan.receivers;
  const contextOf = (rank: number): Uint8Array => Buffer.concat([Uint8Array.of(rank), agreement]);
  const receiver = receivers.has(line.rank)
    ? await VoleSetupReceiver.open(random, contextOf(line.rank))
    : undefined;
  let sender: VoleSetupSender | undefined;
  let receiving: VoleSeeds | undefined;
  let sending: VoleSeeds | undefined;
  try {
    if (receiver !== undefined) await line.send(setupPart(OPENING, receiver.opening));
    if (receivers.has(line.peer)) {
      const opening = await setupMessage(line, OPENING);
      sender = await VoleSetupSender.open(random, contextOf(line.peer), opening);
      await line.send(setupPart(ANSWER, sender.answer));
    }
    if (receiver !== undefined) {
      const made = receiver.finish(await setupMessage(line, ANSWER));
      receiving = made.seeds;
      await line.send(setupPart(TREES, made.trees));
    }
    if (sender !== undefined) sending = sender.finish(await setupMessage(line, TREES));
    return { receiving: receiving?.encode(), sending: sending?.encode() };
  } finally {
    for (const secret of [receiver, sender, receiving, sending]) secret?.destroy();
  }
}

async function setupMessage(line: PsiLine, index: number): Promise<Uint8Array> {
  const message = await line.receivePart();
  if (message.part !== parts.setup || message.index !== index) throw violation('a setup out of order');
  return new Uint8Array(message.body);
}
