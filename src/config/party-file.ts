import { dirname, relative, resolve } from 'node:path';
import { z } from 'zod';
import { UsageError } from '../base/errors.ts';
import { PSI_PROTOCOLS, type PsiProtocolName } from '../base/psi-protocols.ts';
import { hint } from '../base/suggest.ts';
import { ERROR_DETAILS, type ErrorDetail } from '../coordination/public-details.ts';
import { SANDBOX_POLICIES, type SandboxPolicy } from '../supervisor/sandbox/policy.ts';
import type { Bounds } from '../supervisor/seam/bounds.ts';
import type { FederationMember } from '../supervisor/seam/options.ts';
import { type Address, defaultListen, parseAddress } from './address.ts';
import { checkFile } from './check.ts';
import { addressText, type Federation, partyName, readFederationFile } from './federation-file.ts';
import { checkFileVersion, fileVersion } from './file-version.ts';
import { memoryBytes, memoryExpected } from './memory-size.ts';
import { RECORD_BOUND_MAX, type RecordSetting } from './record-bounds.ts';
import { BOUND_MS_MAX, boundNames } from './run-bounds.ts';
import { readYamlFile, type YamlFile } from './yaml-file.ts';

const milliseconds = z
  .int(`whole milliseconds, 1 to ${BOUND_MS_MAX}`)
  .min(1, { error: `whole milliseconds, 1 to ${BOUND_MS_MAX}` })
  .max(BOUND_MS_MAX, { error: `whole milliseconds, 1 to ${BOUND_MS_MAX}` });

const boundShape = Object.fromEntries(boundNames.map((name) => [name, milliseconds.optional()]));

const recordShape = Object.fromEntries(
  Object.entries(RECORD_BOUND_MAX).map(([name, max]) => {
    const error = `a whole number, 1 to ${max}`;
    return [name, z.int(error).min(1, { error }).max(max, { error }).optional()];
  }),
);

const psiExpected = `a list of protocols: ${PSI_PROTOCOLS.join(', ')}`;
const psiProtocol = z.enum(PSI_PROTOCOLS, { error: `one of ${PSI_PROTOCOLS.join(', ')}` });

const schema = z.strictObject({
  version: fileVersion,
  party: partyName,
  federation: z
    .string('the path of the federation file')
    .min(1, { error: 'the path of the federation file' }),
  key: z.string('the path of the private key').min(1, { error: 'the path of the private key' }),
  certificate: z.string('the path of the certificate').min(1, { error: 'the path of the certificate' }),
  listen: addressText.optional(),
  settings: z.record(z.string(), z.unknown(), 'keys and values').optional(),
  bounds: z.strictObject(boundShape, 'bounds by name, in milliseconds').optional(),
  memoryMax: z
    .string(memoryExpected)
    .refine((text) => memoryBytes(text) !== undefined, { error: memoryExpected })
    .optional(),
  sandbox: z
    .union([z.enum(SANDBOX_POLICIES), z.literal(false)], { error: `one of ${SANDBOX_POLICIES.join(', ')}` })
    .optional(),
  psi: z
    .strictObject(
      { protocols: z.array(psiProtocol, psiExpected).min(1, { error: psiExpected }).optional() },
      'protocols',
    )
    .optional(),
  errorDetail: z.enum(ERROR_DETAILS, { error: `one of ${ERROR_DETAILS.join(', ')}` }).optional(),
  records: z
    .union([z.literal(['off', false]), z.strictObject(recordShape)], {
      error: `off, or bounds: ${Object.keys(recordShape).join(', ')}`,
    })
    .optional(),
});

/** Each is described in docs/cli.md. */
export const partyFileKeys = Object.keys(schema.shape);

