/** The engine's answer for a document as labelled data: what writers and the terminal take. */
import { toView } from "../document/blocks.js";
import type { PreparedDocument } from "../document/prepare.js";
import { snapToGraphemes } from "../offsets.js";
import type { LensManifest, TaggedBlock } from "../tagging/protocol.js";
import { tagsOfSpans } from "../tagging/schemes.js";
import type { AnnotatedDocument, AnnotatedLens, LabelledSpan } from "./document.js";

export interface ScoredSpan extends LabelledSpan {
  readonly score: number;
}

export interface ScoredDocument extends AnnotatedDocument {
  readonly words: { readonly starts: readonly number[]; readonly ends: readonly number[] };
  readonly lenses: readonly (Omit<AnnotatedLens, "spans"> & { readonly spans: readonly ScoredSpan[] })[];
}

/**
 * @param tagged the answers of the document's blocks, in order; without word columns there are spans alone.
 * @param minScore spans of a smaller score are left out, and the tags of their words are `O`.
 */
export function annotatedDocument(
  { id, text, blocks }: PreparedDocument,
  tagged: readonly TaggedBlock[],
  lenses: readonly LensManifest[],
  minScore: number,
): ScoredDocument {
  const starts: number[] = [];
  const ends: number[] = [];
  const sentences: number[] = [];
  tagged.forEach((answer, b) => {
    for (const sentence of answer.sentences) sentences.push(starts.length + sentence);
    for (let i = 0; i < answer.starts.length; i++) {
      const { start, end } = toView(blocks[b]!, answer.starts[i]!, answer.ends[i]!);
      starts.push(start);
      ends.push(end);
    }
  });
  const annotated = lenses.map((lens) => ({
    name: lens.name,
    tags: tagged.flatMap((answer) => tagsOf(answer, lens, minScore)),
    spans: spansInView({ text, blocks }, tagged, lens.name, minScore),
  }));
  return { id, text, words: { starts, ends }, sentences, lenses: annotated };
}

/** Whole graphemes, as in records. */
function spansInView(
  { text, blocks }: Pick<PreparedDocument, "text" | "blocks">,
  tagged: readonly TaggedBlock[],
  lens: string,
  minScore: number,
): ScoredSpan[] {
  const spans: ScoredSpan[] = [];
  let notBefore = 0;
  tagged.forEach((answer, b) => {
    for (const { start, end, label, score } of answer.lenses[lens]!.spans) {
      if (score < minScore) continue;
      const range = snapToGraphemes(text, toView(blocks[b]!, start, end), notBefore);
      if (range.start === range.end) continue;
      notBefore = range.end;
      spans.push({ ...range, label, score });
    }
  });
  return spans;
}

/**
 * Tags that say the same as the spans: written anew from them, so that a file read back gives the spans whatever
 * the labels were before repair.
 */
function tagsOf(answer: TaggedBlock, lens: LensManifest, minScore: number): string[] {
  const { labels, spans } = answer.lenses[lens.name]!;
  if (lens.scheme === "none") return labels.map((label) => lens.labels[label]!);
  if (answer.starts.length === 0) return [];
  const wordAt = new Map(answer.starts.map((start, word) => [start, word]));
  const wordEnd = new Map(answer.ends.map((end, word) => [end, word + 1]));
  const kept = spans.filter(({ score }) => score >= minScore);
  const byWord = kept.map(({ start, end, label }) => ({
    start: wordAt.get(start)!,
    end: wordEnd.get(end)!,
    type: label,
  }));
  return tagsOfSpans(byWord, answer.starts.length, "BIO");
}
