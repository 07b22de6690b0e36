/**
 * A record to the messages of its channels: key, value, CloudEvents 1.0 headers in binary mode.
 *
 * Values are functions of the document, its revision and the pipeline alone; so are these headers, but for
 * `traceparent` and `tracestate`, which are the input's.
 */
import { SpanmillError } from "../errors.js";
import type { Channel, OutputMessage } from "../ports/sink.js";
import type { SourceMessage } from "../ports/source.js";
import { type ChannelSchema, type SpansRecord, schemaUrn, type WordsRecord } from "./channel-records.js";
import { type Envelope, headersOf } from "./envelope.js";
import { recordId } from "./identity.js";
import { type Divisible, divide } from "./parts.js";
import type { DocumentRecord } from "./record.js";
import { documentRow, spanRows, wordRows } from "./rows.js";

export type RecordChannel = Exclude<Channel, "dead-letters">;
export const LAYOUTS = ["document", "rows"] as const;

export interface OutputSettings {
  /** Those that are switched on. */
  readonly channels: readonly RecordChannel[];
  /** `document`: one record a document and channel. `rows`: one flat row an item. */
  readonly layout: (typeof LAYOUTS)[number];
  /** True for words in the records of the documents channel. */
  readonly words: boolean;
  /** The `ce_source` of all messages: a URI reference, the same for all workers of a pipeline. */
  readonly source: string;
}

/** A record that went out otherwise than whole. */
export interface Reduced {
  readonly channel: RecordChannel;
  readonly droppedWords: boolean;
  readonly parts: number;
}

export interface Written {
  readonly messages: readonly OutputMessage[];
  readonly reduced: readonly Reduced[];
}

/**
 * @param limit see `Sink.limit`.
 * @throws SpanmillError SINK_TOO_LARGE where a channel does not even take the smallest part.
 */
export function messagesOf(
  record: DocumentRecord,
  envelope: Envelope,
  settings: OutputSettings,
  limit: (channel: Channel) => number | undefined,
): Written {
  const messages: OutputMessage[] = [];
  const reduced: Reduced[] = [];
  for (const channel of settings.channels) {
    const write = (value: { record_id: string }, schema: ChannelSchema | "record"): OutputMessage => ({
      channel,
      key: envelope.key,
      value: Buffer.from(JSON.stringify(value)),
      headers: headersOf(envelope, settings.source, channel, {
        id: value.record_id,
        documentId: record.document_id,
        revision: record.revision,
        schema: schemaUrn(schema),
      }),
    });
    const most = limit(channel) ?? Number.POSITIVE_INFINITY;
    if (settings.layout === "rows") {
      for (const [row, schema] of rowsOf(record, channel)) messages.push(checked(write(row, schema), most));
      continue;
    }
    const [whole, schema] = wholeOf(record, channel, settings);
    const fitted = sized(whole, channel, (value) => write(value, schema), most);
    messages.push(...fitted.messages);
    if (fitted.messages.length > 1 || fitted.droppedWords) {
      reduced.push({ channel, droppedWords: fitted.droppedWords, parts: fitted.messages.length });
    }
  }
  return { messages, reduced };
}

/** Which channel a lens goes to: chunks and parts of speech have theirs, all other spans are entities. */
function channelOf(name: string, scheme: string): RecordChannel {
  if (name === "chunk") return "chunks";
  return name === "pos" || scheme === "none" ? "pos" : "entities";
}

function lensesOf(record: DocumentRecord, channel: RecordChannel): string[] {
  return Object.entries(record.lenses).flatMap(([name, { scheme }]) =>
    channelOf(name, scheme) === channel ? [name] : [],
  );
}

function rowsOf(record: DocumentRecord, channel: RecordChannel): [{ record_id: string }, ChannelSchema][] {
  if (channel === "documents") return [[documentRow(record), "document-row"]];
  const lenses = lensesOf(record, channel);
  return channel === "pos"
    ? wordRows(record, lenses, channel).map((row) => [row, "word-row"])
    : spanRows(record, lenses, channel).map((row) => [row, "span-row"]);
}

type Whole = DocumentRecord | SpansRecord | WordsRecord;

