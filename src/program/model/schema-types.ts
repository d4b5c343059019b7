/** Schemas as types know them: Standard Schema version 1 (https://standardschema.dev). */

/** The part of Standard Schema that is used here. */
export interface Schema<Output = unknown> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>;
    readonly types?: { readonly input: unknown; readonly output: Output } | undefined;
  };
}

export type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] };

export interface SchemaIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** How a job declares the settings of a party: a schema, or simply their names when all are strings. */
export type SettingsDeclaration = Schema | readonly string[];

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
