/** Lets timers, messages and heartbeats of the process have their turn: between the slices of a long loop. */
export function nextTurn(signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    setImmediate(() => (signal?.aborted ? reject(signal.reason) : resolve()));
  });
}
