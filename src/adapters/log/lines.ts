/**
 * Events as lines of the log: a name of a closed list, and fields of places, counts and codes.
 *
 * Nothing that a document brings gets into a line: no text, no key, no header, no document id (it may be a person's), and
 * no words of a foreign error. Fields are picked one by one, never spread, so that a field that an event gains later does
 * not get into the log unseen. Pure.
 */
import { placeName } from "../../document/place.js";
import { describeForeign, SpanmillError } from "../../errors.js";
import type { BlockOutcome } from "../../pipeline/block-cache.js";
import type { WorkerEvent } from "../../pipeline/worker-events.js";
import type { Place } from "../../ports/source.js";
import type { LaneEvent } from "../kafka/lane.js";
import type { KafkaLogLine } from "../kafka/log.js";
import type { KafkaSourceEvent, PartitionName } from "../kafka/source-events.js";
import type { RedisState } from "../redis/cache.js";

export const LOG_EVENTS = [
  "started",
  "model-warning",
  "limit-assumed",
  "probes-open",
  "ready",
  "signal",
  "failed",
  "stopped",
  "document-done",
  "document-retry",
  "document-suspect",
  "document-lost",
  "dead-letter",
  "record-reduced",
  "threads-stuck",
  "worker-draining",
  "worker-ended",
  "group-rebalancing",
  "group-drained",
  "group-assigned",
  "positions-failed",
  "committed",
  "commit-failed",
  "offsets-jumped",
  "unclean-end-found",
  "heartbeat",
  "batch-taken",
  "consumer-crashed",
  "send-retry",
  "send-stalled",
  "send-recovered",
  "batch-split",
  "kafka-client",
  "redis-trouble",
  "redis-state",
  "cache-values-broken",
  "lines-left-out",
] as const;

export type LogEvent = (typeof LOG_EVENTS)[number];

/** A line of level `debug` may come with every document. */
export type LineLevel = "debug" | "info" | "warn" | "error" | "fatal";

export interface LogLine {
  readonly level: LineLevel;
  readonly event: LogEvent;
  readonly [field: string]: string | number | boolean | readonly string[] | undefined;
}

/** What the process itself has to tell. */
export type ProcessEvent =
  | {
      readonly kind: "started";
      readonly source: string;
      readonly sink: string;
      readonly cache: string;
      readonly models: readonly string[];
      readonly threads: number;
      readonly pipeline: string;
    }
  /** Found when a model was opened: words for people, without text of a document (`Tagger.warnings`). */
  | { readonly kind: "model-warning"; readonly warning: string }
  /** The user may not read the settings of these topics, so their `max.message.bytes` is taken to be `bytes`. */
  | { readonly kind: "limit-assumed"; readonly topics: readonly string[]; readonly bytes: number }
  | { readonly kind: "probes-open"; readonly host: string; readonly port: number }
  | { readonly kind: "ready"; readonly afterMs: number }
  | { readonly kind: "signal"; readonly signal: NodeJS.Signals; readonly count: number }
  | { readonly kind: "failed"; readonly error: unknown }
  | { readonly kind: "stopped"; readonly exit: number };

export function processLine(event: ProcessEvent): LogLine {
  switch (event.kind) {
    case "started": {
      const { source, sink, cache, models, threads, pipeline } = event;
      return { level: "info", event: "started", source, sink, cache, models, threads, pipeline };
    }
    case "model-warning":
      return { level: "warn", event: "model-warning", warning: event.warning };
    case "limit-assumed":
      return { level: "warn", event: "limit-assumed", topics: event.topics, bytes: event.bytes };
    case "probes-open":
      return { level: "info", event: "probes-open", host: event.host, port: event.port };
    case "ready":
      return { level: "info", event: "ready", afterMs: whole(event.afterMs) };
    case "signal":
      return { level: "info", event: "signal", signal: event.signal, count: event.count };
    case "failed":
      return failedLine(event.error);
    case "stopped":
      return { level: "info", event: "stopped", exit: event.exit };
  }
}

/** Our own errors say what to do, and hold no text of a document; of a foreign one only class, code and place count. */
function failedLine(error: unknown): LogLine {
  const ours = error instanceof SpanmillError;
  return {
    level: "fatal",
    event: "failed",
    code: ours ? error.code : "INTERNAL",
    reason: ours ? error.message : describeForeign(error),
    ...(ours ? { retryable: error.retryable } : {}),
  };
}

export function workerLine(event: WorkerEvent): LogLine {
  switch (event.kind) {
    case "done": {
      const { outcome, messages, bytes, times } = event;
      const ms = {
        readMs: whole(times.read),
        engineMs: whole(times.engine),
        writeMs: whole(times.write),
        turnMs: whole(times.turn),
        sendMs: whole(times.send),
      };
      return { level: "debug", event: "document-done", ...at(event.place), outcome, messages, bytes, ...ms };
    }
    case "dead-letter": {
      const { place, code, attempts } = event;
      return { level: "warn", event: "dead-letter", ...at(place), code, attempts };
    }
    case "reduced": {
      const { place, channel, droppedWords, parts } = event;
      return { level: "warn", event: "record-reduced", ...at(place), channel, droppedWords, parts };
    }
    case "retry": {
      const { place, code, attempt, delay } = event;
      return { level: "warn", event: "document-retry", ...at(place), code, attempt, delayMs: whole(delay) };
    }
    case "suspect":
      return { level: "warn", event: "document-suspect", ...at(event.place) };
    case "lost":
      return { level: "info", event: "document-lost", ...at(event.place) };
    case "stuck": {
      const documents = event.places.slice(0, MOST_NAMES).map(placeName);
      return { level: "fatal", event: "threads-stuck", count: event.places.length, documents };
    }
    case "draining":
      return { level: "info", event: "worker-draining", documents: event.documents };
    case "ended": {
      const level = event.reason === "failed" ? "error" : "info";
      return { level, event: "worker-ended", reason: event.reason, abandoned: event.abandoned };
    }
  }
}