/** A party file with its federation, all paths absolute. Keys and certificates are not read yet. */
export interface PartyConfig {
  readonly party: string;
  readonly file: string;
  readonly federationFile: string;
  readonly federation: Federation;
  readonly member: FederationMember;
  readonly keyFile: string;
  readonly certificateFile: string;
  readonly listen: Address;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly bounds: Partial<Bounds>;
  /** What the program may hold, in bytes; undefined: the machine's default. */
  readonly memoryMaxBytes: number | undefined;
  /** Whether the code of jobs runs in a sandbox. */
  readonly sandbox: SandboxPolicy;
  /** By which this party runs intersections; undefined: all. */
  readonly psiProtocols: readonly PsiProtocolName[] | undefined;
  readonly errorDetail: ErrorDetail;
  readonly records: RecordSetting | undefined;
}

/**
 * Reads a party file and the federation file that it names. Relative paths count from the party file's folder.
 *
 * @throws {UsageError} those of `readFederationFile`; PRIVITY_CONFIG_PARTY_UNKNOWN if the federation does not list it
 */
export async function readPartyFile(path: string): Promise<PartyConfig> {
  const file = await readYamlFile(path, 'party file');
  const value = checkPartyFile(file);
  const folder = dirname(resolve(path));
  // Shown as the user would write it from where he stands, since it ends up in messages.
  const beside = (name: string): string => shownPath(path, resolve(folder, name), name);
  const federationFile = beside(value.federation);
  const federation = await readFederationFile(federationFile);
  const member = federation.parties.find((entry) => entry.name === value.party);
  if (member === undefined) {
    const names = federation.parties.map((entry) => entry.name);
    throw new UsageError(
      'PRIVITY_CONFIG_PARTY_UNKNOWN',
      `${file.at(['party'])}: party: ${federationFile} has no party "${value.party}"; ${hint(value.party, names)}`,
    );
  }
  return {
    party: value.party,
    file: path,
    federationFile,
    federation,
    member,
    keyFile: beside(value.key),
    certificateFile: beside(value.certificate),
    listen: (value.listen === undefined ? undefined : parseAddress(value.listen)) ?? defaultListen(member),
    settings: settingsOf(value.settings ?? {}, folder),
    bounds: definedOnly(value.bounds ?? {}),
    memoryMaxBytes: value.memoryMax === undefined ? undefined : memoryBytes(value.memoryMax),
    // YAML 1.1 reads `off` as false.
    sandbox: value.sandbox || 'off',
    psiProtocols: value.psi?.protocols,
    errorDetail: value.errorDetail ?? 'redacted',
    records: recordsOf(value.records),
  };
}

/** What stands in a party file, before anything that it names is looked at. */
export function checkPartyFile(file: YamlFile): z.output<typeof schema> {
  checkFileVersion(file);
  return checkFile(file, schema);
}

/** A path inside the party file: relative to the current folder if the party file was given so, else absolute. */
function shownPath(partyFile: string, absolute: string, written: string): string {
  if (resolve(partyFile) === partyFile || resolve(written) === written) return absolute;
  return relative('.', absolute) || '.';
}

/**
 * Settings with paths made absolute: text that begins with ./ or ../ counts from the party file's folder. The program
 * runs in a folder of its own, where a relative path would mean nothing.
 */
function settingsOf(settings: Readonly<Record<string, unknown>>, folder: string): Record<string, unknown> {
  const absolute = (value: unknown): unknown => {
    if (typeof value === 'string') return /^\.{1,2}\//.test(value) ? resolve(folder, value) : value;
    if (Array.isArray(value)) return value.map(absolute);
    if (typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype) {
      return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, absolute(inner)]));
    }
    return value;
  };
  return Object.fromEntries(Object.entries(settings).map(([key, value]) => [key, absolute(value)]));
}

/** YAML has two words for it: 1.1 reads `off` as false. */
function recordsOf(value: z.output<typeof schema>['records']): RecordSetting | undefined {
  return typeof value === 'object' ? definedOnly(value) : value === undefined ? undefined : 'off';
}

function definedOnly(bounds: Readonly<Record<string, number | undefined>>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(bounds).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}
