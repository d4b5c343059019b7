import { resolve } from 'node:path';
import { stringify } from 'yaml';
import { UsageError } from '../../base/errors.ts';
import { jsonLine } from '../../base/steering.ts';
import { hint } from '../../base/suggest.ts';
import { formatAddress } from '../../config/address.ts';
import {
  type Federation,
  federationDigest,
  formatFederation,
  parseFederation,
  readFederationFile,
} from '../../config/federation-file.ts';
import { parseCertificate, readIdentityFiles } from '../../config/identity-files.ts';
import { readPartyFile } from '../../config/party-file.ts';
import { readTextFile } from '../../config/yaml-file.ts';
import { fingerprint } from '../../transport/identity/certificate.ts';
import { claimedParty } from '../../transport/identity/verify-peer.ts';
import { alignColumns } from '../output/columns.ts';
import { printable } from '../output/printable.ts';
import { createStyle } from '../output/style.ts';
import { writeOutput } from '../output-file.ts';
import type { Shell } from '../shell.ts';

export interface FederationCreateFlags {
  readonly name: string;
  readonly party: readonly string[];
  readonly out?: string;
  readonly force?: boolean;
  readonly json?: boolean;
}

/** `privity federation create`: the file that all parties share, from fingerprints or certificates. */
export async function federationCreateCommand(shell: Shell, flags: FederationCreateFlags): Promise<number> {
  const parties: Member[] = [];
  for (const text of flags.party) parties.push(await memberOf(shell, text));
  // Written and read back, so that everything that a hand-made file is checked for is checked here.
  const federation = parseFederation('the new federation', stringify({ federation: flags.name, parties }));
  const text = formatFederation(federation);
  if (flags.out !== undefined) {
    await writeOutput(resolve(shell.cwd, flags.out), text, 0o644, flags.force === true);
    show(shell, federation, flags.json === true);
  } else if (flags.json) {
    show(shell, federation, true);
  } else {
    shell.out.write(text);
    shell.err.write(`digest to compare over the phone: ${federationDigest(federation)}\n`);
  }
  return 0;
}

interface Member {
  readonly name: string;
  readonly address: string;
  readonly fingerprint: string;
}

/** `alice=host:port=sha256:…` or `alice=host:port=alice.cert.pem` */
async function memberOf(shell: Shell, text: string): Promise<Member> {
  const [name = '', address = '', ...rest] = text.split('=');
  const identity = rest.join('=');
  if (name === '' || address === '' || identity === '') {
    throw new UsageError(
      'PRIVITY_COMMAND_LINE',
      '--party: expected NAME=HOST:PORT=FINGERPRINT or NAME=HOST:PORT=CERTIFICATE_FILE',
    );
  }
  if (identity.startsWith('sha256:')) return { name, address, fingerprint: identity };
  const path = resolve(shell.cwd, identity);
  const certificate = parseCertificate(identity, await readTextFile(path, 'certificate'));
  const named = claimedParty(certificate);
  if (named !== name) {
    throw new UsageError(
      'PRIVITY_CONFIG_CERTIFICATE',
      `${identity}: this certificate names ${named === undefined ? 'no party' : `the party "${named}"`}, not "${name}"`,
    );
  }
  return { name, address, fingerprint: fingerprint(certificate) };
}

/** `privity federation show`: who is in it, and the digest that people compare. */
export async function federationShowCommand(
  shell: Shell,
  file: string,
  flags: { readonly json?: boolean },
): Promise<number> {
  show(shell, await readFederationFile(file), flags.json === true);
  return 0;
}

function show(shell: Shell, federation: Federation, json: boolean): void {
  const digest = federationDigest(federation);
  if (json) {
    const parties = federation.parties.map((member) => ({
      name: member.name,
      address: formatAddress(member),
      fingerprint: member.fingerprint,
    }));
    shell.out.write(jsonLine({ federation: federation.name, digest, parties }));
    return;
  }
  const style = createStyle(shell.colour.out);
  const rows = federation.parties.map((member) => [
    style.bold(member.name),
    printable(formatAddress(member)),
    member.fingerprint,
  ]);
  const lines = [
    `Federation ${style.bold(federation.name)}, ${federation.parties.length} parties`,
    '',
    ...alignColumns([['party', 'address', 'fingerprint'].map((text) => style.dim(text)), ...rows], {
      indent: '  ',
    }),
    '',
    `  digest  ${style.bold(digest)}`,
    '',
    style.dim(
      'Read the digest out to the other parties over the phone. It is the same everywhere if, and only if,',
    ),
    style.dim('name, parties, their order and their keys are. Addresses do not count.'),
  ];
  shell.out.write(`${lines.join('\n')}\n`);
}

