/** Handles and parties as types know them, below everything that uses them. */

declare const handleMark: unique symbol;
declare const ownersMark: unique symbol;
export declare const valueMark: unique symbol;
export declare const partyMark: unique symbol;

/** Any handle, of a value at any party. */
export interface Handle {
  readonly [handleMark]: true;
  readonly [valueMark]: unknown;
}

/** Any handle to a value of just these owners. */
export interface OwnedBy<in out Owners extends string> extends Handle {
  readonly [ownersMark]: (owners: Owners) => Owners;
}

export interface AnyParty {
  readonly [partyMark]: string;
  readonly name: string;
}

export type NameOf<P extends AnyParty> = P[typeof partyMark];

/** The party of this name, whatever its settings. */
export interface NamedParty<P extends string> extends AnyParty {
  readonly [partyMark]: P;
}
