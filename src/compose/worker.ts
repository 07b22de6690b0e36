/** The composition root of the worker: settings become ports, ports become a running loop, and all is closed in turn. */
import { noCache, tiered } from "../adapters/caches.js";
import { openFileSink } from "../adapters/files/message-sink.js";
import { fileSource } from "../adapters/files/message-source.js";
import type { KafkaSink } from "../adapters/kafka/sink.js";
import { type MemoryOutcome, memoryCache } from "../adapters/memory/cache.js";
import { redisCache } from "../adapters/redis/cache.js";
import { openTagger } from "../compose.js";
import { answerDigest } from "../document/answer-digest.js";
import type { RecordChannel } from "../document/messages.js";
import { recordSettings } from "../document/pipeline.js";
import { cachedTagger } from "../pipeline/block-cache.js";
import { runWorker, type Worker, type WorkerEnd, type WorkerSettings } from "../pipeline/worker.js";
import type { Cache } from "../ports/cache.js";
import type { Sink } from "../ports/sink.js";
import type { Source } from "../ports/source.js";
import type { Tagger } from "../ports/tagger.js";
import type { CacheSetup, SinkSetup, SourceSetup, WorkerHooks, WorkerSetup } from "./worker-setup.js";

/**
 * Opens all, then runs. `ended` is kept when all is closed again; after a failure or a stop only so much as may be waited
 * for: the process is to end then, and after TASK_STUCK hard.
 *
 * @throws SpanmillError USAGE, CONFIG_INVALID, MODEL_*, INPUT_*, OUTPUT_*, SINK_*: nothing was read, and what was opened
 * is closed.
 */
export async function startWorker(setup: WorkerSetup, hooks: WorkerHooks): Promise<Worker> {
  const opened: (() => Promise<void>)[] = [];
  const closeAll = async () => {
    for (const close of opened.splice(0).reverse()) await close();
  };
  try {
    const source = await openSource(setup.source, setup.input.maxDocumentSize, hooks);
    opened.push(() => source.close());
    const engine = await openTagger(taggerSettingsOf(setup));
    opened.push(() => engine.close());
    hooks.tell({ from: "process", kind: "opened", part: "models" });
    for (const warning of engine.warnings) hooks.tell({ from: "process", kind: "model-warning", warning });
    const settings = workerSettings(setup, engine);
    const { version, digest: pipeline } = settings.record.pipeline;
    hooks.watch({ build: () => ({ version, pipeline }) });
    const cache = openCache(setup.cache, hooks);
    opened.push(() => cache.close());
    const sink = await openSink(setup.sink, hooks);
    hooks.tell({ from: "process", kind: "opened", part: "sink" });
    const worker = runWorker({
      source: hooks.trace(source),
      sink,
      tagger: remembering(engine, cache, setup, hooks),
      settings,
      clock: hooks.clock,
      events: (event) => hooks.tell({ from: "worker", ...event }),
    });
    hooks.watch({ worker: worker.status });
    hooks.tell({
      from: "process",
      kind: "started",
      source: setup.source.kind,
      sink: setup.sink.kind,
      cache: setup.cache.kind,
      models: engine.models.map(({ name }) => name),
      threads: engine.threads,
      pipeline,
    });
    // The worker closes source and sink itself.
    opened.shift();
    return { ...worker, ended: closing(worker.ended, closeAll) };
  } catch (error) {
    await closeAll();
    throw error;
  }
}

async function closing(ended: Promise<WorkerEnd>, close: () => Promise<void>): Promise<WorkerEnd> {
  const end = await ended;
  // Threads that still work would be waited for.
  if (end.reason !== "stopped") await close();
  return end;
}

export async function openSource(
  setup: SourceSetup,
  maxDocumentSize: number,
  { clock, tell, watch }: WorkerHooks,
): Promise<Source> {
  switch (setup.kind) {
    case "kafka": {
      const { openKafka } = await import("../adapters/kafka/client.js");
      const { openKafkaSource } = await import("../adapters/kafka/source.js");
      const kafka = await openKafka(setup.connection, (line) => tell({ from: "kafka", ...line }));
      const source = openKafkaSource(kafka, setup.settings, {
        clock,
        report: (event) => tell({ from: "source", ...event }),
      });
      watch({ source: source.status });
      return source;
    }
    case "files":
      return fileSource({ paths: setup.paths, unit: setup.unit, maxBytes: maxDocumentSize });
    case "stdin":
      return fileSource({ paths: ["-"], unit: setup.unit, maxBytes: maxDocumentSize });
  }
}

async function openSink(setup: SinkSetup, hooks: WorkerHooks): Promise<Sink> {
  switch (setup.kind) {
    case "kafka":
      return openKafkaOutput(setup, hooks);
    case "files":
    case "stdout":
      return openFileSink({ paths: setup.outputs, append: setup.append, late: "dead-letters" });
  }
}