export interface FederationVerifyFlags {
  readonly config?: string;
  readonly certificate?: readonly string[];
  readonly digest?: string;
  readonly json?: boolean;
}

interface Verified {
  readonly what: string;
  readonly ok: boolean;
  readonly text: string;
}

/**
 * `privity federation verify`: certificates, a party's own files, or a digest heard over the phone, against the file.
 */
export async function federationVerifyCommand(
  shell: Shell,
  file: string,
  flags: FederationVerifyFlags,
): Promise<number> {
  const federation = await readFederationFile(file);
  const checks: Verified[] = [];
  for (const path of flags.certificate ?? []) checks.push(await verifyCertificate(shell, federation, path));
  if (flags.config !== undefined) checks.push(await verifyOwn(federation, flags.config));
  if (flags.digest !== undefined) checks.push(verifyDigest(federation, flags.digest));
  if (checks.length === 0) {
    throw new UsageError(
      'PRIVITY_COMMAND_LINE',
      'federation verify: give --certificate, --config or --digest to check against',
    );
  }
  const ok = checks.every((check) => check.ok);
  if (flags.json) {
    shell.out.write(jsonLine({ federation: federation.name, ok, checks }));
  } else {
    const style = createStyle(shell.colour.out);
    for (const check of checks) {
      shell.out.write(
        `${check.ok ? style.green('✔') : style.red('✖')} ${printable(check.what)}: ${printable(check.text)}\n`,
      );
    }
  }
  return ok ? 0 : VERIFY_FAILED_EXIT;
}

/** The exit code of AUTH_FAILED: somebody is not who the file says. */
const VERIFY_FAILED_EXIT = 77;

async function verifyCertificate(shell: Shell, federation: Federation, path: string): Promise<Verified> {
  const certificate = parseCertificate(path, await readTextFile(resolve(shell.cwd, path), 'certificate'));
  const named = claimedParty(certificate);
  const found = fingerprint(certificate);
  const member = federation.parties.find((party) => party.name === named);
  if (member === undefined) {
    const near =
      named === undefined
        ? 'it names no party'
        : `no party "${named}"; ${hint(
            named,
            federation.parties.map((party) => party.name),
          )}`;
    return { what: path, ok: false, text: near };
  }
  if (member.fingerprint === found)
    return { what: path, ok: true, text: `is the certificate of ${member.name}` };
  return {
    what: path,
    ok: false,
    text: `its fingerprint is ${found}, the federation lists ${member.fingerprint} for ${member.name}`,
  };
}

async function verifyOwn(federation: Federation, configFile: string): Promise<Verified> {
  const config = await readPartyFile(configFile);
  const { fingerprint: own } = await readIdentityFiles(config);
  const same = federationDigest(config.federation) === federationDigest(federation);
  const listed = federation.parties.find((party) => party.name === config.party)?.fingerprint === own;
  if (same && listed)
    return {
      what: configFile,
      ok: true,
      text: `uses this federation, and its key is the one listed for ${config.party}`,
    };
  const text = listed
    ? `names another federation file, with digest ${federationDigest(config.federation)}`
    : `this federation does not list its key for ${config.party}`;
  return { what: configFile, ok: false, text };
}

function verifyDigest(federation: Federation, heard: string): Verified {
  const plain = (text: string): string => text.toUpperCase().replaceAll(/[\s-]/g, '');
  const ok = plain(heard) === plain(federationDigest(federation));
  return {
    what: 'digest',
    ok,
    text: ok ? 'the same' : `differs: this file has ${federationDigest(federation)}`,
  };
}
