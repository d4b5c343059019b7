/**
 * Whose a temporary folder is. A supervisor writes its claim into the folder of its run; as long as the process that
 * wrote it lives, the folder and every process with its mark are that run's, and nobody else's business. A claim whose
 * owner is provably dead makes them an orphan (orphans.ts). A process id alone proves nothing, because ids are given
 * again: the moment at which the process began, and the boot of the machine, tell.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, readlinkSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';

/** Name of the claim within the folder that it is about. */
export const CLAIM_FILE = 'claim.json';
/** Characters of a claim that are read; ours have some 400. */
const CLAIM_CHARS_MAX = 16 * 1024;

const processSchema = z.strictObject({
  pid: z.int().positive(),
  /** When it began, in words that only this kind of system compares; empty where that cannot be told. */
  began: z.string().max(200),
});

const claimSchema = z.strictObject({
  claimVersion: z.literal(1),
  /** `run`: the temporary folder of one party's run. `local`: keys and files of all parties of one `privity local`. */
  kind: z.enum(['run', 'local']),
  /** Null: all parties of a local run. */
  party: z.string().max(200).nullable(),
  /** Empty until the parties have agreed on it. */
  runId: z.string().max(200),
  owner: processSchema,
  /** The leader of the group in which the job runs. */
  program: processSchema.nullable(),
  listen: z.strictObject({ host: z.string().max(300), port: z.int() }).nullable(),
  host: z.string().max(300),
  boot: z.string().max(200),
  pidNamespace: z.string().max(200),
  /** ISO 8601, this machine's clock. For people only. */
  since: z.string().max(100),
});

export type Claim = z.output<typeof claimSchema>;
export type ClaimFacts = Pick<Claim, 'kind' | 'party' | 'runId' | 'listen'>;

/** This process's claim on a folder, kept up to date while it lives. Removed together with the folder. */
export class OwnClaim {
  readonly #folder: string;
  #claim: Claim;

  /** @throws what `writeFileSync` throws: without a claim nobody could clear up after this process. */
  constructor(folder: string, facts: ClaimFacts, wallTimeMs: number) {
    this.#folder = folder;
    const owner = { pid: process.pid, began: beganAt(process.pid) ?? '' };
    const since = new Date(wallTimeMs).toISOString();
    this.#claim = { claimVersion: 1, ...facts, owner, program: null, ...here(), since };
    this.#write();
  }

  runIs(runId: string): void {
    this.#update({ runId });
  }

  programIs(pid: number): void {
    this.#update({ program: { pid, began: beganAt(pid) ?? '' } });
  }

  /** A disk that has filled up keeps the claim of before, which says whose the folder is. */
  #update(change: Partial<Claim>): void {
    this.#claim = { ...this.#claim, ...change };
    try {
      this.#write();
    } catch {
      rmSync(this.#draft, { force: true });
    }
  }

  #write(): void {
    writeFileSync(this.#draft, JSON.stringify(this.#claim), { mode: 0o600 });
    renameSync(this.#draft, join(this.#folder, CLAIM_FILE));
  }

  get #draft(): string {
    return join(this.#folder, `${CLAIM_FILE}.part`);
  }
}

/** The claim on a folder; undefined if there is none that can be read, so that nothing is known of the folder. */
export function readClaim(folder: string): Claim | undefined {
  try {
    const text = readFileSync(join(folder, CLAIM_FILE), 'utf8').slice(0, CLAIM_CHARS_MAX);
    return claimSchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/**
 * Whether the owner of a claim lives. `unknown`: it was written on another machine or in another container that shares
 * the folder, whose processes cannot be seen from here.
 */
export function ownerState(claim: Claim): 'alive' | 'dead' | 'unknown' {
  const { host, boot, pidNamespace } = here();
  if (claim.host !== host) return 'unknown';
  if (claim.boot !== boot) return 'dead';
  if (claim.pidNamespace !== pidNamespace) return 'unknown';
  return isSame(claim.owner) ? 'alive' : 'dead';
}

/** Whether the process that a claim names is still the one that runs under that id. */
export function isSame({ pid, began }: Claim['owner']): boolean {
  return beganAt(pid) === began;
}

/** When a process began; undefined if there is none, or only what is left of one until its parent takes note. */
export function beganAt(pid: number): string | undefined {
  if (process.platform !== 'linux') return beganByPs(pid);
  const stat = read(() => readFileSync(`/proc/${pid}/stat`, 'latin1'));
  // pid (command) state ppid …: the command may contain anything, so read from the last parenthesis. proc(5): the start
  // is field 22.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
}

function beganByPs(pid: number): string | undefined {
  const words = read(() => execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }));
  return words.trim() === '' ? undefined : words.trim();
}

function here(): Pick<Claim, 'host' | 'boot' | 'pidNamespace'> {
  return {
    host: hostname(),
    boot: read(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8')).trim(),
    pidNamespace: read(() => readlinkSync('/proc/self/ns/pid')),
  };
}

/** Empty where this kind of system has no such thing. */
function read(source: () => string): string {
  try {
    return source();
  } catch {
    return '';
  }
}
