/**
 * Words to pieces: each word is turned into sub-word ids alone, as `is_split_into_words` does in training, so
 * that a word has the same pieces wherever it stands.
 */
import { LRUCache } from "lru-cache";
import type { ModelManifest } from "./protocol.js";
import { wordShape } from "./shapes.js";

/** What this stage needs of a tokenizer. */
export interface WordTokenizer {
  /** Ids of one word without special tokens. `blankBefore`: white space stands before it in the text. */
  encode(word: string, blankBefore: boolean): readonly number[];
  /** Ids that open and close every window (`[CLS]`, `[SEP]`). */
  readonly prefix: readonly number[];
  readonly suffix: readonly number[];
  /** Stands for a word that the tokenizer drops, so that every word can be labelled. */
  readonly unknown: number;
  /** False where `encode` does not look at `blankBefore`: the cache then holds each word once. */
  readonly readsBlanks: boolean;
}

/** The pieces of a list of words: word `i` has `ids[offsets[i]]` up to `ids[offsets[i + 1]]`, one or more. */
export interface Pieces {
  readonly ids: readonly number[];
  /** Length: words + 1. */
  readonly offsets: readonly number[];
  /** For each id the shape of its word; undefined where the encoder is fed zeros. */
  readonly tokenTypes: readonly number[] | undefined;
  /** Words of which the encoder does not see the end. */
  readonly truncatedWords: number;
}

/** Turns words into pieces; `blankBefore(i)` tells whether white space stands before word `i`. */
export type PieceEncoder = (words: readonly string[], blankBefore: (index: number) => boolean) => Pieces;

/**
 * Longest part of a word that is handed to the tokenizer, in UTF-16 code units. WordPiece gives up at 100
 * characters; byte-pair merging is quadratic in a word, and a label is read at the first piece anyway.
 */
const WORD_UNITS = 256;

const CACHED_WORDS = 50_000;

interface EncodedWord {
  readonly ids: readonly number[];
  readonly shape: number;
  readonly truncated: boolean;
}

/** `maxPieces`: what one window can hold of a single word. */
export function pieceEncoder(
  tokenizer: WordTokenizer,
  maxPieces: number,
  tokenTypes: ModelManifest["tokenTypes"] = "zeros",
): PieceEncoder {
  const shaped = tokenTypes === "word_shapes";
  const cache = new LRUCache<string, EncodedWord>({ max: CACHED_WORDS });

  const encodeWord = (word: string, blankBefore: boolean): EncodedWord => {
    const key = tokenizer.readsBlanks && blankBefore ? ` ${word}` : word;
    const cached = cache.get(key);
    if (cached !== undefined) return cached;
    const pieces = encode(tokenizer, word, blankBefore, maxPieces);
    const encoded = { ...pieces, shape: shaped ? wordShape(word) : 0 };
    if (word.length <= WORD_UNITS) cache.set(ownCopy(key), encoded);
    return encoded;
  };

  return (words, blankBefore) => {
    const ids: number[] = [];
    const offsets: number[] = [0];
    const shapes: number[] | undefined = shaped ? [] : undefined;
    let truncatedWords = 0;
    for (let i = 0; i < words.length; i++) {
      const encoded = encodeWord(words[i]!, blankBefore(i));
      for (const id of encoded.ids) {
        ids.push(id);
        shapes?.push(encoded.shape);
      }
      offsets.push(ids.length);
      if (encoded.truncated) truncatedWords++;
    }
    return { ids, offsets, tokenTypes: shapes, truncatedWords };
  };
}

/** V8 keeps the whole text of which a string is a slice: a cached word would keep its block in memory. */
function ownCopy(slice: string): string {
  return Buffer.from(slice, "utf16le").toString("utf16le");
}

function encode(
  tokenizer: WordTokenizer,
  word: string,
  blankBefore: boolean,
  maxPieces: number,
): Omit<EncodedWord, "shape"> {
  // Tokenizers are defined over code points; a lone surrogate is none.
  const ids = tokenizer.encode(word.slice(0, WORD_UNITS).toWellFormed(), blankBefore);
  if (ids.length === 0) return { ids: [tokenizer.unknown], truncated: false };
  if (ids.length > maxPieces) return { ids: ids.slice(0, maxPieces), truncated: true };
  return { ids, truncated: word.length > WORD_UNITS };
}
