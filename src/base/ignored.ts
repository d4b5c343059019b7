/**
 * Lets a promise fail without a word, and says why that is right. On the way of a failure this is the one way to do so
 * (test/tidy/silence.test.ts): a rejection that nobody hears is a party that waits.
 */
export function ignored(promise: Promise<unknown>, _because: string): void {
  promise.catch(() => undefined);
}
