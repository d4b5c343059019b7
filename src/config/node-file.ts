/** The file of a node: which party it is, where it keeps what it knows, and who may do what. */
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { PACKAGE_NAME } from '../program/loading/packages.ts';
import { SANDBOX_POLICIES, type SandboxPolicy } from '../supervisor/sandbox/policy.ts';
import { type Address, parseAddress } from './address.ts';
import { checkFile } from './check.ts';
import { addressText } from './federation-file.ts';
import { checkFileVersion, fileVersion } from './file-version.ts';
import { type PartyConfig, readPartyFile } from './party-file.ts';
import { readYamlFile } from './yaml-file.ts';

/** Where the API listens if the file does not say. */
export const DEFAULT_API: Address = { host: '127.0.0.1', port: 7430 };
/** More runs at once than any machine carries. */
const RUNS_AT_ONCE_MAX = 256;

const path = (what: string) => z.string(what).min(1, { error: what });

const schema = z.strictObject({
  version: fileVersion,
  party: path('the path of the party file'),
  state: path('the path of the folder for what the node keeps'),
  sockets: path('the path of a folder for local sockets').optional(),
  store: z
    .strictObject(
      { postgres: z.strictObject({ env: z.string().min(1) }, 'the name of a variable') },
      'postgres',
    )
    .optional(),
  api: addressText.optional(),
  runsAtOnceMax: z
    .int(`a whole number, 1 to ${RUNS_AT_ONCE_MAX}`)
    .min(1, { error: `a whole number, 1 to ${RUNS_AT_ONCE_MAX}` })
    .max(RUNS_AT_ONCE_MAX, { error: `a whole number, 1 to ${RUNS_AT_ONCE_MAX}` })
    .optional(),
  sandbox: z
    .union([z.enum(SANDBOX_POLICIES), z.literal(false)], { error: `one of ${SANDBOX_POLICIES.join(', ')}` })
    .optional(),
  extensions: path('the path of a folder with extensions of DuckDB').optional(),
  packages: z.array(z.string('names of packages').regex(PACKAGE_NAME, 'the name of a package')).optional(),
  packagesFolder: path('the path of a folder with node_modules').optional(),
  selfApproval: z.boolean('true or false').optional(),
});

export interface NodeConfig {
  readonly file: string;
  readonly party: PartyConfig;
  /** Absolute. */
  readonly state: string;
  /** Undefined: in `state`, or in a folder with a shorter path. */
  readonly sockets: string | undefined;
  readonly store: { readonly kind: 'embedded' } | { readonly kind: 'postgres'; readonly env: string };
  readonly api: Address;
  /** Undefined: by the memory of the machine. */
  readonly runsAtOnceMax: number | undefined;
  readonly sandbox: SandboxPolicy;
  readonly extensions: string | undefined;
  /** Names of the packages that jobs may import here, beside Privity. */
  readonly packages: readonly string[];
  /** The folder in whose node_modules they are. */
  readonly packagesFolder: string;
  /** Whether somebody may approve what they have proposed themselves. */
  readonly selfApproval: boolean;
}

/** Each is described in docs/node.md. */
export const nodeFileKeys = Object.keys(schema.shape);

/**
 * @throws {UsageError} PRIVITY_CONFIG_* of this file, of the party file, of the federation file
 */
export async function readNodeFile(file: string): Promise<NodeConfig> {
  const yaml = await readYamlFile(file, 'node file');
  checkFileVersion(yaml);
  const value = checkFile(yaml, schema);
  const beside = (name: string): string => resolve(dirname(file), name);
  const state = beside(value.state);
  const api = value.api === undefined ? DEFAULT_API : (parseAddress(value.api) ?? DEFAULT_API);
  return {
    file,
    party: await readPartyFile(beside(value.party)),
    state,
    sockets: value.sockets === undefined ? undefined : beside(value.sockets),
    store:
      value.store === undefined ? { kind: 'embedded' } : { kind: 'postgres', env: value.store.postgres.env },
    api,
    runsAtOnceMax: value.runsAtOnceMax,
    // YAML 1.1 reads `off` as false.
    sandbox: value.sandbox === undefined ? 'required' : value.sandbox || 'off',
    extensions: value.extensions === undefined ? undefined : beside(value.extensions),
    packages: value.packages ?? [],
    packagesFolder: beside(value.packagesFolder ?? '.'),
    selfApproval: value.selfApproval ?? false,
  };
}
