/**
 * The word alignment of conll18_ud_eval.py 1.2 (align_words). Words that are tokens of their own are the same
 * where they cover the same characters. Words of multi-word tokens have no characters of their own: within the
 * smallest stretch that cuts no multi-word token of either side, they are aligned by the longest common
 * subsequence of their forms, case ignored. Linear but for those stretches, which are quadratic in their words.
 */

/** A word laid on the text without white space. */
export interface LaidWord {
  /** The characters of its token, half-open. */
  readonly start: number;
  readonly end: number;
  readonly form: string;
  /** True where the word is a part of a multi-word token. */
  readonly multiWord: boolean;
}

/** Pairs of indexes, gold and predicted, ascending in both. */
export function alignWords(
  gold: readonly LaidWord[],
  predicted: readonly LaidWord[],
): [gold: number, predicted: number][] {
  const pairs: [number, number][] = [];
  let g = 0;
  let p = 0;
  while (g < gold.length && p < predicted.length) {
    const goldWord = gold[g]!;
    const word = predicted[p]!;
    if (goldWord.multiWord || word.multiWord) {
      const stretch = multiWordStretch(gold, predicted, g, p);
      alignByForm(gold, predicted, stretch, pairs);
      g = stretch.goldEnd;
      p = stretch.predictedEnd;
    } else if (goldWord.start === word.start && goldWord.end === word.end) {
      pairs.push([g++, p++]);
    } else if (goldWord.start <= word.start) {
      g++;
    } else {
      p++;
    }
  }
  return pairs;
}

interface Stretch {
  readonly goldStart: number;
  readonly goldEnd: number;
  readonly predictedStart: number;
  readonly predictedEnd: number;
}

/** One of the words at `g` and `p` is part of a multi-word token. */
function multiWordStretch(
  gold: readonly LaidWord[],
  predicted: readonly LaidWord[],
  g: number,
  p: number,
): Stretch {
  const goldWord = gold[g]!;
  const word = predicted[p]!;
  let end: number;
  if (goldWord.multiWord) {
    end = goldWord.end;
    if (!word.multiWord && word.start < goldWord.start) p++;
  } else {
    end = word.end;
    if (goldWord.start < word.start) g++;
  }
  const goldStart = g;
  const predictedStart = p;
  while (!isBeyond(gold[g], end) || !isBeyond(predicted[p], end)) {
    const takesGold = g < gold.length && (p >= predicted.length || gold[g]!.start <= predicted[p]!.start);
    const taken = takesGold ? gold[g++]! : predicted[p++]!;
    if (taken.multiWord) end = Math.max(end, taken.end);
  }
  return { goldStart, goldEnd: g, predictedStart, predictedEnd: p };
}

function isBeyond(word: LaidWord | undefined, end: number): boolean {
  if (word === undefined) return true;
  return word.multiWord ? word.start >= end : word.end > end;
}

function alignByForm(
  gold: readonly LaidWord[],
  predicted: readonly LaidWord[],
  { goldStart, goldEnd, predictedStart, predictedEnd }: Stretch,
  pairs: [number, number][],
): void {
  const rows = gold.slice(goldStart, goldEnd).map((word) => word.form.toLowerCase());
  const columns = predicted.slice(predictedStart, predictedEnd).map((word) => word.form.toLowerCase());
  const width = columns.length + 1;
  const longest = new Uint32Array((rows.length + 1) * width);
  for (let r = rows.length - 1; r >= 0; r--)
    for (let c = columns.length - 1; c >= 0; c--) {
      const at = r * width + c;
      const diagonal = rows[r] === columns[c] ? 1 + longest[at + width + 1]! : 0;
      longest[at] = Math.max(diagonal, longest[at + width]!, longest[at + 1]!);
    }
  for (let r = 0, c = 0; r < rows.length && c < columns.length; ) {
    const at = r * width + c;
    if (rows[r] === columns[c]) pairs.push([goldStart + r++, predictedStart + c++]);
    else if (longest[at] === longest[at + width]) r++;
    else c++;
  }
}
