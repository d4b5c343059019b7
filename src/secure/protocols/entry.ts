/**
 * What is to be known of a protocol without loading it: the device, its checks, the command line and the docs read it
 * from here.
 */
import type { Protocol, ProtocolCosts, ProtocolSetting } from './protocol.ts';

export interface ProtocolEntry {
  readonly name: string;
  /** Of its messages: members compare it. */
  readonly version: number;
  /** Members, at least and at most. */
  readonly members: readonly [min: number, max: number];
  /**
   * From how many members on it needs a further party that deals and holds no data; with fewer it may have one. Absent:
   * it takes none.
   */
  readonly dealerFrom?: number;
  /** Who can do what without learning a secret. */
  readonly adversary: string;
  /** How a secret is cut into shares. */
  readonly sharing: string;
  /** What members open on the way, beside what a job reveals, and to whom. */
  readonly opens: string;
  /** Where it is from. */
  readonly from: string;
  /** Loaded with the first session: protocols bring kernels with them. */
  open(setting: ProtocolSetting): Promise<Protocol>;
  /** What it costs in the settings that the docs show, by their names there. */
  costs(): Promise<Readonly<Record<string, ProtocolCosts>>>;
}