export function sourceLine(event: KafkaSourceEvent): LogLine {
  switch (event.kind) {
    case "rebalancing":
      return { level: "info", event: "group-rebalancing" };
    case "drained": {
      const { before, left, ms } = event;
      return { level: left > 0 ? "warn" : "info", event: "group-drained", before, left, ms: whole(ms) };
    }
    case "assigned": {
      const { partitions, gained, lost } = event;
      const names = { gained: partitionNames(gained), lost: partitionNames(lost) };
      return { level: "info", event: "group-assigned", partitions: partitions.length, ...names };
    }
    case "positions-failed":
      return { level: "warn", event: "positions-failed", code: code(event.reason) };
    case "committed":
      return { level: "debug", event: "committed", partitions: event.partitions };
    case "commit-failed": {
      const { partitions, reason } = event;
      return { level: "warn", event: "commit-failed", partitions, code: code(reason) };
    }
    case "jump": {
      const { topic, partition, expected, found } = event;
      return { level: "error", event: "offsets-jumped", topic, partition, expected, found };
    }
    case "unclean-end": {
      const { topic, partition, first, end } = event;
      return { level: "warn", event: "unclean-end-found", topic, partition, first, end };
    }
    case "heartbeat":
      return { level: "debug", event: "heartbeat", afterMs: whole(event.after) };
    case "batch": {
      const { topic, partition, messages, lag } = event;
      return { level: "debug", event: "batch-taken", topic, partition, messages, lag };
    }
    case "crash": {
      const { restart, reason } = event;
      return { level: restart ? "warn" : "error", event: "consumer-crashed", restart, code: code(reason) };
    }
  }
}

export function laneLine(event: LaneEvent): LogLine {
  const { topic, partition, records, attempts, cause } = event;
  const fields = { topic, partition, records, attempts, code: code(cause) };
  switch (event.kind) {
    case "retry":
      return { level: "warn", event: "send-retry", ...fields };
    case "stalled":
      return { level: "warn", event: "send-stalled", ...fields };
    case "recovered":
      return { level: "info", event: "send-recovered", ...fields };
    case "split":
      return { level: "warn", event: "batch-split", ...fields };
  }
}

export function kafkaLine({ level, kind, part, fields }: KafkaLogLine): LogLine {
  const { broker, topic, partition, groupId, memberId, retryCount, retryTime } = fields;
  const named = { broker, topic, partition, groupId, memberId, retryCount, retryTime };
  const known = fields.code === undefined ? {} : { code: code(fields.code) };
  // kafkajs tells every step of its work as `info`.
  return {
    level: level === "info" ? "debug" : level,
    event: "kafka-client",
    kind,
    part,
    ...named,
    ...known,
  };
}

export function redisTroubleLine(trouble: string): LogLine {
  return { level: "warn", event: "redis-trouble", code: code(trouble) };
}

export function redisStateLine(state: RedisState): LogLine {
  return { level: state === "closed" ? "info" : "warn", event: "redis-state", state };
}

/** Undefined: an everyday outcome, which is for the metrics alone. */
export function blocksLine(outcome: BlockOutcome, count: number): LogLine | undefined {
  return outcome === "corrupt" ? { level: "warn", event: "cache-values-broken", count } : undefined;
}

/** Most names of places or partitions in one line. */
const MOST_NAMES = 50;

function at({ topic, partition, offset }: Place) {
  return { topic, partition, offset };
}

function partitionNames(partitions: readonly PartitionName[]): string[] {
  return partitions.slice(0, MOST_NAMES).map(({ topic, partition }) => `${topic}/${partition}`);
}

function whole(milliseconds: number): number {
  return Math.round(milliseconds);
}

/**
 * Of `NOT_LEADER_FOR_PARTITION`, `KafkaJSConnectionError` or `KafkaJSConnectionError ECONNREFUSED broker:9092` the code, else
 * the class; of anything else `unknown`.
 */
function code(told: string | number): string {
  const { error, inside, alone } = CAUSE.exec(String(told))?.groups ?? {};
  return inside ?? alone ?? error ?? "unknown";
}

const CAUSE =
  /^(?:(?<error>(?:[A-Z]\w{0,55})?Error|KafkaJS\w{1,50})(?: (?<inside>[A-Z][A-Z0-9_]{2,60}))?|(?<alone>[A-Z][A-Z0-9_]{2,60}))(?: [\w.:[\]-]{1,249})?$/;
