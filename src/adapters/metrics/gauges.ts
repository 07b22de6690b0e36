/** How things stand at a scrape: asked then, and then only, of those who know. */
import { Counter, Gauge, type Registry } from "prom-client";
import type { WorkerStatus } from "../../pipeline/worker.js";
import type { LaneState } from "../kafka/lane.js";
import type { KafkaSource } from "../kafka/source.js";
import type { RedisState } from "../redis/cache.js";

/** Called at each scrape. What a process has none of is left out. */
export interface GaugeSources {
  /** The version of spanmill, and the digest of models, labels, decoder and blocks. */
  readonly build?: () => { readonly version: string; readonly pipeline: string };
  readonly worker?: () => WorkerStatus;
  readonly source?: () => ReturnType<KafkaSource["status"]>;
  readonly lanes?: () => readonly LaneState[];
  /** How often a producer was replaced; it only grows. */
  readonly renewals?: () => number;
  readonly memory?: () => { readonly entries: number; readonly bytes: number };
  readonly redis?: () => RedisState;
  readonly loopLag?: () => number;
}

export interface Gauges {
  /** Adds to those that are asked. */
  watch(sources: GaugeSources): void;
  /** Asks all. A source that throws keeps none of the others from being read; its gauges stay away. */
  read(): void;
}

export function gauges(registry: Registry): Gauges {
  const make = gaugeMaker(registry);
  const readers: Readers = {
    build: readBuild(make),
    worker: readWorker(make),
    source: readSource(make),
    lanes: readLanes(make),
    renewals: readRenewals(registry),
    memory: readMemory(make),
    redis: readRedis(make),
    loopLag: readLoopLag(make),
  };
  let known: GaugeSources = {};
  return {
    watch: (sources) => {
      known = { ...known, ...sources };
    },
    read: () => {
      for (const name of Object.keys(readers) as (keyof GaugeSources)[]) readOne(readers, known, name);
    },
  };
}

type Readers = { readonly [Name in keyof GaugeSources]-?: Reader<Answer<Name>> };
type Answer<Name extends keyof GaugeSources> = ReturnType<NonNullable<GaugeSources[Name]>>;

interface Reader<State> {
  /** What was there before and is no more must not linger: a partition that another worker has now. */
  readonly forget: () => void;
  readonly set: (state: State) => void;
}

function readOne<Name extends keyof GaugeSources>(readers: Readers, known: GaugeSources, name: Name): void {
  const reader = readers[name] as Reader<Answer<Name>>;
  const ask = known[name] as (() => Answer<Name>) | undefined;
  reader.forget();
  try {
    if (ask !== undefined) reader.set(ask());
  } catch {
    reader.forget();
  }
}

type Make = ReturnType<typeof gaugeMaker>;

function gaugeMaker(registry: Registry) {
  return <Label extends string = never>(name: string, help: string, labelNames: readonly Label[] = []) =>
    new Gauge<Label>({
      name: `spanmill_${name}`,
      help,
      labelNames: [...labelNames],
      registers: [registry],
    });
}

function readBuild(make: Make): Reader<Answer<"build">> {
  const info = make("build_info", "1, with what runs.", ["version", "pipeline"]);
  return { forget: absent([], [info]), set: (build) => info.set({ ...build }, 1) };
}

function readWorker(make: Make): Reader<WorkerStatus> {
  const documents = make("in_flight_documents", "Documents taken and not done.");
  const bytes = make("in_flight_bytes", "Bytes of the documents in flight, and of their messages that wait.");
  const blocked = make("blocked_documents", "Documents that wait for the output, or behind one that does.");
  const stalled = make("stalled_seconds", "Time that threads have held work without an answer.");
  const draining = make("draining", "1 while the worker finishes and takes no more.");
  return {
    forget: absent([documents, bytes, blocked, stalled, draining]),
    set: (status) => {
      documents.set(status.documents);
      bytes.set(status.bytes);
      blocked.set(status.blocked);
      stalled.set(status.stalledFor / 1000);
      draining.set(status.isDraining ? 1 : 0);
    },
  };
}

