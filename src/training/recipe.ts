/** What a training is asked to do, complete and checked. `recipe-file.ts` reads it from YAML. */
import type { Scheme } from "../tagging/schemes.js";
import type { ServedDtype } from "./export/served-graph.js";

export interface Recipe {
  /** Of the model, in records. */
  readonly name: string;
  /** A Hugging Face folder of an encoder with safetensors, or a model folder of spanmill. */
  readonly base: string;
  /** Folder of the model that is made. */
  readonly output: string;
  /** 32 bits. All chance follows from it. */
  readonly seed: number;
  /** Most pieces of a window, special tokens included: in training, and where the model is served. */
  readonly window: number;
  /** Feed the words' shapes in the place of token types (see `tagging/shapes.ts`). */
  readonly wordShapes: boolean;
  readonly lenses: readonly RecipeLens[];
  readonly sets: readonly TrainingSet[];
  /** Judged after each epoch, by its lenses in the order of `lenses`. The best epoch by their mean is kept. */
  readonly validation: readonly ValidationSet[];
  readonly schedule: Schedule;
  /** Forms of the ONNX file that are written, each once. */
  readonly export: readonly ServedDtype[];
  readonly card: CardText;
}

/** What the model card says that the training cannot know. */
export interface CardText {
  /** What the model is, and what for. */
  readonly summary: string;
  /** ISO 639 codes. */
  readonly languages: readonly string[];
  /**
   * Of the model's files: an SPDX identifier in small letters, or `other` with a name and where it stands. Undefined: that
   * of a base that spanmill made.
   */
  readonly licence: { readonly id: string; readonly name?: string; readonly link?: string } | undefined;
  /** Undefined: what the base says of itself. */
  readonly base: { readonly name: string; readonly licence: string } | undefined;
  /** A sentence each. */
  readonly limits: readonly string[];
}

export interface RecipeLens {
  readonly name: string;
  readonly scheme: Scheme;
  /** In index order, `O` first where there is one. */
  readonly labels: readonly string[];
  /** Of the lens's loss in the sum. */
  readonly weight: number;
  /** Trained to help the others, and not exported. */
  readonly auxiliary: boolean;
}

/** Where the labels of one lens stand. */
export interface LabelSource {
  readonly lens: string;
  /**
   * Label files that repeat the set's sentences. Undefined: the set's own. A sentence gets the labels of the one with
   * the very same words, and none where there is none.
   */
  readonly files: readonly string[] | undefined;
  /** By name, or from 1; from -1 at the end. */
  readonly column: string | number;
  /** Tag or type, to the lens's own; "" makes it O (or no label, in a lens without spans). */
  readonly rename: ReadonlyMap<string, string>;
  /** Only these types of the source count, after renaming; the others are O. Undefined: all. */
  readonly keep: ReadonlySet<string> | undefined;
  /** Types of the lens that the set does not annotate: its O means "O, or one of those". */
  readonly notAnnotated: readonly string[];
  /** Tags of which each stands for any of several labels: `IN` for ADP and SCONJ. */
  readonly anyOf: ReadonlyMap<string, readonly string[]>;
}

export interface TrainingSet {
  readonly name: string;
  readonly files: readonly string[];
  readonly labels: readonly LabelSource[];
  /** How often an epoch reads each of its documents; 0.5 reads half of them, other ones each epoch. */
  readonly passes: number;
  /** For the card. */
  readonly licence: string | undefined;
  readonly part?: DataPart | undefined;
}

/**
 * One of two parts of the documents in the files, or of their sentences where there are fewer than ten documents. Which
 * ones are held back follows from the seed and their number alone.
 */
export interface DataPart {
  readonly side: "kept" | "held back";
  /** Of what is held back. */
  readonly share: number;
  readonly seed: number;
}

export interface ValidationSet {
  readonly name: string;
  readonly files: readonly string[];
  readonly labels: readonly LabelSource[];
  readonly context: "block" | "sentence" | "document";
  /** False: reported only; the choice of the best epoch does not look at it. */
  readonly decides: boolean;
  readonly part?: DataPart | undefined;
}

export interface Schedule {
  readonly epochs: number;
  /** Most pieces of a batch, padding included. */
  readonly batchPieces: number;
  /** Peak learning rates: of the encoder's last layer and of the heads. */
  readonly rate: number;
  readonly headRate: number;
  /** The rate of each layer is that of the one above it, times this. */
  readonly layerDecay: number;
  /** Share of all steps in which rates rise from 0; then they fall to 0 in a line. */
  readonly warmUp: number;
  readonly weightDecay: number;
  /** Largest norm of all gradients together; 0: no clipping. */
  readonly clip: number;
  readonly dropout: number;
  /** Share of the words of which all pieces are read as the unknown one (Bowman et al. 2016). */
  readonly wordDropout: number;
  readonly wordEmbeddings: "trained" | "frozen";
  /** Which pieces of a word carry its label. */
  readonly labelledPieces: "first" | "all";
  /** Shares of windows in which all words are written in small letters, and all in capitals. */
  readonly lowerCased: number;
  readonly upperCased: number;
  /** Share of the steps, at the end, whose weights are averaged for the model; 0: the last weights. */
  readonly averaged: number;
  /** Epochs without a better score after which training stops; 0: never. */
  readonly patience: number;
  /** Steps from one checkpoint to the next. */
  readonly checkpointEvery: number;
}
