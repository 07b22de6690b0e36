/** The options of `spanmill run` as the composition root takes them. */
import { hostname } from "node:os";
import { KAFKA_SOURCE_DEFAULTS } from "../adapters/kafka/source-settings.js";
import type {
  CacheSetup,
  OperationsSetup,
  SinkSetup,
  SourceSetup,
  WorkerSetup,
} from "../compose/worker-setup.js";
import type { RunOptions } from "../config/options.js";
import { inputFiles, outputsOf, sourceOf } from "../config/worker-outputs.js";
import { fieldPath } from "../document/extract/json.js";
import type { MessageFields, MessageFormat } from "../document/extract/message.js";
import { labelChoices } from "./label-choices.js";
import { readHmacKey, surfaceOf } from "./surface.js";
import { taggerSettings } from "./tagger-settings.js";

/** @throws SpanmillError CONFIG_INVALID where the key of digests cannot be read. */
export function workerSetup(files: readonly string[], options: RunOptions, version: string): WorkerSetup {
  const key = readHmacKey(options.hmacKeyFile);
  const { columns: _, ...tagger } = taggerSettings(options, "lenses");
  const source = sourceSetup(files, options);
  return {
    source,
    sink: sinkSetup(options, source),
    cache: cacheSetup(options),
    tagger,
    input: { format: formatOf(options), maxDocumentSize: options.maxDocumentSize },
    record: {
      offsetUnit: options.offsetUnit,
      minScore: options.minScore,
      surface: surfaceOf(options, key),
      version,
    },
    labels: (opened) => labelChoices(options, opened),
    words: options.words,
    layout: options.layout,
    eventSource: options.eventSource,
    secret: key,
    inFlight: { documents: options.limitDocuments, bytes: options.limitBytes },
    deadLetters: { share: options.limitDeadLetterShare, window: 60_000, least: 100 },
    taskDeadline: options.limitTaskDeadline,
    drainDeadline: options.limitDrainDeadline,
  };
}

export function operationsSetup(options: RunOptions): OperationsSetup {
  const { instance, logLevel, probesHost: host, probesPort: port, traces } = options;
  return {
    logLevel,
    instance: instance ?? `${hostname()}/${process.pid}`,
    probes: port === undefined ? undefined : { host, port },
    traces,
  };
}

function sourceSetup(given: readonly string[], options: RunOptions): SourceSetup {
  const paths = inputFiles(options, given);
  const kind = sourceOf(options, paths);
  switch (kind) {
    case "kafka":
      return {
        kind,
        connection: connectionOf(options),
        settings: {
          ...KAFKA_SOURCE_DEFAULTS,
          groupId: options.kafkaGroup!,
          topics: options.kafkaTopics,
          outOfRange: options.kafkaOutOfRange,
          commitInterval: options.kafkaCommitInterval,
          sessionTimeout: options.kafkaSessionTimeout,
          heartbeatInterval: Math.min(
            KAFKA_SOURCE_DEFAULTS.heartbeatInterval,
            Math.floor(options.kafkaSessionTimeout / HEARTBEATS_A_SESSION),
          ),
          maxDistance: options.kafkaMaxDistance,
          maxDistanceBytes: options.kafkaMaxDistanceBytes,
        },
      };
    case "files":
      return { kind, paths, unit: options.inputUnit };
    case "stdin":
      return { kind, unit: options.inputUnit };
  }
}

const HEARTBEATS_A_SESSION = 10;

function sinkSetup(options: RunOptions, source: SourceSetup): SinkSetup {
  const { sink: kind, append, kafkaCompression: compression } = options;
  const outputs = outputsOf(options);
  switch (kind) {
    case "kafka":
      return { kind, connection: connectionOf(options), outputs, compression };
    case "files":
    case "stdout":
      // Who reads a topic goes on where it stopped, and so do its files.
      return { kind, outputs, append: append || source.kind === "kafka" };
  }
}

type ConnectionOptions = Pick<
  RunOptions,
  "kafkaBrokers" | "kafkaClientId" | Extract<keyof RunOptions, `kafka${"Tls" | "Sasl"}${string}`>
>;

export function connectionOf(options: ConnectionOptions) {
  const { kafkaSaslMechanism, kafkaSaslUsernameFile, kafkaSaslPasswordFile } = options;
  const { kafkaTlsCaFile, kafkaTlsCertFile, kafkaTlsKeyFile } = options;
  const hasSasl =
    kafkaSaslMechanism !== undefined &&
    kafkaSaslUsernameFile !== undefined &&
    kafkaSaslPasswordFile !== undefined;
  return {
    brokers: options.kafkaBrokers,
    clientId: options.kafkaClientId,
    tls: options.kafkaTlsEnabled
      ? { ca: kafkaTlsCaFile, cert: kafkaTlsCertFile, key: kafkaTlsKeyFile }
      : undefined,
    sasl: hasSasl
      ? {
          mechanism: kafkaSaslMechanism,
          usernameFile: kafkaSaslUsernameFile,
          passwordFile: kafkaSaslPasswordFile,
        }
      : undefined,
  };
}

function cacheSetup(options: RunOptions): CacheSetup {
  const { cacheKind: kind, cacheTtl: ttlMs, redisTlsCaFile, redisTlsCertFile, redisTlsKeyFile } = options;
  const memory = { maxBytes: options.cacheMemorySize };
  const redis = {
    url: options.redisUrl ?? "",
    usernameFile: options.redisUsernameFile,
    passwordFile: options.redisPasswordFile,
    tls: { caFile: redisTlsCaFile, certFile: redisTlsCertFile, keyFile: redisTlsKeyFile },
    prefix: options.redisPrefix,
    commandTimeoutMs: options.redisTimeout,
  };
  switch (kind) {
    case "none":
      return { kind, ttlMs };
    case "memory":
      return { kind, ttlMs, memory };
    case "redis":
      return { kind, ttlMs, redis };
    case "both":
      return { kind, ttlMs, memory, redis };
  }
}

function formatOf(options: RunOptions): MessageFormat {
  switch (options.inputFormat) {
    case "text":
      return { kind: "text" };
    case "json":
      return { kind: "json", fields: fieldsOf(options) };
  }
}

function fieldsOf(options: RunOptions): MessageFields {
  const { inputSubject, inputBody } = options;
  const written = {
    id: options.inputId,
    text: options.inputText ?? (inputSubject || inputBody ? undefined : "text"),
    subject: inputSubject,
    body: inputBody,
    language: options.inputLanguage,
    time: options.inputTime,
  };
  return Object.fromEntries(
    Object.entries(written).flatMap(([name, path]) => (path ? [[name, fieldPath(path)]] : [])),
  );
}
