import type { ErrorCode } from '../../base/error-catalogue.ts';
import type { Connection } from '../../contracts/index.ts';
import { encodeRefusal } from './frame.ts';

/** Refuses whoever is at the other end of a connection, for good. Resolves when it has been said, or cannot be any more. */
export function refuse(connection: Connection, code: ErrorCode, message: string): Promise<void> {
  connection.start({ onFrame: () => undefined, onClose: () => undefined });
  connection.send(encodeRefusal({ code, message }));
  return connection.close();
}
