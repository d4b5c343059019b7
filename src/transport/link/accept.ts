import type { Connection, Plane, Transport } from '../../contracts/index.ts';
import type { ManagedLink } from './link.ts';

/** Leads connections that peers dialled to the links that they belong to. */
export interface LinkAcceptor {
  /** From now on connections of that link's peer and plane go to it; one that came before is waiting. */
  add(link: ManagedLink): void;
}

/** Takes over `transport.accept`. At most one connection per peer and plane waits for its link, the latest. */
export function acceptInto(transport: Transport): LinkAcceptor {
  const links = new Map<string, ManagedLink>();
  const early = new Map<string, Connection>();
  transport.accept((connection) => {
    const key = keyOf(connection);
    const link = links.get(key);
    if (link !== undefined) return link.attach(connection);
    early.get(key)?.destroy();
    early.set(key, connection);
  });
  return {
    add(link): void {
      const key = keyOf(link);
      links.set(key, link);
      const connection = early.get(key);
      early.delete(key);
      if (connection !== undefined) link.attach(connection);
    },
  };
}

const keyOf = (end: { readonly peer: string; readonly plane: Plane }): string => `${end.plane} ${end.peer}`;
