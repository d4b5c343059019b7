import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { PeerError, PrivityError } from '../../base/errors.ts';
import { formatAddress, isLoopback } from '../../config/address.ts';
import type { IdentityFiles } from '../../config/identity-files.ts';
import type { PartyConfig } from '../../config/party-file.ts';
import type { FederationMember } from '../../supervisor/seam/options.ts';
import { createGrpcTransport, type GrpcTransport } from '../../transport/grpc/transport.ts';
import { type ListeningPort, listenPort } from '../../transport/port/listen-port.ts';
import type { Shell } from '../shell.ts';
import { type Check, failed, ok, unknown } from './check.ts';

/** A resolver that takes longer would make every run's start as slow. */
export const LOOKUP_TIMEOUT_MS = 5_000;

/** Between two tries of a peer that does not answer yet, while the doctor waits for it. */
export const RETRY_INTERVAL_MS = 500;

type Visit = { readonly came: boolean; readonly refused?: string };

/** The party's port and transport, open as during a run, so that a peer's doctor finds somebody there. */
export interface OpenPort {
  readonly check: Check;
  readonly transport: GrpcTransport;
  /**
   * Resolves when the peer has come to us, or after `waitMs`: to whether it has, or why somebody of its name was turned
   * away.
   */
  visited(peer: string, waitMs: number): Promise<Visit>;
  close(): Promise<void>;
}

export async function openPort(
  shell: Shell,
  config: PartyConfig,
  identity: IdentityFiles,
): Promise<OpenPort> {
  const visits = new Map<string, (visit: Visit) => void>();
  const visited = new Map(
    config.federation.parties.map(({ name }) => [
      name,
      new Promise<Visit>((resolve) => visits.set(name, resolve)),
    ]),
  );
  const transport = createGrpcTransport({
    self: config.party,
    parties: config.federation.parties,
    identity: { certPem: identity.certPem, keyPem: identity.keyPem },
    clock: shell.clock,
    // The visitor is not told why, so it is for this party to see.
    onRefused: (error) => visits.get(error.party ?? '')?.({ came: false, refused: error.message }),
  });
  // A connection here is a peer that looks whether we are who we should be; it has its answer by now.
  transport.accept((connection) => {
    visits.get(connection.peer)?.({ came: true });
    connection.start({ onFrame: () => undefined, onClose: () => undefined });
    void connection.close();
  });
  const where = formatAddress(config.listen);
  let port: ListeningPort | undefined;
  let check: Check;
  try {
    const { host, port: number } = config.listen;
    port = await listenPort({
      host,
      port: number,
      party: config.party,
      onSocket: ({ socket, head }) => transport.handleSocket(socket, head),
    });
    check = ok('port', `${where} can be listened at`);
  } catch (error) {
    check = failed('port', error instanceof Error ? error.message : `${where} cannot be listened at`);
  }
  return {
    check,
    transport,
    visited: (peer, waitMs) =>
      Promise.race([
        visited.get(peer) ?? { came: false },
        new Promise<Visit>((resolve) => shell.clock.after(waitMs, () => resolve({ came: false }))),
      ]),
    async close() {
      await port?.close();
      await transport.close();
    },
  };
}

export async function checkName(shell: Shell, member: FederationMember): Promise<Check> {
  const name = `${member.name}: name`;
  if (isIP(member.host) !== 0 || isLoopback(member.host)) return ok(name, `${member.host} is an address`);
  const late = new Promise<'late'>((resolve) => shell.clock.after(LOOKUP_TIMEOUT_MS, () => resolve('late')));
  try {
    const found = await Promise.race([lookup(member.host, { all: true }), late]);
    if (found === 'late')
      return failed(
        name,
        `${member.host} was not resolved within ${LOOKUP_TIMEOUT_MS} ms`,
        'look at the name service of this machine',
      );
    return ok(name, `${member.host} is ${found.map((entry) => entry.address).join(', ')}`);
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? 'unknown reason';
    const remedy = `correct the address in the federation file, or ask ${member.name} for the right one`;
    return failed(name, `${member.host} cannot be resolved (${reason})`, remedy);
  }
}

/**
 * Reaches a peer as a run would: TCP, mutual TLS, and both ends' check of the other's pinned key. Tries again until
 * `waitMs` have passed, because a peer listens only while it runs a job or its own doctor.
 */
export async function checkPeer(
  shell: Shell,
  transport: GrpcTransport,
  member: FederationMember,
  waitMs: number,
): Promise<Check> {
  const name = `${member.name}: peer`;
  const deadline = shell.clock.now() + waitMs;
  for (;;) {
    try {
      const connection = await transport.dial(member.name, 'control', new AbortController().signal);
      connection.destroy();
      return ok(
        name,
        `${formatAddress(member)} answers, and is ${member.name} by the fingerprint in the federation`,
      );
    } catch (error) {
      if (error instanceof PeerError) return failed(name, error.message);
      if (shell.clock.now() + RETRY_INTERVAL_MS >= deadline) return notThere(name, member, error);
    }
    await new Promise<void>((resolve) => {
      shell.clock.after(RETRY_INTERVAL_MS, resolve);
    });
  }
}

/** The other direction: whether the peer came to our port, and was let in. */
export function checkVisit(member: FederationMember, { came, refused }: Visit): Check {
  const name = `${member.name}: inbound`;
  if (refused !== undefined)
    return failed(name, `somebody who says to be ${member.name} was turned away: ${refused}`);
  if (came) return ok(name, `${member.name} has reached this party, too`);
  const remedy = `of two parties the one whose name comes first in the alphabet dials; if that is ${member.name}, look at the firewall here and at the address that the file gives for this party`;
  return unknown(name, `${member.name} has not come to this party's port`, remedy);
}

function notThere(name: string, member: FederationMember, error: unknown): Check {
  const reason = error instanceof PrivityError ? error.message : 'it does not answer';
  const remedy = `a party listens only during a run: ask ${member.name} to start \`privity doctor --wait 60s\` at the same time; if it still fails, look at the firewalls between`;
  return unknown(name, reason, remedy);
}
