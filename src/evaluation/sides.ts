/** The two sides of a document that a model has read: gold labels, and the engine's answer in the same form. */
import type { LabelledDocument } from "../dataset/document.js";
import { toView } from "../document/blocks.js";
import type { PreparedDocument } from "../document/prepare.js";
import type { LensManifest, TaggedBlock } from "../tagging/protocol.js";
import { spansOfTags, type TagSpan } from "../tagging/schemes.js";
import { isWhiteSpace } from "../whitespace.js";
import type { RawDocument, RawToken } from "./conll18.js";
import { type GoldColumn, goldTags } from "./gold.js";
import type { TagSide } from "./scorer.js";
import { type Selection, selectSpans, selectTags } from "./selection.js";

/** Gold tags, sentence by sentence. */
export function goldSide(document: LabelledDocument, column: GoldColumn): TagSide {
  return { tags: document.sentences.map((sentence) => goldTags(sentence, column)), scheme: column.scheme };
}

/** The engine's labels over the document's own words, cut into its sentences. */
export function predictedSide(
  document: LabelledDocument,
  blocks: readonly TaggedBlock[],
  lens: LensManifest,
): TagSide {
  const labels = blocks.flatMap((block) =>
    block.lenses[lens.name]!.labels.map((label) => lens.labels[label]!),
  );
  let at = 0;
  const tags = document.sentences.map(({ words }) => {
    const from = at;
    at += words.length;
    return labels.slice(from, at);
  });
  return { tags, scheme: lens.scheme };
}

/** A lens and where its gold labels are. */
export interface ScoredLens {
  readonly lens: LensManifest;
  readonly column: GoldColumn;
  readonly selection: Selection;
}

/** The gold side of a document whose words the system had to find. */
export function goldRaw(document: LabelledDocument, lenses: readonly ScoredLens[]): RawDocument {
  const tokens: RawToken[] = [];
  const sentences: number[] = [];
  for (const { words, tokens: multiWord } of document.sentences) {
    if (words.length === 0) continue;
    sentences.push(tokens.length);
    let next = 0;
    for (let i = 0; i < words.length; i++) {
      const token = multiWord[next];
      if (token?.first === i) {
        tokens.push({ form: token.surface, words: words.slice(i, token.last + 1) });
        i = token.last;
        next++;
      } else tokens.push({ form: words[i]! });
    }
  }
  const tagsOf = ({ column }: ScoredLens) =>
    document.sentences.flatMap((sentence) => [...goldTags(sentence, column)]);
  return {
    tokens,
    sentences,
    labels: Object.fromEntries(
      lenses
        .filter(({ column }) => column.scheme === "none")
        .map((scored) => [scored.lens.name, selectTags(tagsOf(scored), "none", scored.selection)]),
    ),
    spans: Object.fromEntries(
      lenses
        .filter(({ column }) => column.scheme !== "none")
        .map((scored) => [scored.lens.name, goldSpans(document, scored)]),
    ),
  };
}

/** Spans of the gold tags of each sentence, over the words of the document. */
export function goldSpans(document: LabelledDocument, { column, selection }: ScoredLens): TagSpan[] {
  let first = 0;
  return document.sentences.flatMap((sentence) => {
    const from = first;
    first += sentence.words.length;
    return selectSpans(spansOfTags(goldTags(sentence, column), column.scheme), selection).map((span) => ({
      ...span,
      start: span.start + from,
      end: span.end + from,
    }));
  });
}

/**
 * What the engine made of the raw text. Characters that are in no word (quote marks at the start of a line) count
 * as words without a label: the gold side has them as words.
 */
export function predictedRaw(
  { text, blocks }: PreparedDocument,
  tagged: readonly TaggedBlock[],
  lenses: readonly ScoredLens[],
): RawDocument {
  const tokens: RawToken[] = [];
  const sentences: number[] = [];
  const labels: Record<string, string[]> = {};
  const spans: Record<string, TagSpan[]> = {};
  for (const { lens } of lenses) {
    if (lens.scheme === "none") labels[lens.name] = [];
    else spans[lens.name] = [];
  }
  const addGap = (from: number, to: number) => {
    for (const form of strayStretches(text, from, to)) {
      tokens.push({ form });
      for (const list of Object.values(labels)) list.push("");
    }
  };
  let end = 0;
  tagged.forEach((answer, b) => {
    const wordAt = new Map<number, number>();
    const opens = new Set(answer.sentences);
    for (let i = 0; i < answer.starts.length; i++) {
      const range = toView(blocks[b]!, answer.starts[i]!, answer.ends[i]!);
      addGap(end, range.start);
      end = range.end;
      if (opens.has(i)) sentences.push(tokens.length);
      wordAt.set(answer.starts[i]!, tokens.length);
      tokens.push({ form: text.slice(range.start, range.end) });
      for (const { lens, selection } of lenses) {
        const label = answer.lenses[lens.name]!.labels[i]!;
        labels[lens.name]?.push(...selectTags([lens.labels[label]!], "none", selection));
      }
    }
    const ends = new Map(answer.ends.map((at, i) => [at, wordAt.get(answer.starts[i]!)! + 1]));
    for (const { lens, selection } of lenses) {
      const found = answer.lenses[lens.name]!.spans.map((span) => ({
        start: wordAt.get(span.start)!,
        end: ends.get(span.end)!,
        type: span.label,
      }));
      spans[lens.name]?.push(...selectSpans(found, selection));
    }
  });
  addGap(end, text.length);
  return { tokens, sentences, labels, spans };
}

function strayStretches(text: string, from: number, to: number): string[] {
  const stretches: string[] = [];
  for (let at = from; at < to; at++) {
    if (isWhiteSpace(text.charCodeAt(at))) continue;
    const start = at;
    while (at < to && !isWhiteSpace(text.charCodeAt(at))) at++;
    stretches.push(text.slice(start, at));
  }
  return stretches;
}
