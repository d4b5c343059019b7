/** The files of a new folder, as texts: made here, written by the command. */
import { randomInt } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Federation, formatFederation } from '../../config/federation-file.ts';
import { partyFileText } from '../../config/party-file-text.ts';
import type { Clock } from '../../contracts/clock.ts';
import { createIdentity, fingerprint } from '../../transport/identity/certificate.ts';
import { freePorts } from '../local/ports.ts';
import type { JobKind } from './job-kinds.ts';
import { ownManifest, PACKAGE_FOLDER, packageSource } from './package-source.ts';

export interface NewFile {
  readonly name: string;
  readonly text: string;
  readonly mode: number;
}

export interface Project {
  /** The README first, so that a folder that is looked at meanwhile explains itself. */
  readonly files: readonly NewFile[];
  readonly federation: Federation;
  /** What starts all parties on this machine. */
  readonly local: string;
}

/** What reads tables: a package that is installed beside Privity where they are needed. */
const DATA_PACKAGE = '@duckdb/node-api';
const LOOPBACK = '127.0.0.1';
const PUBLIC_MODE = 0o644;
const PRIVATE_MODE = 0o600;

export async function newProject(
  folder: string,
  name: string,
  kind: JobKind,
  clock: Clock,
): Promise<Project> {
  const template = (path: string): Promise<string> =>
    readFile(join(PACKAGE_FOLDER, 'templates', path), 'utf8');
  const parties = Object.keys(kind.settings);
  const ports = await freePorts(LOOPBACK, parties.length, (below) => randomInt(below));
  const identities = await Promise.all(parties.map((party) => createIdentity({ party, clock })));
  const federation: Federation = {
    name: 'demo',
    parties: identities.map(({ certPem }, index) => ({
      name: parties[index] ?? '',
      host: LOOPBACK,
      port: ports[index] ?? 0,
      fingerprint: fingerprint(certPem),
    })),
  };
  const local = `privity local job.ts ${kind.localOptions.join(' ')}`;
  const shared = {
    'README.md': await template(`${name}/README.md`),
    'job.ts': await template(`${name}/job.ts`),
    'package.json': await packageText(folder, kind, local),
    'tsconfig.json': await template('tsconfig.json'),
    '.gitignore': ['node_modules/', 'reports/', '*.key.pem', ''].join('\n'),
    'federation.yaml': formatFederation(federation),
    ...kind.data,
  };
  const own = identities.flatMap(({ keyPem, certPem }, index): NewFile[] => {
    const party = parties[index] ?? '';
    const settings = kind.settings[party];
    return [
      { name: `${party}.key.pem`, text: keyPem, mode: PRIVATE_MODE },
      { name: `${party}.cert.pem`, text: certPem, mode: PUBLIC_MODE },
      { name: `${party}.party.yaml`, text: partyFileText(party, settings), mode: PRIVATE_MODE },
    ];
  });
  const open = Object.entries(shared).map(([file, text]) => ({ name: file, text, mode: PUBLIC_MODE }));
  return { files: [...open, ...own], federation, local };
}

async function packageText(folder: string, kind: JobKind, local: string): Promise<string> {
  const { version, peerDependencies, devDependencies } = await ownManifest();
  const pick = (from: Readonly<Record<string, string>>, ...names: readonly string[]) =>
    Object.fromEntries(names.map((name) => [name, from[name] ?? '*']));
  const run = (party: string): string => `privity run job.ts --config ${party}.party.yaml --report reports`;
  const scripts = Object.keys(kind.settings).map((party) => [party, run(party)]);
  const manifest = {
    private: true,
    type: 'module',
    scripts: { check: 'tsc', local, ...Object.fromEntries(scripts) },
    dependencies: {
      ...(kind.tables && pick(peerDependencies, DATA_PACKAGE)),
      privity: await packageSource(folder, version),
    },
    devDependencies: pick(devDependencies, '@types/node', 'typescript'),
  };
  return `${JSON.stringify(manifest, null, 2)}\n`;
}
