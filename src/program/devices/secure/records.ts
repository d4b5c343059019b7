/** What a run knows of devices, secrets and their steps, as data. */

import type { Random } from '../../../contracts/random.ts';
import type { Assumption, PlainStep } from '../../../observe/report.ts';
import type { Bound } from '../../../secure/bounds/declare.ts';
import type { SecureProtocol } from '../../../secure/protocols/table.ts';
import type { Dtype } from '../../../secure/ring/fixed-point.ts';
import type { Shape } from '../../../secure/ring/shape.ts';
import type { SecretTensor } from '../../../secure/secret.ts';
import type { Evaluator } from '../../../secure/session.ts';
import type { Branch } from '../../state/branch.ts';
import type { Cell } from '../../state/cell.ts';
import type { HandleRecord } from '../../steps/handle.ts';
import type { Called } from './called.ts';
import type { Serve } from './dealer-line.ts';
import type { OpenSession } from './line.ts';

/** A device as the runtime knows it. */
export interface DeviceRecord {
  readonly run: object;
  /** Protocol, members and options in words; devices with the same key are the same. */
  readonly key: string;
  readonly protocol: SecureProtocol;
  /** In federation order. A member's index is its rank. */
  readonly members: readonly string[];
  readonly dealer: string | undefined;
  /** Everybody on the device's channel by rank: the members, then the dealer. */
  readonly ranks: readonly string[];
  /** The same in federation order. */
  readonly places: readonly string[];
  readonly fracBits: number;
  readonly handle: object;
  /** At a member. */
  opener(random: Random, threads: number, plaintext: boolean): OpenSession;
  /** At the dealer. */
  server(random: Random, threads: number): Serve;
}

export interface SecretRecord {
  /** The runtime that made it. */
  readonly run: object;
  readonly device: DeviceRecord;
  /** Id of the value in the lockstep digest: the step that makes it. */
  readonly id: string;
  readonly name: string;
  readonly shape: Shape;
  readonly dtype: Dtype;
  /** In which all its elements lie. */
  readonly bound: Bound;
  /** Where it was made. */
  readonly branch: Branch;
  /** This member's shares; at parties that are no members it stays empty. */
  readonly cell: Cell<SecretTensor>;
}

/** A value that a member has outside of the device. */
export interface Located {
  readonly record: HandleRecord;
  readonly owner: string;
}

/** What a step of a device does, as its caller has checked it. */
export interface SecurePlan {
  readonly kind: 'share' | 'secure' | 'reveal';
  readonly operation: string;
  readonly name: string;
  readonly operands: readonly SecretRecord[];
  readonly called: Called;
  /** Located values that members share, each one of its own. */
  readonly located?: readonly Located[];
  /** Public parameters, as text: they must be the same everywhere. */
  readonly detail: string;
  readonly local: boolean;
  readonly elements: number;
  /** What is said of a secret that nobody checks. */
  readonly assumption?: Assumption;
  /** What the step really had, once it has run on plaintext. */
  readonly traced?: () => PlainStep | undefined;
  /** `located`: this member's own. */
  execute(
    on: Evaluator,
    operands: readonly SecretTensor[],
    located: unknown,
    leaving: Leaving,
  ): Promise<unknown>;
  /** What others learn from this member, and who. */
  readonly discloses?: (member: string) => SecureDisclosure | undefined;
}

/**
 * Called when everything has been checked: what is sent from then on discloses. `type`: where more is known of it by
 * then.
 */
export type Leaving = (type?: string) => void;

export interface SecureDisclosure {
  readonly to: readonly string[];
  readonly type: string;
  readonly shape: Shape;
  /** What this member sends for it; 0: others say it all. */
  bytes(on: Evaluator): number;
}

/** What is public about a result. */
export type Known = Pick<SecretRecord, 'shape' | 'dtype' | 'bound'>;
