/**
 * Dead letters: what could not be read, with its original bytes, so that it can be looked at and sent back.
 *
 * Headers are Kafka Connect's names (`DeadLetterQueueReporter`), as text, and ours under one prefix. They never hold text
 * of the document. Only they depend on the run.
 */
import { createHash } from "node:crypto";
import {
  ORIGINAL_PLACE,
  ORIGINAL_REVISION,
  ORIGINAL_TIMESTAMP,
  originalPlace,
  originalRevision,
  originalTimestamp,
  writtenAt,
} from "../document/envelope.js";
import { sizeOf } from "../document/messages.js";
import { headerText, placeName, revisionOf } from "../document/place.js";
import { ERRORS, type ErrorCode } from "../errors.js";
import type { OutputMessage } from "../ports/sink.js";
import type { Place, SourceMessage } from "../ports/source.js";

/** Where a document failed, in Kafka Connect's words. */
export type FailedStage = "VALUE_CONVERTER" | "TRANSFORMATION" | "TASK_PUT";

export interface Failure {
  readonly code: ErrorCode;
  /** Without text of the document. */
  readonly reason: string;
  readonly stage: FailedStage;
  /** How often the engine was asked. */
  readonly attempts: number;
  /** With which the document was read; left out where it could not be: then it follows from the message alone. */
  readonly revision?: string;
}

export interface Reporter {
  /** The pipeline's name, the same for all its workers. */
  readonly source: string;
  readonly version: string;
  readonly pipelineDigest: string;
}

type Headers = OutputMessage["headers"];

/**
 * A letter over the limit loses its value but for the first KB, then the original headers, then its key; `spanmill.left-out`
 * says what, and the source still holds the rest.
 *
 * @param at milliseconds since 1970.
 */
export function deadLetter(
  message: SourceMessage,
  failure: Failure,
  reporter: Reporter,
  at: number,
  limit = Number.POSITIVE_INFINITY,
): OutputMessage {
  const kept = message.headers.filter(([name]) => !isOurs(name));
  const report = reportOf(message, failure, reporter, at);
  const letter = (leftOut: readonly string[]): OutputMessage => {
    const note: Headers = leftOut.length === 0 ? [] : [[LEFT_OUT, leftOut.join(",")]];
    return {
      channel: "dead-letters",
      key: leftOut.includes("key") ? undefined : message.key,
      value: leftOut.includes("value") ? message.value?.subarray(0, STUB_BYTES) : message.value,
      headers: [...(leftOut.includes("headers") ? [] : kept), ...report, ...note],
    };
  };
  const whole = letter([]);
  if (sizeOf(whole) <= limit) return whole;
  return stubOf(letter, limit);
}

/** Headers that a letter tells of its own; what went before in an earlier life is told anew. */
export function isOurs(name: string): boolean {
  return name.startsWith("__connect.errors.") || name.startsWith("spanmill.");
}

function stubOf(letter: (leftOut: readonly string[]) => OutputMessage, limit: number): OutputMessage {
  for (const leftOut of [["value"], ["value", "headers"]]) {
    const stub = letter(leftOut);
    if (sizeOf(stub) <= limit) return stub;
  }
  return letter(["value", "headers", "key"]);
}

const LEFT_OUT = "spanmill.left-out";
const STUB_BYTES = 1024;

function reportOf(
  message: SourceMessage,
  { code, reason, stage, attempts, revision }: Failure,
  { source, version, pipelineDigest }: Reporter,
  at: number,
): Headers {
  const { place, value, origin } = message;
  const timestamp = writtenAt(message);
  const failedAt = new Date(at).toISOString();
  return [
    ["__connect.errors.topic", place.topic],
    ["__connect.errors.partition", String(place.partition)],
    ["__connect.errors.offset", place.offset],
    ...(origin === undefined ? [] : [[ORIGIN, origin] as const]),
    ["__connect.errors.connector.name", source],
    ["__connect.errors.task.id", "0"],
    ["__connect.errors.stage", stage],
    ["__connect.errors.class.name", "spanmill"],
    ["__connect.errors.exception.class.name", code],
    ["__connect.errors.exception.message", reason],
    ["spanmill.error-code", code],
    ["spanmill.attempts", String(attempts)],
    [FAILURES, String(failuresOf(message) + 1)],
    ["spanmill.failed-at", failedAt],
    [FIRST_FAILURE, headerText(message, FIRST_FAILURE) ?? failedAt],
    [ORIGINAL_REVISION, revision ?? originalRevision(message) ?? revisionOf(place, message.timestamp)],
    [ORIGINAL_PLACE, originalPlace(message) ?? placeName(place)],
    ...(timestamp === undefined ? [] : [[ORIGINAL_TIMESTAMP, String(timestamp)] as const]),
    [
      "spanmill.doc-sha256",
      createHash("sha256")
        .update(value ?? "")
        .digest("hex"),
    ],
    ["spanmill.doc-bytes", String(value?.length ?? 0)],
    ["spanmill.version", version],
    ["spanmill.pipeline", pipelineDigest],
  ];
}

