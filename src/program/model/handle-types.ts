/** Handles and parties as types know them, below everything that uses them. */

declare const handleMark: unique symbol;
declare const ownersMark: unique symbol;
export declare const valueMark: unique symbol;
export declare const partyMark: unique symbol;

/** Any handle, of a value at any party. */
export interface Handle {
  /** @internal Tells types apart; not there at run time. */
  readonly [handleMark]: true;
  /** @internal Tells types apart; not there at run time. */
  readonly [valueMark]: unknown;
}

/** Any handle to a value of just these owners. */
export interface OwnedBy<in out Owners extends string> extends Handle {
  /** @internal Tells types apart; not there at run time. */
  readonly [ownersMark]: (owners: Owners) => Owners;
}

/** Any party of the job. */
export interface AnyParty {
  /** @internal Tells types apart; not there at run time. */
  readonly [partyMark]: string;
  /** Its name in the job and in the federation. */
  readonly name: string;
}

/** The name of a party, as a type; of several, the union of their names. */
export type NameOf<P extends AnyParty> = P[typeof partyMark];

/** The party of this name, whatever its settings. */
export interface NamedParty<P extends string> extends AnyParty {
  /** @internal Tells types apart; not there at run time. */
  readonly [partyMark]: P;
}
