/** Documents to answers, in order, over the tagger port; rejected ones keep their place. */
import type { PreparedDocument } from "../document/prepare.js";
import { type ErrorCode, EXIT, SpanmillError } from "../errors.js";
import type { Tagger } from "../ports/tagger.js";
import type { TaggedBlock } from "../tagging/protocol.js";
import { batcher } from "./batcher.js";
import { type InFlight, inOrder } from "./in-order.js";

/** A document that cannot be read: where it stands in the source, and why. */
export interface Rejected {
  readonly kind: "rejected";
  /** The source, and the position in it (line, or document), as people look for it. */
  readonly source: string;
  readonly position: number;
  /** Bytes of all sources up to the end of the document, where somebody knows: for progress. */
  readonly consumed?: number;
  readonly id?: string;
  readonly code: ErrorCode;
  /** Without text of the document. */
  readonly reason: string;
}

/** A document on its way: where it came from, and what the engine needs. */
export interface Arrived {
  readonly kind: "document";
  readonly source: string;
  readonly position: number;
  readonly consumed?: number;
  readonly document: PreparedDocument;
}

export interface Tagged extends Omit<Arrived, "kind"> {
  readonly kind: "tagged";
  readonly blocks: readonly TaggedBlock[];
}

/**
 * A document that the engine fails on is rejected in its place and the rest goes on; a failed inference is never
 * an empty list of spans.
 *
 * @throws SpanmillError where the engine fails on one document after the other.
 */
export async function* annotate(
  items: AsyncIterable<Arrived | Rejected>,
  tagger: Tagger,
): AsyncGenerator<Tagged | Rejected> {
  const { tag } = batcher(tagger);
  let failures = 0;
  const answer = async (item: Arrived | Rejected): Promise<Tagged | Rejected | Failed> => {
    if (item.kind === "rejected") return item;
    try {
      return { ...item, kind: "tagged", blocks: await tag(item.document.inputs) };
    } catch (error) {
      if (error instanceof SpanmillError && !isOfTheModel(error)) return { kind: "failed", item, error };
      throw error;
    }
  };
  for await (const outcome of inOrder(items, sizeOf, inFlight(tagger.threads), answer)) {
    if (outcome.kind !== "failed") {
      // A document with nothing to read says nothing of the engine.
      if (outcome.kind === "tagged" && outcome.blocks.length > 0) failures = 0;
      yield outcome;
      continue;
    }
    if (++failures >= FAILURES_IN_A_ROW) throw outcome.error;
    const { item, error } = outcome;
    const { document, ...place } = item;
    yield { ...place, kind: "rejected", id: document.id, code: error.code, reason: error.message };
  }
}

/** A thread that cannot load a model fails on every document: none of them is to blame. */
function isOfTheModel(error: SpanmillError): boolean {
  return error.exitCode === EXIT.model;
}

/** When so many documents in a row fail in the engine, it is not the documents. */
const FAILURES_IN_A_ROW = 20;

interface Failed {
  readonly kind: "failed";
  readonly item: Arrived;
  readonly error: SpanmillError;
}

function sizeOf(item: Arrived | Rejected): number {
  return item.kind === "document" ? item.document.text.length : 0;
}

/** Some requests for each thread: it never waits for the main thread, and little grows old in memory while it waits. */
function inFlight(threads: number): InFlight {
  return { items: 250 * threads, size: 16_000 * threads };
}