/** `file`: the topic above is a path, which may well look like the name of a topic. */
const ORIGIN = "spanmill.origin";
const FIRST_FAILURE = "spanmill.first-failure-at";
/** How often the document became a dead letter: each that is sent back carries on the count. */
const FAILURES = "spanmill.failures";

function failuresOf(message: Pick<SourceMessage, "headers">): number {
  const told = headerText(message, FAILURES);
  return told !== undefined && /^\d{1,9}$/.test(told) ? Number(told) : 0;
}

/** A dead letter as it is read back. */
export interface DeadLetter {
  /** Where the document was when it failed. */
  readonly place: Place;
  /** It was a line of a file, or a file: it has no topic to go back to. */
  readonly isFromFile: boolean;
  /** Where it first was: the same, unless it had been sent back before. */
  readonly originalPlace: string;
  readonly revision: string;
  readonly code: ErrorCode;
  readonly reason: string;
  readonly stage: string;
  readonly attempts: number;
  /** How often the document became a dead letter, this time included. */
  readonly failures: number;
  /** RFC 3339. */
  readonly failedAt: string;
  readonly firstFailureAt: string;
  readonly sha256: string;
  readonly bytes: number;
  /** What the letter no longer holds: `value`, `headers`, `key`. */
  readonly leftOut: readonly string[];
  readonly version: string;
  readonly pipelineDigest: string;
  /** The document as it came, its original headers among it. */
  readonly original: Pick<SourceMessage, "key" | "value" | "headers" | "timestamp">;
}

/** Undefined for a message that is none of our dead letters. */
export function readDeadLetter(message: SourceMessage): DeadLetter | undefined {
  const text = (name: string) => headerText(message, name);
  const code = text("spanmill.error-code");
  const topic = text("__connect.errors.topic");
  const offset = text("__connect.errors.offset");
  const revision = originalRevision(message);
  if (!isErrorCode(code) || topic === undefined || offset === undefined || revision === undefined)
    return undefined;
  const place = { topic, partition: Number(text("__connect.errors.partition")), offset };
  return {
    place,
    isFromFile: text(ORIGIN) === "file",
    originalPlace: originalPlace(message) ?? placeName(place),
    revision,
    code,
    reason: text("__connect.errors.exception.message") ?? "",
    stage: text("__connect.errors.stage") ?? "",
    attempts: Number(text("spanmill.attempts") ?? 0),
    failures: Math.max(1, failuresOf(message)),
    failedAt: text("spanmill.failed-at") ?? "",
    firstFailureAt: text(FIRST_FAILURE) ?? "",
    sha256: text("spanmill.doc-sha256") ?? "",
    bytes: Number(text("spanmill.doc-bytes") ?? 0),
    leftOut: text(LEFT_OUT)?.split(",") ?? [],
    version: text("spanmill.version") ?? "",
    pipelineDigest: text("spanmill.pipeline") ?? "",
    original: {
      key: message.key,
      value: message.value,
      headers: message.headers.filter(([name]) => !isOurs(name)),
      timestamp: originalTimestamp(message),
    },
  };
}

function isErrorCode(code: string | undefined): code is ErrorCode {
  return code !== undefined && Object.hasOwn(ERRORS, code);
}

/**
 * The message that sends a document back to where it came from. It keeps its name, time and revision, so that it never
 * passes for newer than what came after it, and how often it failed. Undefined where the letter no longer holds the document.
 */
export function replayOf(letter: DeadLetter): Pick<SourceMessage, "key" | "value" | "headers"> | undefined {
  if (letter.leftOut.length > 0) return undefined;
  const { key, value, headers, timestamp } = letter.original;
  const memory: readonly (readonly [string, string])[] = [
    [ORIGINAL_REVISION, letter.revision],
    [ORIGINAL_PLACE, letter.originalPlace],
    [FIRST_FAILURE, letter.firstFailureAt],
    [FAILURES, String(letter.failures)],
    ...(timestamp === undefined ? [] : [[ORIGINAL_TIMESTAMP, String(timestamp)] as const]),
  ];
  return {
    key,
    value,
    headers: [...headers, ...memory.map(([name, text]) => [name, Buffer.from(text)] as const)],
  };
}
