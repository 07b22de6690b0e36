/**
 * The library: the same engine as the command line, in somebody's own program. See "Library" in README.md; its
 * examples are run by the tests.
 */
import { openTagger as openPort } from "./compose.js";
import { buildRecord } from "./document/build-record.js";
import { recordSettings } from "./document/pipeline.js";
import { prepareText } from "./document/prepare.js";
import type { DocumentRecord } from "./document/record.js";
import { type SurfaceWriter, surfaceWriter, type TextPolicy } from "./document/surface.js";
import { SpanmillError } from "./errors.js";
import type { OffsetUnit } from "./offsets.js";
import { type Arrived, annotate as annotateDocuments } from "./pipeline/annotate.js";
import { batcher } from "./pipeline/batcher.js";
import type { Scheme } from "./tagging/schemes.js";
import { VERSION } from "./version.js";

export { parseRecord } from "./document/parse-record.js";
export type { DocumentRecord } from "./document/record.js";
export { recordJsonSchema } from "./document/record.js";
export { ERRORS, type ErrorCode, SpanmillError } from "./errors.js";
export type { OffsetUnit } from "./offsets.js";

export interface TaggerOptions {
  /** Model folders; `{ directory, lenses }` takes only some lenses from one, or names its single lens. Default: built in. */
  readonly models?: readonly (string | { readonly directory: string; readonly lenses?: readonly string[] })[];
  /** Lenses wanted; default: all that the models have. */
  readonly lenses?: readonly string[];
  /** Schemes that labels cannot tell, by lens: `{ ner: "IOB1" }`. */
  readonly schemes?: Readonly<Record<string, Scheme>>;
  /** Which ONNX file: `fp32`, `q8`, `int8`, ...; default `auto`, float before quantised ones. */
  readonly dtype?: string;
  /** Default `constrained`: the most probable well-formed sequence of labels. */
  readonly decode?: "constrained" | "argmax";
  /** Worker threads, each with its own copy of the models. Default: as many as the process may use. */
  readonly threads?: number;
  /** Default `utf16`, so that `text.slice(start, end)` is the span. The command line's default is `code_point`. */
  readonly offsetUnit?: OffsetUnit;
  /** Spans of a smaller score are left out; default 0. */
  readonly minScore?: number;
  /** Put the words, with their labels and scores, into the record. Always done for lenses without spans. */
  readonly words?: boolean;
  /** What a record says of a span's text; default `full`. `hmac` needs `hmacKey`. */
  readonly text?: TextPolicy;
  readonly hmacKey?: string | Uint8Array;
}

export interface TextDocument {
  readonly text: string;
  /** Default: the digest of the text, keyed where there is a key. */
  readonly id?: string;
  /** Sortable; of two records of one document the one with the higher revision is the latest. Default `0`. */
  readonly revision?: string;
}

export interface SpanTagger {
  readonly lenses: readonly {
    readonly name: string;
    readonly scheme: Scheme;
    readonly labels: readonly string[];
  }[];
  /** Found while the models were opened; for people. */
  readonly warnings: readonly string[];
  /** @throws SpanmillError MODEL_OUTPUT, INFERENCE_FAILED, THREAD_DIED */
  annotate(document: string | TextDocument): Promise<DocumentRecord>;
  /**
   * Records in the order of the documents, with a bounded number of documents at work. Ends with the first failure.
   *
   * @throws SpanmillError MODEL_OUTPUT, INFERENCE_FAILED, THREAD_DIED
   */
  annotateAll(
    documents: Iterable<string | TextDocument> | AsyncIterable<string | TextDocument>,
  ): AsyncGenerator<DocumentRecord>;
  /** Ends the threads. */
  close(): Promise<void>;
}

/**
 * Loads models into worker threads.
 *
 * @throws SpanmillError USAGE, CONFIG_INVALID, MODEL_*
 */
export async function openTagger(options: TaggerOptions = {}): Promise<SpanTagger> {
  const { decode = "constrained", offsetUnit = "utf16", minScore = 0, words = false } = options;
  const surface = surfaceWriter({
    default: options.text ?? "full",
    ...(options.hmacKey === undefined ? {} : { key: options.hmacKey }),
  });
  const tagger = await openPort({
    models: (options.models ?? []).map((model) => (typeof model === "string" ? { directory: model } : model)),
    dtype: options.dtype ?? "auto",
    lenses: options.lenses,
    schemes: options.schemes ?? {},
    decode,
    threads: options.threads,
    columns: words ? "always" : "lenses",
  });
  const { tag } = batcher(tagger);
  const lenses = tagger.models.flatMap((model) => model.lenses);
  const withWords = words || lenses.some(({ scheme }) => scheme === "none");
  const settings = recordSettings(tagger, {
    offsetUnit,
    minScore,
    words: withWords,
    surface,
    decode,
    version: VERSION,
  });

  async function* annotateAll(
    documents: Parameters<SpanTagger["annotateAll"]>[0],
  ): AsyncGenerator<DocumentRecord> {
    for await (const outcome of annotateDocuments(arriving(documents, surface), tagger)) {
      if (outcome.kind === "rejected") throw new SpanmillError(outcome.code, outcome.reason);
      yield buildRecord(outcome.document, outcome.blocks, settings);
    }
  }

  return {
    lenses: lenses.map(({ name, scheme, labels }) => ({ name, scheme, labels })),
    warnings: tagger.warnings,
    async annotate(document) {
      const prepared = prepare(document, surface);
      return buildRecord(prepared, await tag(prepared.inputs), settings);
    },
    annotateAll,
    close: tagger.close,
  };
}

async function* arriving(
  documents: Iterable<string | TextDocument> | AsyncIterable<string | TextDocument>,
  surface: SurfaceWriter,
): AsyncGenerator<Arrived> {
  let position = 0;
  for await (const document of documents) {
    yield {
      kind: "document",
      source: "documents",
      position: ++position,
      document: prepare(document, surface),
    };
  }
}

function prepare(document: string | TextDocument, surface: SurfaceWriter) {
  const { text, id, revision = "0" } = typeof document === "string" ? { text: document } : document;
  return prepareText({ id: id ?? surface.digest(text), revision, text });
}
