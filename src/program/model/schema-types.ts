/** Schemas as types know them: Standard Schema version 1 (https://standardschema.dev). */

/** The part of Standard Schema that is used here. */
export interface Schema<Output = unknown> {
  /** What Standard Schema specifies: vendor, version, and the function that checks a value. */
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>;
    readonly types?: { readonly input: unknown; readonly output: Output } | undefined;
  };
}

/** What a schema says of a value: the value as it reads it, or what is wrong with it. */
export type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] };

/** One thing that a schema finds wrong with a value. */
export interface SchemaIssue {
  /** In words. */
  readonly message: string;
  /** Where in the value. */
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/**
 * How a job declares the settings of a party: a schema, or simply their names when all are strings.
 * @example
 * import { job, z } from 'privity';
 *
 * const args = z.object({ year: z.coerce.number().default(2024) }); // --arg year=2025
 * const settings = {
 *   alice: z.object({ table: z.string(), minimum: z.coerce.number().default(10) }), // --setting alice.minimum=5
 *   bob: ['table'], // --inputs bob.table=bob.csv
 * } as const;
 *
 * export default job({ parties: ['alice', 'bob'], args, settings }, async ({ alice, args, reveal }) => {
 *   const told = alice.run('tell', ({ settings }) => `${settings.minimum} rows of ${args.year}`);
 *   return await reveal(told);
 * });
 */
export type SettingsDeclaration = Schema | readonly string[];

/** The type of the public arguments: what their schema gives, or no arguments. */
export type OutputOf<A> = A extends Schema<infer Output> ? Output : Readonly<Record<never, never>>;

/** The type of a party's settings: as declared, or any strings when nothing is. */
export type SettingsOf<S, P extends string> = S extends { readonly [K in P]: infer D }
  ? D extends Schema<infer Output>
    ? Output
    : D extends readonly (infer Name extends string)[]
      ? { readonly [K in Name]: string }
      : Readonly<Record<string, string>>
  : Readonly<Record<string, string>>;

export type Raw = Readonly<Record<string, unknown>>;
