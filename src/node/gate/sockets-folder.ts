/**
 * Where the local sockets of a node are. Systems allow some 100 bytes for the path of one, and state folders lie deep:
 * then they are in a short folder of this user, and `sockets` in the state folder is a link to it, by which the next
 * node finds it again, whatever its environment.
 */
import { createHash } from 'node:crypto';
import { lstat, mkdir, readlink, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EnvironmentError } from '../../base/errors.ts';
import { ignored } from '../../base/ignored.ts';
import { reasonOf } from '../../base/system-error.ts';
import { SOCKET_PATH_BYTES_MAX } from '../../transport/door/door.ts';
import { runLabel } from '../../transport/index.ts';
import { doorOf } from './gate.ts';

const DIGEST_CHARS = 16;

export interface SocketsPlace {
  readonly state: string;
  /** As the node file says. */
  readonly sockets: string | undefined;
}

/**
 * Made if it is not there.
 *
 * @param environment where `XDG_RUNTIME_DIR` may be
 * @throws {EnvironmentError} PRIVITY_NODE_SOCKET
 */
export async function socketsFolder(
  { state, sockets }: SocketsPlace,
  environment: NodeJS.ProcessEnv,
): Promise<string> {
  const usual = sockets ?? join(state, 'sockets');
  if (sockets !== undefined || isShort(usual)) {
    await mkdir(usual, { recursive: true, mode: 0o700 });
    return usual;
  }
  const known = await ignored(readlink(usual), 'it is not there, or no link');
  if (known !== undefined && (await isOwn(known))) return known;
  const short = await made(state, environment);
  await rm(usual, { recursive: true, force: true });
  await symlink(short, usual);
  return short;
}

/** Whether any door in the folder has a path that the system takes. */
const isShort = (folder: string): boolean =>
  Buffer.byteLength(doorOf(folder, runLabel(''))) <= SOCKET_PATH_BYTES_MAX;

async function made(state: string, { XDG_RUNTIME_DIR }: NodeJS.ProcessEnv): Promise<string> {
  const name = `privity-${createHash('sha256').update(state).digest('hex').slice(0, DIGEST_CHARS)}`;
  const bases = [...(XDG_RUNTIME_DIR ? [XDG_RUNTIME_DIR] : []), tmpdir(), '/tmp'];
  for (const base of bases) {
    const folder = join(base, name);
    if (!isShort(folder)) continue;
    const reason = await mkdir(folder, { mode: 0o700 }).then(() => undefined, reasonOf);
    // Folders for all users are among them: one that somebody else has made is not entered.
    if ((reason === undefined || reason === 'EEXIST') && (await isOwn(folder))) return folder;
  }
  throw new EnvironmentError(
    'PRIVITY_NODE_SOCKET',
    `${join(state, 'sockets')} is too long for local sockets, and no folder for them can be made in ${bases.join(', ')}; set "sockets" in the node file to a folder with a short path`,
  );
}

/** A folder that this user only can enter. */
async function isOwn(folder: string): Promise<boolean> {
  const found = await ignored(lstat(folder), 'it is not there');
  return found?.isDirectory() === true && found.uid === process.getuid?.() && (found.mode & 0o077) === 0;
}
