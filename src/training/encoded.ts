/** Training documents as the encoder reads them: each word's pieces and shape, made once for all epochs. */
import { type PieceEncoder, pieceEncoder, type WordTokenizer } from "../tagging/pieces.js";
import { wordShape } from "../tagging/shapes.js";
import type { TrainingDocument, TrainingSentence } from "./document.js";

export interface EncodedSentence {
  readonly ids: Int32Array;
  /** Word i has `ids[offsets[i]]` up to `ids[offsets[i + 1]]`. */
  readonly offsets: Int32Array;
  /** Of each word. */
  readonly shapes: Uint8Array;
  readonly answers: readonly (Int16Array | undefined)[];
  readonly newParagraph: boolean;
  /** Of its text, in UTF-16 code units. */
  readonly length: number;
}

export interface EncodedDocument {
  readonly sentences: readonly EncodedSentence[];
}

/** Longer documents are cut: a file without marks is one, and an epoch is to read some of it as well as all. */
const MOST_SENTENCES = 40;

/** @param room most pieces of a window, without special tokens. */
export function documentEncoder(
  tokenizer: WordTokenizer,
  room: number,
): (document: TrainingDocument) => EncodedDocument[] {
  const toPieces = pieceEncoder(tokenizer, room);
  return (document) => {
    const sentences = document.sentences
      .filter(({ words }) => words.length > 0)
      .map((sentence) => encodeSentence(sentence, toPieces));
    const parts = Math.ceil(sentences.length / MOST_SENTENCES);
    return Array.from({ length: parts }, (_, i) => ({
      sentences: sentences.slice(i * MOST_SENTENCES, (i + 1) * MOST_SENTENCES),
    }));
  };
}

function encodeSentence(sentence: TrainingSentence, toPieces: PieceEncoder): EncodedSentence {
  const { words, blankBefore, newParagraph, answers } = sentence;
  const { ids, offsets } = toPieces(words, (i) => i > 0 && blankBefore[i]!);
  let length = 0;
  for (let i = 0; i < words.length; i++) length += words[i]!.length + (i > 0 && blankBefore[i] ? 1 : 0);
  return {
    ids: Int32Array.from(ids),
    offsets: Int32Array.from(offsets),
    shapes: Uint8Array.from(words, wordShape),
    answers,
    newParagraph,
    length,
  };
}
