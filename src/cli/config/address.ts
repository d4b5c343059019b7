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
 * Where a party listens when its file does not say. A loopback address is meant as it stands; otherwise on all interfaces,
 * because behind a gateway or in a container the address that peers use is not one of this machine.
 */
export function defaultListen({ host, port }: Address): Address {
  if (isLoopback(host)) return { host, port };
  return { host: host.includes(':') ? '::' : '0.0.0.0', port };
}