function wholeOf(
  record: DocumentRecord,
  channel: RecordChannel,
  { words: withWords }: OutputSettings,
): [Whole, ChannelSchema | "record"] {
  const { words, ...rest } = record;
  if (channel === "documents") return [withWords ? record : rest, "record"];
  const { document_id, revision, language, offset_unit, text_length, text_digest, pipeline } = record;
  const head = {
    record_id: recordId({
      documentId: document_id,
      revision,
      pipelineDigest: pipeline.digest,
      kind: channel,
    }),
    ...{ document_id, revision },
    ...(language === undefined ? {} : { language }),
    ...{ offset_unit, text_length, text_digest },
  };
  const lenses = lensesOf(record, channel);
  if (channel === "pos") {
    const { start, end, sentences, labels, scores } = words ?? NO_WORDS;
    const columns = { start, end, sentences, labels: picked(labels, lenses), scores: picked(scores, lenses) };
    return [{ schema: "spanmill.words/1", ...head, words: columns, pipeline }, "words"];
  }
  return [{ schema: "spanmill.spans/1", ...head, lenses: picked(record.lenses, lenses), pipeline }, "spans"];
}

const NO_WORDS = { start: [], end: [], sentences: [], labels: {}, scores: {} };

function picked<Value>(
  from: Readonly<Record<string, Value>>,
  names: readonly string[],
): Record<string, Value> {
  return Object.fromEntries(names.flatMap((name) => (from[name] === undefined ? [] : [[name, from[name]]])));
}

/** As it is; else, of a document, without its words; else in parts. */
function sized(
  whole: Whole,
  channel: RecordChannel,
  write: (value: Whole) => OutputMessage,
  most: number,
): { messages: OutputMessage[]; droppedWords: boolean } {
  const message = write(whole);
  if (sizeOf(message) <= most) return { messages: [message], droppedWords: false };
  const droppedWords = channel === "documents" && "words" in whole && whole.words !== undefined;
  const reduced = droppedWords ? withoutWords(whole as DocumentRecord) : whole;
  const smaller = droppedWords ? write(reduced) : message;
  if (sizeOf(smaller) <= most) return { messages: [smaller], droppedWords };
  const room = most - sizeOf({ ...smaller, value: undefined });
  const { schema, record_id, document_id, revision, ...rest } = reduced;
  const parts = divide(rest as Divisible, room - bytesOfHead(reduced));
  const messages = parts.map((part, i) => {
    const item = ["part", i + 1, parts.length];
    const pipelineDigest = reduced.pipeline.digest;
    const id = recordId({ documentId: document_id, revision, pipelineDigest, kind: channel, item });
    const numbers = { part: i + 1, parts: parts.length };
    return write({ schema, record_id: id, document_id, revision, ...numbers, ...part } as Whole);
  });
  return { messages, droppedWords };
}

/** Bytes of the fields that open every part. */
function bytesOfHead({ schema, record_id, document_id, revision }: Whole): number {
  return Buffer.byteLength(JSON.stringify({ schema, record_id, document_id, revision }));
}

function withoutWords({ words: _, ...record }: DocumentRecord): DocumentRecord {
  const others = record.warnings.filter(({ code }) => code !== "LONE_SURROGATE");
  const last = record.warnings.filter(({ code }) => code === "LONE_SURROGATE");
  return { ...record, warnings: [...others, { code: "WORDS_DROPPED", count: 1 }, ...last] };
}

/** Bytes of key, value and headers. */
export function sizeOf({ key, value, headers }: Pick<OutputMessage, "key" | "value" | "headers">): number {
  let size = (key?.length ?? 0) + (value?.length ?? 0);
  for (const [name, content] of headers) size += Buffer.byteLength(name) + Buffer.byteLength(content);
  return size;
}

function checked(message: OutputMessage, most: number): OutputMessage {
  const size = sizeOf(message);
  if (size <= most) return message;
  throw new SpanmillError(
    "SINK_TOO_LARGE",
    `A row of ${message.channel} has ${size} bytes, and its output takes ${most}: raise the size limit of the topic`,
  );
}

/**
 * What a tombstone becomes: one on each channel, under its key, so that compacted topics and sinks that delete forget
 * the document too. Without a key there is nothing to forget: no messages.
 */
export function tombstonesOf(
  { key }: Pick<SourceMessage, "key">,
  envelope: Envelope,
  revision: string,
  settings: OutputSettings,
): OutputMessage[] {
  if (key === undefined) return [];
  const documentId = envelope.documentId;
  return settings.channels.map((channel) => ({
    channel,
    key,
    value: undefined,
    headers: headersOf(envelope, settings.source, channel, {
      id: recordId({ documentId, revision, pipelineDigest: "", kind: `${channel}-tombstone` }),
      documentId,
      revision,
      schema: undefined,
    }),
  }));
}
