/**
 * Gives the known word that was most likely meant by `word`, or undefined where none is near: a third of the
 * letters may be wrong (at least one, at most three), or the word may be the beginning of the known one.
 * Letter case does not count.
 */
export function nearest(word: string, known: Iterable<string>): string | undefined {
  const wanted = word.toLowerCase();
  if (wanted.length < 2 || wanted.length > LONGEST) return undefined;
  let best: string | undefined;
  let bestDistance = Number.POSITIVE_INFINITY;
  for (const candidate of known) {
    const distance = distanceTo(wanted, candidate.toLowerCase());
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** No option or command is near as long; beyond it the quadratic table is not worth its time. */
const LONGEST = 64;

function distanceTo(wanted: string, candidate: string): number {
  const length = Math.max(wanted.length, candidate.length);
  const allowed = Math.min(3, Math.max(1, Math.floor(length / 3)));
  const distance = editDistance(wanted, candidate);
  if (distance <= allowed) return distance;
  // A word cut short ranks behind every misspelt one, the one with least left to write first.
  if (wanted.length >= 3 && candidate.startsWith(wanted)) return allowed + length - wanted.length;
  return Number.POSITIVE_INFINITY;
}

/**
 * Damerau-Levenshtein distance in its restricted form (optimal string alignment): insertions, deletions,
 * substitutions and swaps of neighbours, no stretch edited twice. Quadratic in the lengths.
 */
export function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let least = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        least = Math.min(least, beforeLast[j - 2]! + 1);
      }
      row.push(least);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length]!;
}
