/** Steps that several parties execute together over a Channel: private set intersection, secure devices. */
import type { Channel } from '../contracts/channel.ts';
import type { Random } from '../contracts/random.ts';
import type { StepKind } from '../coordination/failure.ts';
import type { HandleRecord } from './handle.ts';

export interface DeviceContext {
  readonly tempDir: string;
  readonly signal: AbortSignal;
  readonly random: Random;
  readonly threads: number;
  readonly onProgress: (done: number, total: number) => void;
}

export interface DeviceStep {
  readonly kind: StepKind;
  readonly name: string;
  /** In federation order; a member's rank is its index. */
  readonly members: readonly string[];
  /** The input of each member, by rank. */
  readonly inputs: readonly HandleRecord[];
  /** Parameters that must be the same everywhere, as text. */
  readonly source: string;
  /** This member's part: its own input in, its own result out. */
  execute(channel: Channel, context: DeviceContext, input: unknown): Promise<unknown>;
  /** What the other members learn about this member's input. */
  discloses(input: unknown): { readonly type: string; readonly shape?: readonly number[] };
}
