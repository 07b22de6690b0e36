/**
 * conlleval.pl told again from its own tables, apart from src: which pairs of chunk tags end a chunk and which
 * start one, and the counting line by line with one "in a correct chunk" flag. With the rows for S and for B
 * after E that later copies of the script have; L and U are put in as E and S.
 */
const ENDS = "BB BO BS IB IO IS EE EI EO ES EB SE SI SO SS SB".split(" ");
const STARTS = "BB IB OB SB EB BS IS OS SS ES OI SI EI SE EE OE".split(" ");

interface Chunk {
  readonly tag: string;
  readonly type: string;
}

const OUT: Chunk = { tag: "O", type: "" };

export function ends(last: Chunk, now: Chunk): boolean {
  return ENDS.includes(last.tag + now.tag) || (last.tag !== "O" && last.type !== now.type);
}

export function starts(last: Chunk, now: Chunk): boolean {
  return STARTS.includes(last.tag + now.tag) || (now.tag !== "O" && last.type !== now.type);
}

export function chunkOf(tag: string): Chunk {
  const hyphen = tag.indexOf("-");
  const letter = hyphen < 0 ? tag : tag.slice(0, hyphen);
  const type = hyphen < 0 ? "" : tag.slice(hyphen + 1);
  return { tag: { L: "E", U: "S" }[letter] ?? letter, type };
}

/** Chunks by the two predicates, each asked for itself. */
export function oracleSpans(tags: readonly string[]): string[] {
  const spans: string[] = [];
  let last = OUT;
  let from = -1;
  [...tags, "O"].forEach((tag, i) => {
    const now = chunkOf(tag);
    if (ends(last, now)) spans.push(`${from}:${i}:${last.type}`);
    if (starts(last, now)) from = i;
    last = now;
  });
  return spans;
}

export interface OracleCounts {
  words: number;
  rightTags: number;
  readonly gold: Record<string, number>;
  readonly found: Record<string, number>;
  readonly correct: Record<string, number>;
}

/** The main loop of the script; sentences end with a line that is outside on both sides. */
export function oracleCounts(
  sentences: readonly { readonly gold: readonly string[]; readonly predicted: readonly string[] }[],
): OracleCounts {
  const counts: OracleCounts = { words: 0, rightTags: 0, gold: {}, found: {}, correct: {} };
  const add = (to: Record<string, number>, type: string) => {
    to[type] = (to[type] ?? 0) + 1;
  };
  let lastGold = OUT;
  let lastGuess = OUT;
  let inCorrect = false;
  const line = (gold: Chunk, guess: Chunk) => {
    const goldEnds = ends(lastGold, gold);
    const guessEnds = ends(lastGuess, guess);
    if (inCorrect && goldEnds && guessEnds && lastGold.type === lastGuess.type) {
      inCorrect = false;
      add(counts.correct, lastGold.type);
    } else if (inCorrect && (goldEnds !== guessEnds || gold.type !== guess.type)) {
      inCorrect = false;
    }
    if (starts(lastGold, gold) && starts(lastGuess, guess) && gold.type === guess.type) inCorrect = true;
    if (starts(lastGold, gold)) add(counts.gold, gold.type);
    if (starts(lastGuess, guess)) add(counts.found, guess.type);
    lastGold = gold;
    lastGuess = guess;
  };
  for (const { gold, predicted } of sentences) {
    gold.forEach((tag, i) => {
      line(chunkOf(tag), chunkOf(predicted[i]!));
      counts.words++;
      if (tag === predicted[i]) counts.rightTags++;
    });
    line(OUT, OUT);
  }
  return counts;
}
