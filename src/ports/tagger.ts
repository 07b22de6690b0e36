/**
 * The port between the main thread and the engine: blocks in, labelled spans out. Answers depend on each block
 * alone, never on its neighbours, so a caller may group blocks as it likes.
 */
import type { BlockInput, LensManifest, TaggedBlock } from "../tagging/protocol.js";

export interface TaggerModel {
  readonly name: string;
  readonly digest: string;
  readonly lenses: readonly LensManifest[];
}

export interface Tagger {
  readonly models: readonly TaggerModel[];
  /** ONNX Runtime version and processor family: beyond them, floats may differ in the last decimal. */
  readonly runtime: string;
  /** Found while the models were opened; for people, without document text. */
  readonly warnings: readonly string[];
  readonly threads: number;
  /**
   * Answers in the order of `blocks`. A failure is one of the whole request: who wants to know which block it was asks
   * again with fewer (see `pipeline/batcher.ts`).
   *
   * @throws SpanmillError MODEL_OUTPUT, INFERENCE_FAILED, THREAD_DIED
   */
  tag(blocks: readonly BlockInput[]): Promise<TaggedBlock[]>;
  close(): Promise<void>;
}
