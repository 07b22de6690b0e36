/**
 * Labelled documents made ready for the engine by their own words: the splitter is not asked, so that answers
 * can be laid beside the file's labels word by word.
 */
import type { Block } from "../document/blocks.js";
import { JOIN_TO } from "../document/blocks.js";
import type { DocumentIdentity, PreparedDocument } from "../document/prepare.js";
import { range } from "../offsets.js";
import type { WordBlock } from "../tagging/protocol.js";
import type { LabelledDocument } from "./document.js";
import { type DocumentText, textOf } from "./text.js";

export const CONTEXTS = ["block", "sentence", "document"] as const;

/**
 * How much the engine sees at once. `block`: what is served, paragraphs joined while they are short; where a file
 * marks no paragraphs each sentence counts as one. `sentence`: each alone. `document`: all of it, in windows.
 */
export type Context = (typeof CONTEXTS)[number];

/** @param joinTo canonical length, in UTF-16 code units, below which short paragraphs are joined. */
export function prepareWords(
  identity: DocumentIdentity,
  document: LabelledDocument,
  context: Context,
  joinTo = JOIN_TO,
): PreparedDocument {
  const view = textOf(document);
  const sentences = sentenceRanges(document);
  const paragraphs = paragraphRanges(document);
  const groups = {
    sentence: () => sentences.map((sentence) => [sentence]),
    document: () => (sentences.length === 0 ? [] : [paragraphs]),
    block: () => joinShort(paragraphs, view, joinTo),
  }[context]();
  const words = document.sentences.flatMap((sentence) => sentence.words);
  const made = groups.map((lines) => wordBlock(lines, sentences, words, view));
  return {
    ...identity,
    text: view.text,
    segments: view.text === "" ? [] : [{ ...range(0, view.text.length), kind: "body", depth: 0 }],
    blocks: made.map(({ block }) => block),
    inputs: made.map(({ input }) => input),
  };
}

/** Half-open range of words. */
interface WordRange {
  readonly first: number;
  readonly end: number;
}

function sentenceRanges(document: LabelledDocument): WordRange[] {
  let first = 0;
  return document.sentences
    .map(({ words }) => {
      const sentence = { first, end: first + words.length };
      first = sentence.end;
      return sentence;
    })
    .filter(({ first, end }) => end > first);
}

function paragraphRanges(document: LabelledDocument): WordRange[] {
  if (!document.sentences.some(({ newParagraph }) => newParagraph)) return sentenceRanges(document);
  const paragraphs: WordRange[] = [];
  let at = 0;
  for (const { words, newParagraph } of document.sentences) {
    const open = newParagraph ? undefined : paragraphs.pop();
    paragraphs.push({ first: open?.first ?? at, end: at + words.length });
    at += words.length;
  }
  return paragraphs.filter(({ first, end }) => end > first);
}

/** Joins as blocks of plain text are joined: see `blocksOf`. */
function joinShort(paragraphs: readonly WordRange[], view: DocumentText, joinTo: number): WordRange[][] {
  const blocks: WordRange[][] = [];
  let length = Number.POSITIVE_INFINITY;
  for (const paragraph of paragraphs) {
    const own = writtenLength(paragraph, view);
    if (length < joinTo && own < joinTo) {
      blocks.at(-1)!.push(paragraph);
      length += 1 + own;
    } else {
      blocks.push([paragraph]);
      length = own;
    }
  }
  return blocks;
}

function writtenLength({ first, end }: WordRange, { words }: DocumentText): number {
  let length = 0;
  for (let word = first; word < end; word++) {
    length += words.ends[word]! - words.starts[word]!;
    if (word > first && words.starts[word]! > words.ends[word - 1]!) length++;
  }
  return length;
}

/** A block of whole lines, and its map: the joined words of the input have an anchor each. */
function wordBlock(
  lines: readonly WordRange[],
  sentences: readonly WordRange[],
  words: readonly string[],
  view: DocumentText,
): { block: Block; input: WordBlock } {
  const first = lines[0]!.first;
  const end = lines.at(-1)!.end;
  const starts = new Set(lines.map((line) => line.first));
  const glued: number[] = [];
  const canonicalAnchors: number[] = [];
  let canonical = "";
  for (let word = first; word < end; word++) {
    const touches =
      word > first && !starts.has(word) && view.words.starts[word]! <= view.words.ends[word - 1]!;
    if (touches) glued.push(word - first);
    else if (word > first) canonical += starts.has(word) ? "\n" : " ";
    canonicalAnchors.push(canonical.length);
    canonical += words[word]!;
  }
  return {
    block: { segment: 0, canonical, canonicalAnchors, viewAnchors: view.words.starts.slice(first, end) },
    input: {
      kind: "words",
      words: words.slice(first, end),
      sentences: sentences
        .map((sentence) => sentence.first - first)
        .filter((word) => word >= 0 && word < end - first),
      lines: lines.slice(1).map((line) => line.first - first),
      glued,
    },
  };
}
