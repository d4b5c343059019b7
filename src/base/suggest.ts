/** Edit distance (Levenshtein 1966), for "did you mean". O(|a|·|b|), for short names only. */
function distance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const current = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const substitution = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      current.push(Math.min(substitution, (previous[j] ?? 0) + 1, (current[j - 1] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[b.length] ?? 0;
}

/** Names longer than this are not compared: nobody mistypes them into something near. */
const NAME_CHARS_MAX = 64;

/** The known name that was probably meant, if one is near enough. */
export function suggest(typed: string, known: readonly string[]): string | undefined {
  if (typed.length > NAME_CHARS_MAX) return undefined;
  const lower = typed.toLowerCase();
  let best: string | undefined;
  // Two swapped letters count as two; in a very short name two changes make it another name.
  let bestDistance = (typed.length <= 3 ? 1 : Math.max(2, Math.floor(typed.length / 3))) + 1;
  for (const name of known) {
    if (name.length > NAME_CHARS_MAX) continue;
    const steps = distance(lower, name.toLowerCase());
    if (steps < bestDistance) {
      best = name;
      bestDistance = steps;
    }
  }
  return best;
}

/** `did you mean "address"?` or the names that would be right. */
export function hint(typed: string, known: readonly string[]): string {
  const near = suggest(typed, known);
  if (near !== undefined) return `did you mean "${near}"?`;
  return known.length === 0 ? '' : `known: ${known.join(', ')}`;
}

/** Problems as sentences: one that ends with a question (`did you mean …?`) takes no further mark. */
export function sentences(problems: readonly string[]): string {
  return problems
    .map((text, index) => `${text}${/[.?!]$/.test(text) ? '' : index < problems.length - 1 ? ';' : '.'}`)
    .join(' ');
}
