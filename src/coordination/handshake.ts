/** The handshake: what must be equal at all parties before the first step, compared in the order in which it helps most. */
import { digestOf } from './board.ts';
import type { Hello } from './types.ts';

/** Changes whenever parties of different versions could misunderstand each other. */
export const PROTOCOL_VERSION = 'privity/2';

const FIELDS = [
  ['protocol', 'protocol version'],
  ['version', 'version of Privity'],
  ['federation', 'federation'],
  ['job', 'job'],
  ['args', 'arguments'],
  ['runId', 'run id'],
] as const;

/** The first thing in which two hellos differ, in words for people; null when the two can run together. */
export function mismatch(self: string, mine: Hello, peer: string, theirs: Hello): string | null {
  for (const [field, words] of FIELDS) {
    if (mine[field] === theirs[field]) continue;
    const [a, b] = [`${self} has ${shown(mine[field])}`, `${peer} has ${shown(theirs[field])}`].sort();
    return `${words}: ${a}, ${b}`;
  }
  return null;
}

function shown(value: string): string {
  return value === '' ? 'none' : value.slice(0, 40);
}

/** The run id: the one that everybody gave, or one that nobody can choose alone. */
export function agreedRunId(hellos: readonly Hello[]): string {
  const given = hellos[0]?.runId ?? '';
  return given !== '' ? given : digestOf(['run', hellos.map((hello) => hello.nonce).sort()]).slice(0, 16);
}
