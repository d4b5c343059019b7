/**
 * A collection of young memory after so many bytes that were read. Each read makes a buffer outside the engine's heap,
 * and by itself the engine lets tens of megabytes of them gather. In a process with a small heap it then takes that for
 * growth, and marks the whole heap again and again: a third of all that receiving costs.
 *
 * Only where the process was started with `COLLECT_FLAG`; elsewhere nothing is done.
 *
 * @returns told of bytes as they are read
 */
export function collectEvery(bytes: number): (read: number) => void {
  const { gc } = globalThis;
  if (gc === undefined) return () => undefined;
  let since = 0;
  return (read) => {
    since += read;
    if (since < bytes) return;
    since = 0;
    void gc({ type: 'minor' });
  };
}

/** For the command line of Node. */
export const COLLECT_FLAG = '--expose-gc';
