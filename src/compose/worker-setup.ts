/** What a worker is made of, as plain data: for each port its kind, and what that adapter needs. */
import type { KafkaConnection } from "../adapters/kafka/client.js";
import type { Compression } from "../adapters/kafka/codecs.js";
import type { LaneEvent } from "../adapters/kafka/lane.js";
import type { KafkaLogLine } from "../adapters/kafka/log.js";
import type { KafkaSourceEvent } from "../adapters/kafka/source-events.js";
import type { KafkaSourceSettings } from "../adapters/kafka/source-settings.js";
import type { ProcessEvent } from "../adapters/log/lines.js";
import type { LogLevel } from "../adapters/log/log.js";
import type { MemoryOutcome } from "../adapters/memory/cache.js";
import type { GaugeSources } from "../adapters/metrics/gauges.js";
import type { RedisCacheSettings, RedisOutcome, RedisState } from "../adapters/redis/cache.js";
import type { SpanSettings } from "../adapters/telemetry/spans.js";
import type { TaggerSettings } from "../compose.js";
import type { LabelChoices } from "../document/labels.js";
import type { RecordChoices } from "../document/pipeline.js";
import type { BlockOutcome } from "../pipeline/block-cache.js";
import type { WorkerSettings } from "../pipeline/worker.js";
import type { WorkerEvent } from "../pipeline/worker-events.js";
import type { Clock } from "../ports/clock.js";
import type { Channel } from "../ports/sink.js";
import type { Source } from "../ports/source.js";
import type { Tagger } from "../ports/tagger.js";

export type SourceSetup =
  | { readonly kind: "kafka"; readonly connection: KafkaConnection; readonly settings: KafkaSourceSettings }
  | { readonly kind: "files"; readonly paths: readonly string[]; readonly unit: "line" | "file" }
  | { readonly kind: "stdin"; readonly unit: "line" | "file" };

/** By channel a topic or a path; a channel that is left out is off. */
export type Outputs = Readonly<Partial<Record<Channel, string>>>;

export type SinkSetup =
  | {
      readonly kind: "kafka";
      readonly connection: KafkaConnection;
      readonly outputs: Outputs;
      readonly compression: Compression;
    }
  /** `-` is standard output. */
  | { readonly kind: "files" | "stdout"; readonly outputs: Outputs; readonly append: boolean };

interface MemorySize {
  readonly maxBytes: number;
}
type Redis = Pick<
  RedisCacheSettings,
  "url" | "usernameFile" | "passwordFile" | "tls" | "prefix" | "commandTimeoutMs"
>;

export type CacheSetup = { readonly ttlMs: number } & (
  | { readonly kind: "none" }
  | { readonly kind: "memory"; readonly memory: MemorySize }
  | { readonly kind: "redis"; readonly redis: Redis }
  | { readonly kind: "both"; readonly memory: MemorySize; readonly redis: Redis }
);

export interface WorkerSetup
  extends Pick<WorkerSettings, "input" | "inFlight" | "deadLetters" | "taskDeadline" | "drainDeadline"> {
  readonly source: SourceSetup;
  readonly sink: SinkSetup;
  readonly cache: CacheSetup;
  readonly tagger: Omit<TaggerSettings, "columns">;
  readonly record: Omit<RecordChoices, "words" | "labels" | "decode">;
  /** @throws SpanmillError USAGE for names that no model has. */
  readonly labels: (tagger: Pick<Tagger, "models">) => LabelChoices;
  /** Words wanted in the records of documents. */
  readonly words: boolean;
  readonly layout: WorkerSettings["output"]["layout"];
  readonly eventSource: string;
  /** Digests the keys of the cache. */
  readonly secret?: Buffer | undefined;
}

/** How a run is seen. */
export interface OperationsSetup {
  readonly logLevel: LogLevel;
  /** Tells this process from others. */
  readonly instance: string;
  /** Undefined: none. */
  readonly probes: { readonly host: string; readonly port: number } | undefined;
  readonly traces: SpanSettings["each"] | "none";
}

/** What happens in a worker, by who tells it. Plain data without text of documents. */
export type RunEvent =
  | ({ readonly from: "worker" } & WorkerEvent)
  | ({ readonly from: "source" } & KafkaSourceEvent)
  | ({ readonly from: "sink" } & LaneEvent)
  | ({ readonly from: "kafka" } & KafkaLogLine)
  | ({ readonly from: "cache" } & CacheEvent)
  | ({ readonly from: "process" } & (ProcessEvent | OpenedEvent));

export type CacheEvent =
  | { readonly kind: "trouble"; readonly code: string }
  | { readonly kind: "state"; readonly state: RedisState }
  | { readonly kind: "redis"; readonly what: RedisOutcome; readonly count: number }
  | { readonly kind: "memory"; readonly what: MemoryOutcome; readonly count: number }
  | { readonly kind: "blocks"; readonly what: BlockOutcome; readonly count: number };

/** A part of the worker is open, and has shown that it works. */
export interface OpenedEvent {
  readonly kind: "opened";
  readonly part: "models" | "sink";
}

/** What a worker is seen by (`operations.ts`). None of them throws. */
export interface WorkerHooks {
  readonly clock: Clock;
  readonly tell: (event: RunEvent) => void;
  /** Adds to those who are asked how things stand. */
  readonly watch: (sources: GaugeSources) => void;
  /** The same source, seen. */
  readonly trace: (source: Source) => Source;
}
