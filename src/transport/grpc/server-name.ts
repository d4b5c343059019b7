import { createHash } from 'node:crypto';
import type { Plane } from '../../contracts/index.ts';
import { isPartyName } from '../identity/party-name.ts';

/** What a dialler asks for in the TLS ClientHello: a plane of a party. */
export interface ServerName {
  readonly plane: Plane;
  readonly party: string;
  /** Which run, where the dialler knows it beforehand (`runLabel`): at a port that many runs share. */
  readonly run?: string | undefined;
  /** See `passFor`. */
  readonly pass?: string | undefined;
}

export function serverName({ plane, party, run, pass }: ServerName): string {
  return [pass, run, plane, party, 'privity'].filter((label) => label !== undefined).join('.');
}

const RUN_CHARS = 31;

/**
 * A run's id as a label of a server name, which has neither all characters nor all lengths of ids. It tells nothing of
 * the id but to who knows it.
 */
export function runLabel(runId: string): string {
  const digest = createHash('sha256').update(JSON.stringify(['privity run label 1', runId]));
  return `r${digest.digest('hex').slice(0, RUN_CHARS)}`;
}

/** undefined for any name that Privity does not give. */
export function parseServerName(name: string): ServerName | undefined {
  const form = /^(?:([0-9a-f]{32})\.)?(?:(r[0-9a-f]{31})\.)?(control|data)\.([^.]+)\.privity$/;
  const [, pass, run, plane, party] = form.exec(name.toLowerCase()) ?? [];
  if ((plane !== 'control' && plane !== 'data') || party === undefined || !isPartyName(party))
    return undefined;
  return { plane, party, ...(run === undefined ? {} : { run }), ...(pass === undefined ? {} : { pass }) };
}

/** The gRPC method of each plane. */
export const planePaths: Readonly<Record<Plane, string>> = {
  control: '/privity.v1.Link/Control',
  data: '/privity.v1.Link/Data',
};

export function planeOfPath(path: string | undefined): Plane | undefined {
  if (path === planePaths.control) return 'control';
  if (path === planePaths.data) return 'data';
  return undefined;
}
