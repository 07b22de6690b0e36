/**
 * What crosses the thread line: plain data only. Strings go in, numbers and strings come out; no tensors, no
 * class instances, no offset maps.
 */
import type { WireError } from "../errors.js";
import type { DecodeOptions } from "./decode.js";
import type { Scheme } from "./schemes.js";

/** A block's canonical form, to be split into words. */
export interface TextBlock {
  readonly kind: "text";
  readonly text: string;
}

/**
 * A block whose words are given: its text is they, joined by a space, or by a line feed before each word of
 * `lines`, and nothing before a word with `glued`. Offsets in the answer refer to that text.
 */
export interface WordBlock {
  readonly kind: "words";
  readonly words: readonly string[];
  /** Index of the first word of each sentence, ascending. */
  readonly sentences: readonly number[];
  /** Words that open a line: no span runs from the word before into them. */
  readonly lines: readonly number[];
  /** Words with no white space before them in the text they come from, where that is known. */
  readonly glued: readonly number[];
}

export type BlockInput = TextBlock | WordBlock;

/** A labelled range of the block's text, in UTF-16 code units; `score` has at most 4 decimals. */
export interface TaggedSpan {
  readonly start: number;
  readonly end: number;
  readonly label: string;
  readonly score: number;
}

/** One lens's answer for a block. */
export interface TaggedLens {
  /** Ascending, without overlaps; none for a lens without a scheme. */
  readonly spans: readonly TaggedSpan[];
  /** Per word: index of its label in the lens's list, and the label's probability. Only where columns are asked for. */
  readonly labels: readonly number[];
  readonly scores: readonly number[];
  /** The scores of `spans`, and of the words, without temperature. Only where they are asked for. */
  readonly uncalibrated?: { readonly spans: readonly number[]; readonly words: readonly number[] };
}

/** A block's answer. Word columns are empty unless asked for. */
export interface TaggedBlock {
  readonly words: number;
  readonly starts: readonly number[];
  readonly ends: readonly number[];
  /** Index of the first word of each sentence. */
  readonly sentences: readonly number[];
  /** By lens name. */
  readonly lenses: Readonly<Record<string, TaggedLens>>;
  /** Windows read, over all models. */
  readonly windows: number;
  /** Words of which an encoder did not see the end. */
  readonly truncatedWords: number;
}

/** A lens as a model folder declares it. */
export interface LensManifest {
  readonly name: string;
  /** Name of the ONNX output that holds its logits; undefined: the only one, or the one called `logits`. */
  readonly output: string | undefined;
  readonly labels: readonly string[];
  readonly scheme: Scheme;
  /** Divides the logits before probabilities are taken. */
  readonly temperature: number;
}

/** All that a thread needs to load a model folder; checked before it is posted. */
export interface ModelManifest {
  readonly directory: string;
  readonly onnxFile: string;
  readonly lenses: readonly LensManifest[];
  /** Most pieces of a window, special tokens included. */
  readonly window: number;
  readonly blankBeforeWord: "always" | "as_written";
  /** What the encoder is fed as `token_type_ids`: see `shapes.ts`. */
  readonly tokenTypes: "zeros" | "word_shapes";
}

/** What a thread is started with. */
export interface EngineSettings {
  readonly models: readonly ModelManifest[];
  readonly decode: DecodeOptions["strategy"];
  /** Send words, and labels and scores per word, beside the spans. */
  readonly columns: boolean;
  /** Send what the scores would be without temperature beside them. */
  readonly uncalibrated?: boolean;
}

/** A model's graph as the runtime reports it. */
export interface GraphDescription {
  readonly inputs: readonly { readonly name: string; readonly type: string }[];
  readonly outputs: readonly {
    readonly name: string;
    readonly type: string;
    readonly labels: number | undefined;
  }[];
}

export type TagRequest =
  | { readonly kind: "describe" }
  | { readonly kind: "tag"; readonly blocks: readonly BlockInput[] };

export type TagReply =
  | {
      readonly kind: "described";
      readonly graphs: readonly GraphDescription[];
      readonly warnings: readonly string[];
    }
  | { readonly kind: "tagged"; readonly blocks: readonly TaggedBlock[] }
  | { readonly kind: "failed"; readonly error: WireError };
