/** What a node opens first, by its node file. */
import { UsageError } from '../base/errors.ts';
import { systemClock } from '../base/system.ts';
import type { IdentityFiles } from '../config/identity-files.ts';
import type { NodeConfig } from '../config/node-file.ts';
import { boundedRefusals } from '../supervisor/planes/refusals.ts';
import { createGrpcTransport, type GrpcTransport } from '../transport/index.ts';
import type { StoreOptions } from './store/store.ts';

/** Under which nodes find each other behind their gates, in the place of a run's id. */
export const NODE_NAME = 'the node itself';

/** @throws {UsageError} PRIVITY_CONFIG_VALUE: the variable is not set */
export function placeOf({ store, state, file }: NodeConfig): StoreOptions['place'] {
  if (store.kind === 'embedded') return { folder: state };
  const url = process.env[store.env];
  if (url !== undefined && url !== '') return { url };
  throw new UsageError(
    'PRIVITY_CONFIG_VALUE',
    `${file}: store.postgres.env: the variable ${store.env} is not set`,
  );
}

export function openTransport(
  config: NodeConfig,
  identity: IdentityFiles,
  warn: (message: string) => void,
): GrpcTransport {
  const { party, federation } = config.party;
  return createGrpcTransport({
    self: party,
    parties: federation.parties,
    identity,
    clock: systemClock,
    runId: NODE_NAME,
    onRefused: boundedRefusals(systemClock, warn),
  });
}
