import { type ErrorCode, errorCatalogue } from '../../base/error-catalogue.ts';
import type { FailureCode } from '../../base/failure-codes.ts';
import type { Connection } from '../../contracts/index.ts';
import { encodeGoodbye, encodeRefusal } from './frame.ts';

/** Refuses the other end of a connection, for good. Resolves when it has been said, or cannot be any more. */
export function refuse(connection: Connection, code: ErrorCode, message: string): Promise<void> {
  connection.start({ onFrame: () => undefined, onClose: () => undefined });
  connection.send(encodeRefusal({ code, message }));
  return connection.close(errorCatalogue[code].failure);
}

/** Tells the other end of a connection that this party has left the conversation. */
export function sayGoodbye(connection: Connection, failure: FailureCode | undefined): Promise<void> {
  connection.start({ onFrame: () => undefined, onClose: () => undefined });
  connection.send(encodeGoodbye());
  return connection.close(failure);
}