/** @throws SpanmillError CONFIG_INVALID, KAFKA_CODEC_MISSING, SINK_* */
export async function openKafkaOutput(
  setup: Extract<SinkSetup, { kind: "kafka" }>,
  { clock, tell, watch }: WorkerHooks,
): Promise<KafkaSink> {
  const { ASSUMED_MESSAGE_BYTES, openKafkaSink } = await import("../adapters/kafka/sink.js");
  const sink = await openKafkaSink({
    connection: setup.connection,
    topics: setup.outputs,
    compression: setup.compression,
    clock,
    log: (line) => tell({ from: "kafka", ...line }),
    report: (event) => tell({ from: "sink", ...event }),
  });
  watch({ lanes: sink.lanes, renewals: sink.renewals });
  const unknown = [...sink.facts].filter(([, { maxMessageBytes }]) => maxMessageBytes === undefined);
  if (unknown.length > 0) {
    const topics = unknown.map(([topic]) => topic);
    tell({ from: "process", kind: "limit-assumed", topics, bytes: ASSUMED_MESSAGE_BYTES });
  }
  return sink;
}

/**
 * Never waits for Redis.
 *
 * @throws SpanmillError CONFIG_INVALID
 */
export function openCache(setup: CacheSetup, { clock, tell, watch }: WorkerHooks): Cache {
  const { ttlMs } = setup;
  const openMemory = ({ maxBytes }: { readonly maxBytes: number }) => {
    const observe = (what: MemoryOutcome, count: number) =>
      tell({ from: "cache", kind: "memory", what, count });
    const cache = memoryCache({ maxBytes, ttlMs, clock, observe });
    watch({ memory: cache.size });
    return cache;
  };
  const openRedis = (redis: Extract<CacheSetup, { kind: "redis" }>["redis"]) => {
    const cache = redisCache({
      ...redis,
      ttlMs,
      clock,
      observe: (what, count) => tell({ from: "cache", kind: "redis", what, count }),
      onTrouble: (code) => tell({ from: "cache", kind: "trouble", code }),
      onState: (state) => tell({ from: "cache", kind: "state", state }),
    });
    watch({ redis: cache.state });
    return cache;
  };
  switch (setup.kind) {
    case "none":
      return noCache;
    case "memory":
      return openMemory(setup.memory);
    case "redis":
      return openRedis(setup.redis);
    case "both":
      return tiered(openMemory(setup.memory), openRedis(setup.redis));
  }
}

export function taggerSettingsOf({ tagger, words, sink }: WorkerSetup) {
  const columns = words || sink.outputs.pos !== undefined ? ("always" as const) : ("lenses" as const);
  return { ...tagger, columns };
}

function remembering(engine: Tagger, cache: Cache, setup: WorkerSetup, { tell }: WorkerHooks): Tagger {
  const columns = taggerSettingsOf(setup).columns === "always" || hasWordLens(engine);
  const pipeline = answerDigest(engine, { decode: setup.tagger.decode, columns });
  return cachedTagger(engine, cache, {
    pipeline,
    secret: setup.secret,
    observe: (what, count) => tell({ from: "cache", kind: "blocks", what, count }),
  });
}

/** @throws SpanmillError USAGE */
export function workerSettings(setup: WorkerSetup, tagger: Tagger): WorkerSettings {
  const { outputs } = setup.sink;
  const { "dead-letters": deadLetters, ...records } = outputs;
  // Labels of words go to their own channel, or, where that is off, nowhere but into the document's record.
  const words = setup.words || (hasWordLens(tagger) && outputs.pos === undefined);
  return {
    input: setup.input,
    record: recordSettings(tagger, {
      ...setup.record,
      decode: setup.tagger.decode,
      labels: setup.labels(tagger),
      words: words || outputs.pos !== undefined,
    }),
    output: {
      channels: Object.keys(records) as RecordChannel[],
      layout: setup.layout,
      words,
      source: setup.eventSource,
    },
    inFlight: setup.inFlight,
    // Without a place for dead letters not one is admitted: the worker stops rather than skips.
    deadLetters: deadLetters === undefined ? { ...setup.deadLetters, share: 0, least: 0 } : setup.deadLetters,
    retry: RETRY,
    taskDeadline: setup.taskDeadline,
    drainDeadline: setup.drainDeadline,
  };
}

/** Milliseconds. */
const RETRY = { first: 200, most: 10_000 };

function hasWordLens({ models }: Pick<Tagger, "models">): boolean {
  return models.some(({ lenses }) => lenses.some(({ scheme }) => scheme === "none"));
}
