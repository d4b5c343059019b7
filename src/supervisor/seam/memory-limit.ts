/**
 * How much memory a party's program may hold. Without a limit of its own, a task that eats memory takes the machine
 * with it: garbage collection for minutes, then whatever process the kernel picks, perhaps the supervisor of a healthy
 * party.
 */

const MIB = 1024 ** 2;

/** A program that has loaded Privity and a job holds some 130 MiB. */
export const MEMORY_MAX_LEAST = 192 * MIB;

/**
 * What a program may have of the memory that is there: the rest is for the supervisor, the system and its file cache.
 */
const DEFAULT_SHARE = 0.75;
/**
 * A default is never less: an intersection or a database with little data needs as much. On a small machine with many
 * parties the sum is then more than there is, and the kernel's own limit comes first.
 */
const DEFAULT_LEAST = 512 * MIB;

/**
 * The memory that this process can have: the machine's, or the least limit of the control groups in which it is
 * (version 1 and 2), each of which is held also by the groups within it.
 *
 * @param read the text of a file; undefined if it is not there
 */
export function availableMemory(totalBytes: number, read: (path: string) => string | undefined): number {
  const limits = (read('/proc/self/cgroup') ?? '').split('\n').flatMap((line) => {
    const [, controllers, path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    if (controllers === undefined || path === undefined) return [];
    if (controllers === '') return limitsAbove('/sys/fs/cgroup', path, ['memory.max', 'memory.high'], read);
    const isMemory = controllers.split(',').includes('memory');
    return isMemory ? limitsAbove('/sys/fs/cgroup/memory', path, ['memory.limit_in_bytes'], read) : [];
  });
  return Math.min(totalBytes, ...limits);
}

/**
 * A container may be told the path of the machine outside. Only its root is there then, which is the container's own
 * group.
 */
function limitsAbove(
  root: string,
  path: string,
  names: readonly string[],
  read: (path: string) => string | undefined,
): readonly number[] {
  const parts = path.split('/').filter((part) => part !== '');
  const groups = parts.map((_, i) => `${root}/${parts.slice(0, i + 1).join('/')}`);
  return [root, ...groups].flatMap((group) =>
    names.flatMap((name) => {
      const text = read(`${group}/${name}`)?.trim() ?? '';
      return /^\d+$/.test(text) ? [Number(text)] : [];
    }),
  );
}

/** The default of `memoryMax` for each of so many parties that share the memory, in bytes: whole MiB. */
export function defaultMemoryMax(availableBytes: number, parties: number): number {
  const share = Math.floor((availableBytes * DEFAULT_SHARE) / parties / MIB) * MIB;
  return Math.max(DEFAULT_LEAST, share);
}

/**
 * What V8 lets gather between two markings of its whole heap. Buffers of what was read and of results count there, and
 * without a figure it goes down to some 30 MiB: a secret product of a million numbers then marked once, a third of its
 * processor time. With 64 MiB instead of 128 there are half as many markings more, with 512 hardly fewer.
 */
const GATHERED_MAX = 128 * MIB;
/** Of the memory that a program may have: little where that is little. */
const GATHERED_SHARE = 1 / 8;

/**
 * Arguments of Node. V8's heap may have all of the memory: the supervisor watches the whole process, and where nobody
 * can, V8 fails by itself at this size. A limit that the operator has set for Node (`nodeOptions`: NODE_OPTIONS) stays.
 */
export function heapArguments(
  memoryMaxBytes: number | undefined,
  nodeOptions: string | undefined,
): readonly string[] {
  const gathered = Math.min(GATHERED_MAX, GATHERED_SHARE * (memoryMaxBytes ?? Number.POSITIVE_INFINITY));
  const initial = `--initial-old-space-size=${Math.floor(gathered / MIB)}`;
  const isSet = /--max[-_]old[-_]space[-_]size/.test(nodeOptions ?? '');
  return memoryMaxBytes === undefined || isSet
    ? [initial]
    : [initial, `--max-old-space-size=${Math.floor(memoryMaxBytes / MIB)}`];
}

/** In the words of a limit: `1536 MiB`. */
export function memoryText(bytes: number): string {
  return `${Math.round(bytes / MIB)} MiB`;
}
