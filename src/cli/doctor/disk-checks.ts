/** What a thief of the disk would find: whether memory and temporary files of a run get onto one. */
import { readFileSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename } from 'node:path';
import { coreState } from '../../supervisor/machine/private-process.ts';
import { type Check, ok, unknown, warning } from './check.ts';

/** Types of file systems that lie in memory, as statfs(2) numbers them. */
const IN_MEMORY: readonly number[] = [0x01021994, 0x858458f6];

export function checkDisk(): readonly Check[] {
  const folder = tmpdir();
  return [
    checkCore(coreState()),
    checkSwap(readText('/proc/swaps'), (device) => readText(`/sys/class/block/${device}/dm/uuid`)),
    checkTempFolder(folder, typeOf(folder)),
  ];
}

export function checkCore(state: ReturnType<typeof coreState>): Check {
  const name = 'core dumps';
  if (state === 'none') return ok(name, 'none are written');
  if (state === 'empty') return ok(name, 'have no memory in them');
  const remedy = 'start runs from a shell with: ulimit -c 0';
  if (state === 'memory')
    return warning(name, 'a crash writes memory, with data and keys, to a file', remedy);
  return unknown(name, 'this system does not tell whether a crash writes memory to a file', remedy);
}

/**
 * @param swaps the text of /proc/swaps; undefined: not Linux
 * @param uuidOf what the device mapper calls a device; undefined: it is none of its devices
 */
export function checkSwap(swaps: string | undefined, uuidOf: (device: string) => string | undefined): Check {
  if (swaps === undefined)
    return unknown(
      'swap',
      'this system does not tell where it swaps to',
      'see that swap is encrypted, or off',
    );
  const places = swaps
    .split('\n')
    .slice(1)
    .flatMap((line) => line.split(/\s/)[0] || []);
  const plain = places.filter((place) => {
    const device = basename(place);
    return !device.startsWith('zram') && !uuidOf(device)?.startsWith('CRYPT-');
  });
  if (plain.length === 0) return ok('swap', places.length === 0 ? 'none' : 'encrypted, or in memory');
  const text = `on ${plain.join(', ')}, not encrypted as far as can be told: memory of a run may get there and stay`;
  return warning(
    'swap',
    text,
    'encrypt it, as with a random key at each boot (crypttab: swap), or: swapoff -a',
  );
}

export function checkTempFolder(folder: string, type: number | undefined): Check {
  if (type !== undefined && IN_MEMORY.includes(type)) return ok('temporary files', `${folder}, in memory`);
  return ok('temporary files', `${folder}, on a disk: it has to be an encrypted one`);
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function typeOf(folder: string): number | undefined {
  try {
    return statfsSync(folder).type;
  } catch {
    return undefined;
  }
}
