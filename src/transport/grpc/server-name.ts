import type { Plane } from '../../contracts/index.ts';
import { isPartyName } from '../identity/party-name.ts';

/** What a dialler asks for in the TLS ClientHello: a plane of a party. */
export interface ServerName {
  readonly plane: Plane;
  readonly party: string;
  /** See `passFor`. */
  readonly pass?: string | undefined;
}

export const serverName = (plane: Plane, party: string, pass?: string): string =>
  `${pass === undefined ? '' : `${pass}.`}${plane}.${party}.privity`;

/** undefined for any name that Privity does not give. */
export function parseServerName(name: string): ServerName | undefined {
  const match = /^(?:([0-9a-f]{32})\.)?(control|data)\.([^.]+)\.privity$/.exec(name.toLowerCase());
  const [, pass, plane, party] = match ?? [];
  if ((plane !== 'control' && plane !== 'data') || party === undefined || !isPartyName(party))
    return undefined;
  return { plane, party, ...(pass === undefined ? {} : { pass }) };
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
