/** Gathers the scores of all lenses over documents whose words both sides share. */
import { type Scheme, spansOfTags, type TagSpan, tagsOfSpans } from "../tagging/schemes.js";
import { addWords, type WordTally, wordAccuracy, wordTally } from "./accuracy.js";
import type { EvaluationReport } from "./report.js";
import { type Selection, selectSpans, selectTags } from "./selection.js";
import { addSpans, type SpanTally, spanScores, spanTally } from "./spans.js";
import { readTags, strictScheme, type TagReading } from "./tags.js";

export const MODES = ["conlleval", "seqeval", "seqeval-strict"] as const;
/** Whose reading of ill-formed tag sequences is followed. */
export type Mode = (typeof MODES)[number];

/** The tags of one side, sentence by sentence. */
export interface TagSide {
  readonly tags: readonly (readonly string[])[];
  readonly scheme: Scheme;
}

export interface Scorer {
  /** Adds a document's tags; both sides have the same words. */
  add(lens: string, gold: TagSide, predicted: TagSide): void;
  report(): EvaluationReport;
}

interface LensTally {
  readonly spans: SpanTally | undefined;
  readonly words: WordTally;
}

export function scorer(mode: Mode, selectionOf: (lens: string) => Selection): Scorer {
  const lenses = new Map<string, LensTally>();
  return {
    add(lens, gold, predicted) {
      const plain = gold.scheme === "none";
      let tally = lenses.get(lens);
      if (tally === undefined) {
        tally = { spans: plain ? undefined : spanTally(), words: wordTally() };
        lenses.set(lens, tally);
      }
      const selection = selectionOf(lens);
      for (let s = 0; s < gold.tags.length; s++) {
        const pair = [side(gold, s, selection, mode), side(predicted, s, selection, mode)] as const;
        addWords(tally.words, pair[0].tags, pair[1].tags);
        if (tally.spans !== undefined) addSpans(tally.spans, pair[0].spans, pair[1].spans);
      }
    },
    report: () => ({
      lenses: Object.fromEntries(
        [...lenses].map(([lens, { spans, words }]) => [
          lens,
          { ...(spans === undefined ? {} : spanScores(spans)), accuracy: wordAccuracy(words) },
        ]),
      ),
    }),
  };
}

/** One sentence of one side: its spans as the mode reads them, and tags that can be compared word by word. */
function side(
  { tags, scheme }: TagSide,
  sentence: number,
  selection: Selection,
  mode: Mode,
): { tags: readonly string[]; spans: readonly TagSpan[] } {
  const own = tags[sentence]!;
  if (scheme === "none") return { tags: selectTags(own, scheme, selection), spans: [] };
  const spans = selectSpans(readTags(own, readingOf(mode, scheme)), selection);
  const repaired = selectSpans(spansOfTags(own, scheme), selection);
  return { tags: tagsOfSpans(repaired, own.length, "BIO"), spans };
}

function readingOf(mode: Mode, scheme: Scheme): TagReading {
  switch (mode) {
    case "conlleval":
      return { mode: "conlleval", scheme };
    case "seqeval":
      return { mode: "seqeval-default" };
    case "seqeval-strict":
      return { mode: "seqeval-strict", scheme: strictScheme(scheme) ?? "IOB2" };
  }
}
