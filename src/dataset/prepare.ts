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
  const opensSentence = new Set(sentences.map(({ first }) => first));
  const made = groups.map((lines) => wordBlock(lines, opensSentence, words, view));
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

/** Words of a multi-word token may share its range. */
function writtenLength({ first, end }: WordRange, { words }: DocumentText): number {
  let length = 0;
  let written = words.starts[first]!;
  for (let word = first; word < end; word++) {
    if (words.starts[word]! > written) length++;
    length += Math.max(0, words.ends[word]! - Math.max(words.starts[word]!, written));
    written = Math.max(written, words.ends[word]!);
  }
  return length;
}

/**
 * A block of whole lines, and its map: each word of the input has an anchor at its start, and one at its last
 * character where it is written otherwise than the word reads (`zu dem` as `zum`). A word of one character
 * that is written as more maps to the first of them.
 */
function wordBlock(
  lines: readonly WordRange[],
  opensSentence: ReadonlySet<number>,
  words: readonly string[],
  { words: { starts, ends } }: DocumentText,
): { block: Block; input: WordBlock } {
  const first = lines[0]!.first;
  const end = lines.at(-1)!.end;
  const opensLine = new Set(lines.map((line) => line.first));
  const sentences: number[] = [];
  const glued: number[] = [];
  const canonicalAnchors: number[] = [];
  const viewAnchors: number[] = [];
  let canonical = "";
  for (let word = first; word < end; word++) {
    const form = words[word]!;
    const touches = word > first && !opensLine.has(word) && starts[word]! <= ends[word - 1]!;
    if (touches) glued.push(word - first);
    else if (word > first) canonical += opensLine.has(word) ? "\n" : " ";
    if (opensSentence.has(word)) sentences.push(word - first);
    canonicalAnchors.push(canonical.length);
    viewAnchors.push(starts[word]!);
    canonical += form;
    if (form.length > 1 && form.length !== ends[word]! - starts[word]!) {
      canonicalAnchors.push(canonical.length - 1);
      viewAnchors.push(ends[word]! - 1);
    }
  }
  return {
    block: { segment: 0, canonical, canonicalAnchors, viewAnchors },
    input: {
      kind: "words",
      words: words.slice(first, end),
      sentences,
      lines: lines.slice(1).map((line) => line.first - first),
      glued,
    },
  };
}
