export interface Address {
  readonly host: string;
  readonly port: number;
}

/** Reads `host:port` or `[ipv6]:port`. Undefined if it is not one. */
export function parseAddress(text: string): Address | undefined {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:/[\]@]+)):(\d{1,5})$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host === undefined || !Number.isInteger(port) || port < 1 || port > 65_535) return undefined;
  return { host, port };
}

export function formatAddress({ host, port }: Address): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

/**
 * Whether a host only says "every address of this machine": one can listen there, and nobody can be dialled there. In
 * every spelling that a resolver takes: `0`, `0x0`, `[0:0:0:0:0:0:0:0]`, `[::ffff:0.0.0.0]`.
 */
export function isUnspecified(host: string): boolean {
  const url = host.includes(':') ? `http://[${host}]` : `http://${host}`;
  if (!URL.canParse(url)) return false;
  return UNSPECIFIED.has(new URL(url).hostname);
}

/** As WHATWG URLs write them, which have one spelling for each address. */
const UNSPECIFIED: ReadonlySet<string> = new Set(['0.0.0.0', '[::]', '[::ffff:0:0]']);

/** What is said where an address that peers are to dial is none. */
export const DIALLED_EXPECTED =
  'an address that other parties can dial; 0.0.0.0 and [::] mean every address of this machine and are for `listen` in the party file only';

/**
 * Where a party listens when its file does not say. A loopback address is meant as it stands; otherwise on all
 * interfaces, because behind a gateway or in a container the address that peers use is not one of this machine.
 */
export function defaultListen({ host, port }: Address): Address {
  if (isLoopback(host)) return { host, port };
  return { host: host.includes(':') ? '::' : '0.0.0.0', port };
}
