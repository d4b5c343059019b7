/**
 * Lets a promise fail without a word, and says why that is right. On the way of a failure this is the only way to do so
 * (`silence` in test/tidy/text-rules.ts): a rejection that nobody hears is a party that waits.
 *
 * @returns what the promise resolves with; undefined if it has failed
 */
export function ignored<T>(promise: Promise<T>, _because: string): Promise<T | undefined> {
  return promise.catch(() => undefined);
}
