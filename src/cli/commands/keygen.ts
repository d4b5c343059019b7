import { join, resolve } from 'node:path';
import { EnvironmentError, UsageError } from '../../base/errors.ts';
import { jsonLine } from '../../base/steering.ts';
import { reasonOf } from '../../base/system-error.ts';
import { DIALLED_EXPECTED, isUnspecified, parseAddress } from '../../config/address.ts';
import { partyNamePattern } from '../../config/federation-file.ts';
import { partyFileText } from '../../config/party-file-text.ts';
import { readTextFile } from '../../config/yaml-file.ts';
import { makeFolders } from '../../supervisor/machine/folders.ts';
import {
  CERTIFICATE_DAYS,
  createIdentity,
  fingerprint,
  readCertificate,
} from '../../transport/identity/certificate.ts';
import { parseDays } from '../arguments.ts';
import { printable } from '../output/printable.ts';
import { createStyle } from '../output/style.ts';
import { exists, fileExists, writeOutput } from '../output-file.ts';
import type { Shell } from '../shell.ts';

export interface KeygenFlags {
  readonly party: string;
  readonly out: string;
  readonly days?: string;
  readonly address?: string;
  readonly force?: boolean;
  readonly renew?: boolean;
  readonly json?: boolean;
}

/** Stands in the printed lines until the address is known. */
const ADDRESS_TO_FILL_IN = 'HOST:PORT';

/** `privity keygen`: makes a party's key and certificate, or a new certificate around the same key. */
export async function keygenCommand(shell: Shell, flags: KeygenFlags): Promise<number> {
  const { party } = flags;
  if (!partyNamePattern.test(party)) {
    throw new UsageError(
      'PRIVITY_COMMAND_LINE',
      '--party: expected a small letter, then up to 30 small letters, digits or hyphens',
    );
  }
  if (flags.address !== undefined) checkAddress(flags.address);
  const days = flags.days === undefined ? CERTIFICATE_DAYS : parseDays(flags.days);
  const folder = resolve(shell.cwd, flags.out);
  const files = {
    key: join(folder, `${party}.key.pem`),
    certificate: join(folder, `${party}.cert.pem`),
    config: join(folder, `${party}.party.yaml`),
  };
  const keyPem = flags.renew ? await readTextFile(files.key, 'private key') : undefined;
  if (!flags.renew && !flags.force) {
    for (const path of [files.key, files.certificate]) if (await exists(path)) throw fileExists(path);
  }
  const identity = await createIdentity({ party, days, clock: shell.clock, keyPem });
  await makeKeyFolder(folder);
  // The certificate last: a pair that is half written has no certificate, and is seen at once.
  if (!flags.renew) await writeOutput(files.key, identity.keyPem, 0o600, flags.force === true);
  await writeOutput(files.certificate, identity.certPem, 0o644, flags.force === true || flags.renew === true);
  const configWritten = !(await exists(files.config));
  if (configWritten) await writeOutput(files.config, partyFileText(party), 0o600, false);

  const own = fingerprint(identity.certPem);
  const notAfter = new Date(readCertificate(identity.certPem).validTo).toISOString();
  if (flags.json) {
    shell.out.write(jsonLine({ party, fingerprint: own, notAfter, ...files, configWritten }));
  } else {
    shell.out.write(keygenText(shell, flags, files, own, notAfter, configWritten));
  }
  return 0;
}

function checkAddress(text: string): void {
  const address = parseAddress(text);
  if (address !== undefined && !isUnspecified(address.host)) return;
  const expected = address === undefined ? 'HOST:PORT, such as alice.example.org:7420' : DIALLED_EXPECTED;
  throw new UsageError('PRIVITY_CONFIG_ADDRESS', `--address: expected ${expected}`);
}

async function makeKeyFolder(folder: string): Promise<void> {
  try {
    await makeFolders(folder);
  } catch (cause) {
    const text = `${folder}: the folder cannot be made (${reasonOf(cause)})`;
    throw new EnvironmentError('PRIVITY_FILE_WRITE', text, { cause });
  }
}

function keygenText(
  shell: Shell,
  flags: KeygenFlags,
  files: { readonly key: string; readonly certificate: string; readonly config: string },
  own: string,
  notAfter: string,
  configWritten: boolean,
): string {
  const style = createStyle(shell.colour.out);
  const lines = [
    `${style.green('✔')} ${flags.renew ? 'new certificate around the same key' : 'new identity'} for ${style.bold(flags.party)}, valid until ${notAfter.slice(0, 10)}`,
    `  ${style.dim('private key')}   ${printable(files.key)}${flags.renew ? ' (unchanged)' : '  keep it here; nobody else ever needs it'}`,
    `  ${style.dim('certificate')}   ${printable(files.certificate)}`,
    `  ${style.dim('party file')}    ${printable(files.config)}${configWritten ? '' : ' (was there, unchanged)'}`,
    `  ${style.dim('fingerprint')}   ${own}`,
  ];
  if (!flags.renew) {
    lines.push(
      '',
      'Send these lines to the other parties, for the federation file that all share:',
      '',
      `  - name: ${flags.party}`,
      `    address: ${printable(flags.address ?? ADDRESS_TO_FILL_IN)}`,
      `    fingerprint: ${own}`,
      '',
      'When you have theirs: privity federation create, then compare its digest over the phone.',
    );
  }
  return `${lines.join('\n')}\n`;
}
