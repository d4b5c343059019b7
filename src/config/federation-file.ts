import { createHash } from 'node:crypto';
import { stringify } from 'yaml';
import { z } from 'zod';
import { PARTIES_MAX } from '../coordination/limits.ts';
import type { FederationMember } from '../supervisor/seam/options.ts';
import { DIALLED_EXPECTED, formatAddress, isUnspecified, parseAddress } from './address.ts';
import { checkFile, type IssueParams } from './check.ts';
import { checkFileVersion, fileVersion } from './file-version.ts';
import { parseYaml, readYamlFile, type YamlFile } from './yaml-file.ts';

export interface Federation {
  readonly name: string;
  /** By name, whatever the order in the file. */
  readonly parties: readonly FederationMember[];
}

export const partyNamePattern = /^[a-z][a-z0-9-]{0,30}$/;
export const fingerprintPattern = /^sha256:[A-Za-z0-9_-]{43}$/;

export const partyName = z.string('a party name').regex(partyNamePattern, {
  error: 'a party name: a small letter, then up to 30 small letters, digits or hyphens',
});

export const addressText = z
  .string('an address HOST:PORT')
  .refine((text) => parseAddress(text) !== undefined, {
    error: 'an address HOST:PORT, such as bob.example.org:7420 or [2001:db8::7]:7420, port 1 to 65535',
    params: { code: 'PRIVITY_CONFIG_ADDRESS' } satisfies IssueParams,
  });

/** Where others dial a party. It may listen at more addresses. */
const dialledText = addressText.refine((text) => !isUnspecified(parseAddress(text)?.host ?? ''), {
  error: DIALLED_EXPECTED,
  params: { code: 'PRIVITY_CONFIG_ADDRESS' } satisfies IssueParams,
});

const fingerprintText = z.string('a fingerprint').regex(fingerprintPattern, {
  error: 'a fingerprint: "sha256:" and 43 characters, as `privity keygen` prints it',
});

/** More keys than a party replaces while anybody looks at what it signed with them. */
const FORMER_KEYS_MAX = 20;

const party = z.strictObject({
  name: partyName,
  address: dialledText,
  fingerprint: fingerprintText,
  former: z
    .array(fingerprintText, 'a list of fingerprints')
    .max(FORMER_KEYS_MAX, { error: `at most ${FORMER_KEYS_MAX} fingerprints` })
    .optional(),
});

const schema = z
  .strictObject({
    version: fileVersion,
    federation: z.string('the name of the federation').regex(/^[A-Za-z0-9][A-Za-z0-9 ._-]{0,63}$/, {
      error:
        'a name: up to 64 letters, digits, blanks, dots, hyphens or underscores, beginning with a letter or digit',
    }),
    parties: z
      .array(party, 'a list of parties')
      .min(2, { error: 'at least two parties' })
      .max(PARTIES_MAX, { error: `at most ${PARTIES_MAX} parties` }),
  })
  .superRefine((value, context) => {
    for (const key of ['name', 'address', 'fingerprint'] as const) {
      const first = new Map<string, number>();
      value.parties.forEach((entry, index) => {
        const earlier = first.get(entry[key]);
        if (earlier === undefined) {
          first.set(entry[key], index);
          return;
        }
        context.addIssue({
          code: 'custom',
          path: ['parties', index, key],
          message: `the same ${key} as parties[${earlier}]`,
          params: { code: 'PRIVITY_CONFIG_DUPLICATE' } satisfies IssueParams,
        });
      });
    }
    const keys = new Set(value.parties.map(({ fingerprint }) => fingerprint));
    value.parties.forEach(({ former = [] }, index) => {
      for (const [at, key] of former.entries()) {
        if (keys.has(key))
          context.addIssue({
            code: 'custom',
            path: ['parties', index, 'former', at],
            message: 'a key that stands in this file before',
            params: { code: 'PRIVITY_CONFIG_DUPLICATE' } satisfies IssueParams,
          });
        keys.add(key);
      }
    });
  });

/**
 * Reads a federation file: `{ federation: NAME, parties: [{ name, address, fingerprint, former }] }`.
 *
 * @throws {UsageError} PRIVITY_CONFIG_FILE_MISSING, PRIVITY_CONFIG_FILE_UNREADABLE, PRIVITY_CONFIG_SYNTAX,
 *   PRIVITY_CONFIG_UNKNOWN_KEY, PRIVITY_CONFIG_MISSING_KEY, PRIVITY_CONFIG_VALUE, PRIVITY_CONFIG_ADDRESS,
 *   PRIVITY_CONFIG_DUPLICATE
 */
export async function readFederationFile(path: string): Promise<Federation> {
  return federationOf(await readYamlFile(path, 'federation file'));
}

/** The same checks for a federation that was put together in memory. */
export function parseFederation(name: string, text: string): Federation {
  return federationOf(parseYaml(name, text));
}

function federationOf(file: YamlFile): Federation {
  checkFileVersion(file);
  const value = checkFile(file, schema);
  const parties = value.parties.map(({ name, address, fingerprint, former = [] }) => {
    const { host, port } = parseAddress(address) ?? { host: '', port: 0 };
    return { name, host, port, fingerprint, ...(former.length > 0 ? { former } : {}) };
  });
  return { name: value.federation, parties: parties.sort(byName) };
}

/**
 * Who dials whom and who is which number follows from it, so it must not depend on how a file happens to be written.
 */
const byName = (a: FederationMember, b: FederationMember): number => (a.name < b.name ? -1 : 1);

export function formatFederation(federation: Federation): string {
  const parties = federation.parties.map((member) => ({
    name: member.name,
    address: formatAddress(member),
    fingerprint: member.fingerprint,
    ...(member.former === undefined ? {} : { former: member.former }),
  }));
  return stringify({ federation: federation.name, parties }, { lineWidth: 0 });
}

/** Crockford's alphabet: no letter that sounds or looks like another when read out over the phone. */
const spokenAlphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/**
 * Sixteen characters (80 bits) that people compare by phone: equal if and only if the federation's name, its parties
 * and their keys, those of before among them, are equal, in whatever order parties are listed. Addresses are left out,
 * since behind gateways they may rightly differ. To forge it, a party would have to find a second preimage, 2^80 tries.
 */
export function federationDigest(federation: Federation): string {
  const hash = createHash('sha256').update('privity federation v1\n');
  hash.update(
    JSON.stringify([
      federation.name,
      federation.parties.map(({ name, fingerprint, former = [] }) => [name, fingerprint, ...former]),
    ]),
  );
  const bits = hash.digest();
  let value = 0n;
  for (const byte of bits.subarray(0, 10)) value = (value << 8n) | BigInt(byte);
  let text = '';
  for (let index = 0; index < 16; index += 1) {
    text = `${spokenAlphabet[Number(value & 31n)]}${index > 0 && index % 4 === 0 ? '-' : ''}${text}`;
    value >>= 5n;
  }
  return text;
}
