/** What the messages of one document have in common: their key, and what their headers say of the document's source. */
import type { OutputMessage } from "../ports/sink.js";
import type { Place, SourceMessage } from "../ports/source.js";
import { headerText, LAST_TIME, placeName, REVISION, revisionOf } from "./place.js";

export interface Envelope {
  /** The input's key, else the document's id. */
  readonly key: Buffer;
  readonly documentId: string;
  /** A replayed dead letter has its original one. */
  readonly revision: string;
  /** When the source says that the document was written, in milliseconds since 1970. */
  readonly time: number | undefined;
  /** `traceparent` and `tracestate` of the input. */
  readonly trace: readonly (readonly [name: string, value: string])[];
}

/** Set by a dead letter and kept by its replay, so that the document keeps its name and its place in time. */
export const ORIGINAL_REVISION = "spanmill.original-revision";
export const ORIGINAL_PLACE = "spanmill.original-place";
/** Milliseconds since 1970: a message that is sent back is given a new time by the broker. */
export const ORIGINAL_TIMESTAMP = "spanmill.original-timestamp";

/** @param said what the document says of itself. */
export function envelopeOf(
  message: SourceMessage,
  said: { readonly id?: string | undefined; readonly time?: number | undefined } = {},
): Envelope {
  const { key, timestamp } = message;
  const documentId = said.id ?? keyText(key) ?? originalPlace(message) ?? placeName(message.place);
  return {
    key: key ?? Buffer.from(documentId.toWellFormed()),
    documentId,
    revision: originalRevision(message) ?? revisionOf(message.place, timestamp ?? said.time),
    time: said.time ?? writtenAt(message),
    trace: traceOf(message),
  };
}

export function originalRevision(message: Pick<SourceMessage, "headers">): string | undefined {
  const original = headerText(message, ORIGINAL_REVISION);
  return original !== undefined && REVISION.test(original) ? original : undefined;
}

export function originalPlace(message: Pick<SourceMessage, "headers">): string | undefined {
  const original = headerText(message, ORIGINAL_PLACE);
  return original !== undefined && PLACE.test(original) ? original : undefined;
}

/** When the source says that the document was written. A message that was sent back has the time of that. */
export function writtenAt(message: Pick<SourceMessage, "headers" | "timestamp">): number | undefined {
  return originalRevision(message) === undefined ? message.timestamp : originalTimestamp(message);
}

export function originalTimestamp(message: Pick<SourceMessage, "headers">): number | undefined {
  const original = headerText(message, ORIGINAL_TIMESTAMP);
  if (original === undefined || !/^\d{1,15}$/.test(original)) return undefined;
  const time = Number(original);
  return time <= LAST_TIME ? time : undefined;
}

const PLACE = /^.{1,4096}\/\d{1,10}\/\d{1,19}$/s;

/** A key that is no text is named by its bytes. */
export function keyText(key: Buffer | undefined): string | undefined {
  if (key === undefined || key.length === 0) return undefined;
  const text = key.toString("utf8");
  return Buffer.from(text).equals(key) ? text : `hex:${key.toString("hex")}`;
}

export function traceOf(message: Pick<SourceMessage, "headers">): (readonly [string, string])[] {
  const parent = headerText(message, "traceparent");
  if (parent === undefined || !TRACEPARENT.test(parent)) return [];
  const state = headerText(message, "tracestate");
  return [
    ["traceparent", parent],
    ...(state !== undefined && TRACESTATE.test(state) ? [["tracestate", state] as const] : []),
  ];
}

const TRACEPARENT = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}(-[\x21-\x7e]{0,64})?$/;
const TRACESTATE = /^[\x20-\x7e]{1,512}$/;

interface Event {
  readonly id: string;
  readonly documentId: string;
  readonly revision: string;
  /** Undefined: a tombstone. */
  readonly schema: string | undefined;
}

export function headersOf(
  { time, trace }: Envelope,
  source: string,
  channel: string,
  { id, documentId, revision, schema }: Event,
): OutputMessage["headers"] {
  return [
    ["ce_specversion", "1.0"],
    ["ce_id", id],
    ["ce_source", source],
    ["ce_type", `spanmill.${channel}.${schema === undefined ? "deleted." : ""}v1`],
    ["ce_subject", documentId.toWellFormed()],
    ...(time === undefined ? [] : [["ce_time", new Date(time).toISOString()] as const]),
    ...(schema === undefined
      ? []
      : [["ce_dataschema", schema] as const, ["content-type", "application/json"] as const]),
    ...trace,
    ["spanmill.record-id", id],
    ["spanmill.revision", revision],
  ];
}

/** Where a message stands, for reports. */
export function whereIs(place: Place): string {
  return `${place.topic}, partition ${place.partition}, offset ${place.offset}`;
}
