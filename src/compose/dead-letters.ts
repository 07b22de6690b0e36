/** Where dead letters are read and sent back to: plain settings become a reader and a sink for each topic. */
import { createHash, randomUUID } from "node:crypto";
import { deadLetterLines } from "../adapters/files/dead-letter-files.js";
import type { KafkaConnection } from "../adapters/kafka/client.js";
import type { Compression } from "../adapters/kafka/codecs.js";
import { canonicalJson } from "../document/identity.js";
import { noTopic } from "../pipeline/replay.js";
import type { Clock } from "../ports/clock.js";
import type { OutputMessage, Sink } from "../ports/sink.js";
import type { SourceMessage } from "../ports/source.js";

export type LetterSource =
  /** Groups are named after `group`, which is never joined itself. */
  | {
      readonly kind: "kafka";
      readonly connection: KafkaConnection;
      readonly topic: string;
      readonly group: string;
    }
  | { readonly kind: "files"; readonly paths: readonly string[] };

/** Undefined: a line that holds no letter. */
export type TakeLetters = (messages: readonly (SourceMessage | undefined)[]) => Promise<void>;

/**
 * All letters there are now, or the one at an offset (of a file: a line).
 *
 * @returns whether the end was reached; false where it was stopped before.
 * @throws SpanmillError KAFKA_CONSUMER_FAILED, INPUT_*
 */
export async function readLetters(
  source: LetterSource,
  take: TakeLetters,
  stop: AbortSignal,
  only?: { readonly partition: number; readonly offset: string },
): Promise<boolean> {
  switch (source.kind) {
    case "kafka": {
      const { openKafka, readToEnd, stretchesOf } = await kafkaParts();
      const { connection, topic, group } = source;
      const kafka = await openKafka(connection, () => undefined);
      const all = await stretchesOf(kafka, topic);
      const stretches =
        only === undefined ? all : all.filter(({ partition }) => partition === only.partition);
      const wanted = stretches.map(({ partition, from, to }) => {
        const at = only === undefined ? undefined : BigInt(only.offset);
        if (at === undefined) return { partition, from, to };
        return { partition, from: at, to: at >= from && at < to ? at + 1n : at };
      });
      const groupId = `${group}.dlq.${randomUUID()}`;
      return readToEnd(kafka, { topic, stretches: wanted, groupId, remembers: false, stop }, take);
    }
    case "files":
      return readFiles(source.paths, take, stop, only === undefined ? undefined : Number(only.offset));
  }
}

/** Which letters a replay is about. The same gives the same memory. */
export type ReplayName = Readonly<Record<string, unknown>>;

export interface ReplayRun {
  /** Sends nothing and remembers nothing. */
  readonly dryRun: boolean;
  /** From the beginning, whatever was sent back before. */
  readonly again: boolean;
  readonly name: ReplayName;
  /** Of files: lines before it were sent back before. */
  readonly skip: number;
}

export interface ReplayEnd {
  readonly complete: boolean;
  /** The consumer group that remembers; undefined for files. */
  readonly memory: string | undefined;
}

/** @throws SpanmillError as `readLetters`, and what `take` throws; what was not taken is not remembered. */
export async function readForReplay(
  source: LetterSource,
  { dryRun, again, name, skip }: ReplayRun,
  take: TakeLetters,
  stop: AbortSignal,
): Promise<ReplayEnd> {
  switch (source.kind) {
    case "kafka": {
      const { openKafka, readToEnd, stretchesOf } = await kafkaParts();
      const { connection, topic, group } = source;
      const kafka = await openKafka(connection, () => undefined);
      const memory = memoryOf(group, topic, name);
      const stretches = await stretchesOf(kafka, topic, again ? undefined : memory);
      const groupId = dryRun ? `${group}.dlq.${randomUUID()}` : memory;
      const settings = { topic, stretches, groupId, remembers: !dryRun, stop };
      return { complete: await readToEnd(kafka, settings, take), memory };
    }
    case "files":
      return { complete: await readFiles(source.paths, take, stop, undefined, skip), memory: undefined };
  }
}

/** A memory for each choice of letters: what one passes over, another may want. */
export function memoryOf(group: string, topic: string, name: ReplayName): string {
  const digest = createHash("sha256").update(canonicalJson({ topic, ...name }));
  return `${group}.dlq-replay.${digest.digest("hex").slice(0, 12)}`;
}

async function readFiles(
  paths: readonly string[],
  take: TakeLetters,
  stop: AbortSignal,
  only?: number,
  skip = 0,
): Promise<boolean> {
  let waiting: (SourceMessage | undefined)[] = [];
  for await (const { line, message } of deadLetterLines(paths)) {
    if (line <= skip || (only !== undefined && line !== only)) continue;
    waiting.push(message);
    if (waiting.length < FILE_SLICE) continue;
    await take(waiting);
    waiting = [];
    if (stop.aborted) return false;
  }
  await take(waiting);
  return true;
}

const FILE_SLICE = 100;

export interface TopicSinks {
  /** @throws SpanmillError SINK_* */
  send(topic: string, message: OutputMessage): Promise<void>;
  close(): Promise<void>;
}

/** A sink for each topic that something is sent to, opened by the first message. */
export function openTopicSinks(
  connection: KafkaConnection,
  compression: Compression,
  clock: Clock,
): TopicSinks {
  const sinks = new Map<string, Promise<Sink>>();
  const open = async (topic: string): Promise<Sink> => {
    // What a letter says may be wrong.
    if (!TOPIC.test(topic)) throw noTopic();
    const { openKafkaSink } = await import("../adapters/kafka/sink.js");
    const quiet = { log: () => undefined, report: () => undefined };
    return openKafkaSink({ connection, topics: { documents: topic }, compression, clock, ...quiet });
  };
  return {
    async send(topic, message) {
      const opening = sinks.get(topic) ?? open(topic);
      sinks.set(topic, opening);
      await (await opening).send(message);
    },
    async close() {
      for (const opening of sinks.values()) {
        const sink = await opening.catch(() => undefined);
        await sink?.close();
      }
    },
  };
}

const TOPIC = /^[\w.-]{1,249}$/;

async function kafkaParts() {
  const { openKafka } = await import("../adapters/kafka/client.js");
  return { openKafka, ...(await import("../adapters/kafka/read-to-end.js")) };
}
