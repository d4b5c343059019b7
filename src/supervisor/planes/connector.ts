/** Makes a party's links of one plane. Of two parties the one whose name comes first dials. */
import type { LinkHandlers, Plane, Transport } from '../../contracts/index.ts';
import { CONTROL_MESSAGE_BYTES_MAX } from '../../coordination/limits.ts';
import {
  acceptInto,
  createLink,
  LINK_LIMITS,
  type LinkLimits,
  type ManagedLink,
} from '../../transport/index.ts';
import type { RunName } from '../seam/options.ts';
import type { Connect, EventLoop } from '../seam/platform.ts';

/**
 * Dials that a control link makes at least in the time after which its peer is lost: when a gateway comes back within
 * that time, the pause between two dials must not take what is left of it.
 */
const DIALS_BEFORE_LOST = 8;

/** What crosses a control link is a control message, as a header or, for heartbeats, as a note. */
export function controlLinkLimits(lostAfterMs: number): Partial<LinkLimits> {
  return {
    backoffMsMax: Math.min(LINK_LIMITS.backoffMsMax, Math.ceil(lostAfterMs / DIALS_BEFORE_LOST)),
    headerBytesMax: CONTROL_MESSAGE_BYTES_MAX,
    noteBytesMax: CONTROL_MESSAGE_BYTES_MAX,
  };
}

export interface ConnectorOptions {
  readonly transport: Transport;
  readonly plane: Plane;
  /** Names of all parties, sorted. */
  readonly order: readonly string[];
  /** Of the data plane: control links are there before the parties have agreed on it. */
  readonly run?: RunName | undefined;
  readonly limits?: Partial<LinkLimits> | undefined;
  readonly loop: Pick<EventLoop, 'clock' | 'random'>;
}

export function createConnector({ transport, plane, order, run, limits, loop }: ConnectorOptions): Connect {
  const { clock, random } = loop;
  const acceptor = acceptInto(transport);
  return (peer: string, handlers: LinkHandlers): ManagedLink => {
    const role = order.indexOf(transport.self) < order.indexOf(peer) ? 'dialer' : 'acceptor';
    const name = run && { runId: run.runId, binding: Buffer.from(run.binding, 'hex') };
    const link = createLink({ transport, peer, plane, role, ...name, clock, random, handlers, limits });
    if (role === 'acceptor') acceptor.add(link);
    return link;
  };
}
