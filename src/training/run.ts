/** A run of training: what is asked of it, what it tells on the way, where it stands and how it ends. */
import type { WordTokenizer } from "../tagging/pieces.js";
import type { Base } from "./base.js";
import type { Batching, MixedSet } from "./batches.js";
import type { Learner } from "./learner.js";
import type { Position } from "./position.js";
import type { SetReport } from "./read-sets.js";
import type { Recipe } from "./recipe.js";
import type { ValidationScore } from "./validate.js";

export interface StepEvent {
  /** Steps done, of so many. */
  readonly step: number;
  readonly steps: number;
  /** From 0. */
  readonly epoch: number;
  readonly loss: number;
  readonly lossByLens: Readonly<Record<string, number>>;
  /** Of the gradients before clipping. */
  readonly norm: number;
  readonly rate: number;
  /** Of this step, without padding. */
  readonly pieces: number;
  readonly seconds: number;
}

export interface EpochEvent {
  readonly epoch: number;
  /** Steps done. */
  readonly step: number;
  readonly scores: readonly ValidationScore[];
  readonly best: boolean;
}

/** What is told on the way. */
export interface TrainingEvents {
  step(event: StepEvent): void;
  epoch(event: EpochEvent): void;
  note(text: string): void;
}

export interface TrainingOptions {
  /** Checkpoints and the best weights are kept here. */
  readonly runDirectory: string;
  /** Of ONNX Runtime. Sums of floats depend on it, so a run is gone on with as many as it began with. */
  readonly threads: number;
  /** Go on from the newest checkpoint. */
  readonly resume: boolean;
  /** Stop after so many steps of this call, as if interrupted. */
  readonly maxSteps: number | undefined;
  readonly signal: AbortSignal;
}

/** How far all calls of a run together have come. */
export interface Progress {
  readonly step: number;
  /** The best epoch so far, from 0. */
  readonly best: { readonly epoch: number; readonly score: number } | null;
}

/** A training that was stopped can be gone on with; one that has ended has its best weights. */
export type TrainingEnd =
  | {
      readonly reason: "interrupted" | "max steps";
      readonly checkpoint: string;
      readonly progress: Progress;
    }
  | {
      readonly reason: "finished" | "early stop";
      /** The last one: who goes on from it is at the end. */
      readonly checkpoint: string;
      readonly progress: Progress;
      readonly best: BestWeights;
      readonly base: Base;
      readonly tokenizer: WordTokenizer;
      /** What the sets hold. */
      readonly report: readonly SetReport[];
    };

export interface BestWeights {
  readonly weights: ReadonlyMap<string, Float32Array>;
  readonly epoch: number;
  readonly score: number;
}

export interface Run {
  readonly recipe: Recipe;
  readonly options: TrainingOptions;
  readonly events: TrainingEvents;
  readonly base: Base;
  readonly tokenizer: WordTokenizer;
  readonly learner: Learner;
  readonly batching: Batching;
  readonly sets: readonly MixedSet[];
  readonly report: readonly SetReport[];
  /** The average of the last weights, see `Schedule.averaged`; empty before it begins. */
  readonly mean: Map<string, Float32Array>;
  position: Position;
}
