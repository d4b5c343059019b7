/** Whether bytes look drawn. */

/** Chi-square of 256 values, as deviations from what uniform bytes give. */
export function unevenness(bytes: Uint8Array): number {
  const counts = new Float64Array(256);
  for (const byte of bytes) counts[byte] = (counts[byte] ?? 0) + 1;
  const expected = bytes.byteLength / 256;
  const chi = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
  return (chi - 255) / Math.sqrt(2 * 255);
}

/** More than six deviations come by chance once in some millions of tests. */
export const UNEVEN = 6;
