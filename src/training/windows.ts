/**
 * The windows of an epoch. Each epoch cuts its documents anew, some as they are served and some shorter or longer, so
 * that the encoder learns to read a single line as well as a full window.
 */
import { JOIN_TO } from "../document/blocks.js";
import { cutWindows } from "../tagging/windows.js";
import { UNLABELLED } from "./document.js";
import type { EncodedDocument, EncodedSentence } from "./encoded.js";
import type { Random } from "./random.js";

/** One window without special tokens: rows of pieces. */
export interface TrainingWindow {
  readonly ids: Int32Array;
  /** Word i has `ids[offsets[i]]` up to `ids[offsets[i + 1]]`. */
  readonly offsets: Int32Array;
  readonly shapes: Uint8Array;
  /** For each lens the answer of each piece, `UNLABELLED` where it has none; undefined: none at all. */
  readonly answers: readonly (Int16Array | undefined)[];
}

export interface Cutting {
  /** Most pieces of a window, without special tokens. */
  readonly room: number;
  readonly labelledPieces: "first" | "all";
  readonly lenses: number;
}

/** Cuts a document for one epoch. */
export function windowsOf(document: EncodedDocument, cutting: Cutting, random: Random): TrainingWindow[] {
  return blocks(document.sentences, cutting.room, random).flatMap((block) => cut(block, cutting));
}

/** Shares of blocks: as served; a sentence alone; and the rest of a length between a line and a window. */
const AS_SERVED = 0.5;
const ALONE = 0.15;

/** Neighbouring sentences that are read together, as far as they fit. */
function blocks(sentences: readonly EncodedSentence[], room: number, random: Random): EncodedSentence[][] {
  const found: EncodedSentence[][] = [];
  for (let at = 0; at < sentences.length; ) {
    const kind = random.unit();
    const end =
      kind < AS_SERVED
        ? servedEnd(sentences, at)
        : kind < AS_SERVED + ALONE
          ? at + 1
          : fullEnd(sentences, at, Math.floor(room * (0.2 + 0.8 * random.unit())));
    found.push(sentences.slice(at, end));
    at = end;
  }
  return found;
}

/** Paragraphs, joined while they are short: see `blocksOf` and `prepareWords`. */
function servedEnd(sentences: readonly EncodedSentence[], first: number): number {
  let length = 0;
  let at = first;
  while (at < sentences.length) {
    const paragraph = paragraphEnd(sentences, at);
    let own = -1;
    for (let i = at; i < paragraph; i++) own += 1 + sentences[i]!.length;
    if (at > first && (length >= JOIN_TO || own >= JOIN_TO)) break;
    length += own + (at > first ? 1 : 0);
    at = paragraph;
  }
  return at;
}

function paragraphEnd(sentences: readonly EncodedSentence[], first: number): number {
  let end = first + 1;
  while (end < sentences.length && !sentences[end]!.newParagraph) end++;
  return end;
}

function fullEnd(sentences: readonly EncodedSentence[], first: number, pieces: number): number {
  let end = first + 1;
  let size = sentences[first]!.ids.length;
  while (end < sentences.length) {
    size += sentences[end]!.ids.length;
    if (size > pieces) break;
    end++;
  }
  return end;
}

function cut(block: readonly EncodedSentence[], cutting: Cutting): TrainingWindow[] {
  const { ids, offsets, shapes, starts, answers } = joined(block, cutting.lenses);
  return cutWindows(offsets, starts, cutting.room).map(({ first, end, ownFirst, ownEnd }) => {
    const from = offsets[first]!;
    const size = offsets[end]! - from;
    const window = {
      ids: ids.slice(from, from + size),
      offsets: Int32Array.from(offsets.slice(first, end + 1), (offset) => offset - from),
      shapes: new Uint8Array(size),
      answers: answers.map((each) =>
        each === undefined ? undefined : new Int16Array(size).fill(UNLABELLED),
      ),
    };
    for (let word = first; word < end; word++) {
      const [start, stop] = [offsets[word]! - from, offsets[word + 1]! - from];
      window.shapes.fill(shapes[word]!, start, stop);
      if (word < ownFirst || word >= ownEnd) continue;
      const labelled = cutting.labelledPieces === "first" ? start + 1 : stop;
      window.answers.forEach((own, lens) => {
        own?.fill(answers[lens]![word]!, start, labelled);
      });
    }
    return window;
  });
}

function joined(block: readonly EncodedSentence[], lenses: number) {
  const words = block.reduce((sum, { shapes }) => sum + shapes.length, 0);
  const ids = new Int32Array(block.reduce((sum, sentence) => sum + sentence.ids.length, 0));
  const offsets = [0];
  const shapes = new Uint8Array(words);
  const starts: number[] = [];
  const answers = Array.from({ length: lenses }, (_, lens) =>
    block.some((sentence) => sentence.answers[lens] !== undefined)
      ? new Int16Array(words).fill(UNLABELLED)
      : undefined,
  );
  let word = 0;
  let piece = 0;
  for (const sentence of block) {
    starts.push(word);
    ids.set(sentence.ids, piece);
    shapes.set(sentence.shapes, word);
    answers.forEach((all, lens) => {
      const own = sentence.answers[lens];
      if (own !== undefined) all!.set(own, word);
    });
    for (let i = 1; i < sentence.offsets.length; i++) offsets.push(piece + sentence.offsets[i]!);
    word += sentence.shapes.length;
    piece += sentence.ids.length;
  }
  return { ids, offsets, shapes, starts, answers };
}
