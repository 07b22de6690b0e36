import { createRequire } from "node:module";
import type { LogEntry, logCreator } from "kafkajs";

/** What a line of kafkajs is about. Its own words are never passed on: they may quote what was sent or read. */
export type KafkaLogKind = (typeof KINDS)[number][1] | "other";

export interface KafkaLogLine {
  readonly level: "error" | "warn" | "info" | "debug";
  readonly kind: KafkaLogKind;
  /** The part of kafkajs that speaks: `Connection`, `Consumer`. */
  readonly part: string | undefined;
  readonly fields: Readonly<Record<string, string | number>>;
}

export type KafkaLog = (line: KafkaLogLine) => void;

/** Of a failure in kafkajs what is safe to print. */
export interface KafkaErrorFacts {
  /** Names of classes from the outermost failure to its root. */
  readonly names: readonly string[];
  /** Kafka's name of the error (`NOT_LEADER_FOR_PARTITION`), or the system's code. */
  readonly code: string | undefined;
  readonly broker: string | undefined;
  readonly topic: string | undefined;
  readonly partition: number | undefined;
  readonly retryable: boolean | undefined;
}

/** Passes kafkajs's lines on by kind and by the fields of a closed list. */
export function logThrough(log: KafkaLog): logCreator {
  return () => (entry) => {
    const line = toLine(entry);
    if (line !== undefined) log(line);
  };
}

/** Reads a failure without its message, stack or buffers, all of which may hold what was sent. */
export function kafkaErrorFacts(error: unknown): KafkaErrorFacts {
  const chain = [...causes(error)];
  const first = <T>(read: (link: Record<string, unknown>) => T | undefined): T | undefined => {
    for (const link of chain) {
      const found = read(link);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  return {
    names: chain.map(({ name }) => (typeof name === "string" && PLAIN.test(name) ? name : "Error")),
    code: first(({ type, code }) => constant(type) ?? constant(code)),
    broker: first(({ broker }) => plain(broker)),
    topic: first(({ topic }) => plain(topic)),
    partition: first(({ partition }) => (typeof partition === "number" ? partition : undefined)),
    retryable: first(({ retriable }) => (typeof retriable === "boolean" ? retriable : undefined)),
  };
}

/** Such as `NOT_LEADER_FOR_PARTITION` or `KafkaJSConnectionError ECONNREFUSED 127.0.0.1:9092`. */
export function describeKafka(error: unknown): string {
  const { names, code, broker } = kafkaErrorFacts(error);
  return [names.at(-1) ?? `a thrown ${typeof error}`, code, broker]
    .filter((word) => word !== undefined)
    .join(" ");
}

function* causes(error: unknown): Generator<Record<string, unknown>> {
  let link = error;
  for (let depth = 0; depth < 8 && typeof link === "object" && link !== null; depth++) {
    yield link as Record<string, unknown>;
    link = (link as { cause?: unknown }).cause;
  }
}

function toLine({ namespace, label, log }: LogEntry): KafkaLogLine | undefined {
  const { message } = log;
  const kind = KINDS.find(([start]) => message.startsWith(start))?.[1] ?? "other";
  if (kind === "bounded-retries") return undefined;
  const fields: Record<string, string | number> = {};
  for (const name of FIELDS) {
    const value = log[name];
    if (typeof value === "number") fields[name] = value;
    else if (typeof value === "string" && PLAIN.test(value)) fields[name] = value;
  }
  const code = codeIn(message) ?? codeIn(log.error);
  if (code !== undefined) fields.code = code;
  return { level: LEVELS[label] ?? "info", kind, part: plain(namespace), fields };
}

const LEVELS: Readonly<Record<string, KafkaLogLine["level"]>> = {
  ERROR: "error",
  WARN: "warn",
  INFO: "info",
  DEBUG: "debug",
};

/** How kafkajs 2.2.4 opens the lines that an operator may act on. */
const KINDS = [
  ["Connection error", "connection-failed"],
  ["Connection timeout", "connection-timed-out"],
  ["Failed to connect", "connection-failed"],
  ["Response without match", "answer-late"],
  ["Response ", "request-refused"],
  ["Failed to send messages", "send-failed"],
  // The lanes send the same again themselves, whatever the number of retries inside kafkajs.
  ["Limiting retries", "bounded-retries"],
  ["The group is rebalancing", "rebalancing"],
  ["The coordinator is not aware", "member-unknown"],
  ["Error when calling", "handler-failed"],
  ["Crash:", "consumer-crashed"],
  ["Restarting the consumer", "consumer-restarting"],
  ["Offset out of range", "offset-out-of-range"],
  ["Consumer has joined the group", "group-joined"],
  ["Consumer is not aware of all assigned", "metadata-stale"],
  ["Consumer group received unsubscribed", "unsubscribed-topics"],
  ["Caught error when", "close-failed"],
  ["Failed to execute listener", "listener-failed"],
  ["Starting", "consumer-starting"],
  ["Stopped", "consumer-stopped"],
  ["Could not", "admin-refused"],
] as const;

const FIELDS = ["broker", "topic", "partition", "groupId", "memberId", "retryCount", "retryTime"] as const;
const PLAIN = /^[\w.:[\]-]{1,249}$/;
const CONSTANT = /^[A-Z][A-Z0-9_]{2,60}$/;

function plain(value: unknown): string | undefined {
  return typeof value === "string" && PLAIN.test(value) ? value : undefined;
}

function constant(value: unknown): string | undefined {
  return typeof value === "string" && CONSTANT.test(value) ? value : undefined;
}

/** Kafka's name of an error that kafkajs tells by its text, or a system code: both of closed lists. */
function codeIn(told: unknown): string | undefined {
  const text = told instanceof Error ? told.message : told;
  if (typeof text !== "string") return undefined;
  return PROTOCOL.find(({ message }) => text.includes(message))?.type ?? SYSTEM.exec(text)?.[0];
}

const SYSTEM =
  /\b(?:ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EPIPE|EHOSTUNREACH|ENETUNREACH|ECONNABORTED)\b/;

const { errorCodes: PROTOCOL } = createRequire(import.meta.url)("kafkajs/src/protocol/error.js") as {
  errorCodes: readonly { readonly type: string; readonly message: string }[];
};