function readSource(make: Make): Reader<ReturnType<KafkaSource["status"]>> {
  const names = ["topic", "partition"] as const;
  const age = make("kafka_heartbeat_age_seconds", "Time since the last heartbeat; NaN while none is due.");
  const assigned = make("kafka_partitions_assigned", "Partitions that are ours.");
  const lag = make(
    "kafka_lag_messages",
    "Messages of the log from the watermark on, as of the last fetch.",
    names,
  );
  const watermark = make("kafka_watermark_offset", "The offset below which everything is done.", names);
  const open = make("kafka_open_documents", "Documents of a partition taken and not done.", names);
  const distance = make(
    "kafka_watermark_distance",
    "Documents from the watermark to the last one taken, done ones among them.",
    names,
  );
  return {
    forget: absent([age, assigned], [lag, watermark, open, distance]),
    set: ({ heartbeatAge, partitions }) => {
      age.set(heartbeatAge === undefined ? Number.NaN : heartbeatAge / 1000);
      assigned.set(partitions.length);
      for (const { topic, partition, ...one } of partitions) {
        const labels = { topic, partition: String(partition) };
        if (one.lag !== undefined) lag.set(labels, one.lag);
        if (one.watermark !== undefined) watermark.set(labels, Number(one.watermark));
        open.set(labels, one.open);
        distance.set(labels, one.distance);
      }
    },
  };
}

function readLanes(make: Make): Reader<readonly LaneState[]> {
  const names = ["topic", "partition"] as const;
  const records = make("lane_messages", "Messages that wait for a partition's acknowledgement.", names);
  const bytes = make("lane_bytes", "Bytes of the messages that wait.", names);
  const oldest = make("lane_oldest_seconds", "How long the oldest message of a lane has waited.", names);
  return {
    forget: absent([], [records, bytes, oldest]),
    set: (lanes) => {
      for (const lane of lanes) {
        const labels = { topic: lane.topic, partition: String(lane.partition) };
        records.set(labels, lane.records);
        bytes.set(labels, lane.bytes);
        oldest.set(labels, lane.oldestMs / 1000);
      }
    },
  };
}

function readRenewals(registry: Registry): Reader<number> {
  const help = "Producers that were replaced.";
  const renewals = new Counter({ name: "spanmill_producer_renewals_total", help, registers: [registry] });
  return { forget: () => renewals.reset(), set: (count) => renewals.inc(count) };
}

function readMemory(make: Make): Reader<{ readonly entries: number; readonly bytes: number }> {
  const entries = make("cache_entries", "Values in the cache of the process.");
  const size = make("cache_bytes", "Bytes of the cache of the process.");
  return {
    forget: absent([entries, size]),
    set: (now) => {
      entries.set(now.entries);
      size.set(now.bytes);
    },
  };
}

const REDIS_STATES = ["closed", "half_open", "open", "away"] as const satisfies readonly RedisState[];

function readRedis(make: Make): Reader<RedisState> {
  const states = make("redis_state", "1 for the state of connection and breaker; closed is well.", ["state"]);
  return {
    forget: absent([], [states]),
    set: (now) => {
      for (const state of REDIS_STATES) states.set({ state }, state === now ? 1 : 0);
    },
  };
}

function readLoopLag(make: Make): Reader<number> {
  const late = make("main_loop_late_seconds", "How late the main loop was when it last looked.");
  return { forget: absent([late]), set: (ms) => late.set(ms / 1000) };
}

/** A gauge without labels is 0 after a reset, which would be an answer, so it is removed. */
function absent(
  plain: readonly { remove(): void }[],
  labelled: readonly { reset(): void }[] = [],
): () => void {
  return () => {
    for (const gauge of plain) gauge.remove();
    for (const gauge of labelled) gauge.reset();
  };
}
