/**
 * The engine: a block in, labelled spans out. It runs the stages in order, once for each model, over one
 * segmentation into words, so that word `i` is the same word in every lens.
 */
import { type Decoded, decode } from "./decode.js";
import { type Encoder, type Head, infer } from "./infer.js";
import { type PieceEncoder, pieceEncoder, type WordTokenizer } from "./pieces.js";
import type { BlockInput, ModelManifest, TaggedBlock, TaggedLens, WordBlock } from "./protocol.js";
import type { LabelSet } from "./schemes.js";
import { cutWindows } from "./windows.js";
import { splitWords, type Words } from "./words/split.js";

/** A lens whose output is resolved against the graph. */
export interface Lens {
  readonly name: string;
  readonly output: string;
  readonly labelSet: LabelSet;
  readonly temperature: number;
}

/** A model ready to read: its tokenizer, its session and its lenses. */
export interface LoadedModel {
  readonly tokenizer: WordTokenizer;
  readonly encoder: Encoder;
  readonly lenses: readonly Lens[];
  /** Most pieces of a window, special tokens included. */
  readonly window: number;
  readonly tokenTypes: ModelManifest["tokenTypes"];
}

export interface TagOptions {
  readonly strategy: "constrained" | "argmax";
  /** Give words, and labels and scores per word, beside the spans. */
  readonly columns: boolean;
  /** Give what the scores would be without temperature, too. */
  readonly uncalibrated?: boolean;
}

export interface Engine {
  /**
   * @throws SpanmillError MODEL_OUTPUT, INFERENCE_FAILED
   */
  tag(block: BlockInput): Promise<TaggedBlock>;
}

export function engine(models: readonly LoadedModel[], options: TagOptions): Engine {
  const readers = models.map(reader);
  return {
    async tag(block) {
      const laidOut = layOut(block);
      const lenses: Record<string, TaggedLens> = {};
      let windows = 0;
      let truncatedWords = 0;
      for (const reader of readers) {
        const read = await reader(laidOut, options, lenses);
        windows += read.windows;
        truncatedWords += read.truncatedWords;
      }
      const { starts, ends, sentences } = options.columns ? laidOut.words : NO_WORDS;
      const words = laidOut.words.starts.length;
      return { words, starts, ends, sentences, lenses, windows, truncatedWords };
    },
  };
}

const NO_WORDS: Words = { starts: [], ends: [], sentences: [] };

/** A block with its words found. */
interface LaidOut {
  readonly words: Words;
  readonly surfaces: readonly string[];
  /** Words that open a line. */
  readonly lines: readonly number[];
  readonly blankBefore: (word: number) => boolean;
}

function layOut(block: BlockInput): LaidOut {
  return block.kind === "text" ? layOutText(block.text) : layOutWords(block);
}

function layOutText(text: string): LaidOut {
  const words = splitWords(text);
  const lines: number[] = [];
  for (let i = 1; i < words.starts.length; i++) {
    if (text.charCodeAt(words.starts[i]! - 1) === LINE_FEED) lines.push(i);
  }
  return {
    words,
    surfaces: words.starts.map((start, i) => text.slice(start, words.ends[i])),
    lines,
    // The text is in canonical form: a word that does not touch the one before has white space before it.
    blankBefore: (word) => word > 0 && words.starts[word] !== words.ends[word - 1],
  };
}

const LINE_FEED = 0x0a;

/** Words that are given touch only where the block says so; each keeps its own place in the joined text. */
function layOutWords(block: WordBlock): LaidOut {
  const glued = new Set(block.glued);
  const starts: number[] = [];
  const ends: number[] = [];
  let at = 0;
  for (let i = 0; i < block.words.length; i++) {
    if (i > 0 && !glued.has(i)) at++;
    starts.push(at);
    at += block.words[i]!.length;
    ends.push(at);
  }
  return {
    words: { starts, ends, sentences: [...block.sentences] },
    surfaces: block.words,
    lines: block.lines,
    blankBefore: (word) => word > 0 && !glued.has(word),
  };
}

type Reader = (
  block: LaidOut,
  options: TagOptions,
  lenses: Record<string, TaggedLens>,
) => Promise<{ windows: number; truncatedWords: number }>;

function reader(model: LoadedModel): Reader {
  const room = model.window - model.encoder.prefix.length - model.encoder.suffix.length;
  const toPieces: PieceEncoder = pieceEncoder(model.tokenizer, room, model.tokenTypes);
  const heads: Head[] = model.lenses.map((lens) => ({
    output: lens.output,
    labels: lens.labelSet.labels.length,
  }));

  return async (block, options, lenses) => {
    const pieces = toPieces(block.surfaces, block.blankBefore);
    const windows = cutWindows(pieces.offsets, block.words.sentences, room);
    const scores = await infer(model.encoder, heads, pieces, windows);
    for (let i = 0; i < model.lenses.length; i++) {
      const lens = model.lenses[i]!;
      lenses[lens.name] = decodeLens(lens, scores[i]!, block, options);
    }
    return { windows: windows.length, truncatedWords: pieces.truncatedWords };
  };
}

function decodeLens(lens: Lens, scores: Float32Array, block: LaidOut, options: TagOptions): TaggedLens {
  const { starts, ends } = block.words;
  const decodeAt = (temperature: number) =>
    decode(scores, starts.length, lens.labelSet, block.lines, { strategy: options.strategy, temperature });
  const decoded = decodeAt(lens.temperature);
  return {
    spans: decoded.spans.map((span) => ({
      start: starts[span.start]!,
      end: ends[span.end - 1]!,
      label: span.label,
      score: span.score,
    })),
    labels: options.columns ? decoded.labels : [],
    scores: options.columns ? decoded.scores : [],
    ...(options.uncalibrated ? { uncalibrated: scoresOf(decodeAt(1), options) } : {}),
  };
}

function scoresOf({ spans, scores }: Decoded, { columns }: TagOptions) {
  return { spans: spans.map(({ score }) => score), words: columns ? scores : [] };
}
