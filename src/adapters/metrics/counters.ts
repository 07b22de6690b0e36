/** What is counted as it happens. Names follow Prometheus: seconds, bytes, `_total`. */
import { Counter, Histogram, type Registry } from "prom-client";

export type Counters = ReturnType<typeof counters>;

export function counters(registry: Registry) {
  const registers = [registry];
  const counter = <Label extends string = never>(
    name: string,
    help: string,
    labelNames: readonly Label[] = [],
  ) => new Counter<Label>({ name: `spanmill_${name}`, help, labelNames: [...labelNames], registers });
  const histogram = <Label extends string = never>(
    name: string,
    help: string,
    labelNames: readonly Label[] = [],
  ) =>
    new Histogram<Label>({
      name: `spanmill_${name}`,
      help,
      labelNames: [...labelNames],
      buckets: [...BUCKETS],
      registers,
    });
  return {
    documents: counter("documents_total", "Documents that are done and acknowledged.", ["outcome"]),
    documentBytes: counter("document_bytes_total", "Bytes of keys and values of the documents done."),
    messages: counter("messages_total", "Messages that the output acknowledged."),
    deadLetters: counter("dead_letters_total", "Documents set aside.", ["code"]),
    reduced: counter("records_reduced_total", "Records over the size limit: without words, or in parts.", [
      "channel",
      "how",
    ]),
    spans: counter("spans_total", "Spans found.", ["lens", "label"]),
    retries: counter("document_retries_total", "Tries again after trouble that may pass.", ["code"]),
    suspects: counter(
      "suspects_total",
      "Documents run alone or among few, since a thread or a process may have died of them.",
    ),
    stuck: counter("stuck_documents_total", "Documents in threads that did not answer in time."),
    abandoned: counter(
      "abandoned_documents_total",
      "Documents not finished at the end: they are read again.",
    ),
    stages: histogram("stage_duration_seconds", "Time of a document in each stage.", ["stage"]),
    latency: histogram("document_duration_seconds", "Time of a document from the source to the last answer."),

    blocks: counter("blocks_total", "Blocks by where their answer came from.", ["outcome"]),
    lookups: counter("cache_lookups_total", "Keys looked up in a cache.", ["tier", "result"]),
    writes: counter("cache_writes_total", "Values offered to a cache.", ["tier", "result"]),
    evictions: counter("cache_evictions_total", "Values dropped for want of room.", ["tier"]),
    cacheBroken: counter("cache_values_broken_total", "Values found in a cache that failed their check."),
    redisTroubles: counter("redis_errors_total", "Failures of Redis by its code.", ["code"]),

    sendEvents: counter("send_events_total", "Batches sent again, stalled, recovered or split.", [
      "topic",
      "kind",
    ]),
    clientTroubles: counter("kafka_client_warnings_total", "Warnings and errors of the Kafka client.", [
      "kind",
    ]),
    taken: counter("kafka_messages_taken_total", "Messages taken from the source.", ["topic"]),
    rebalances: counter("kafka_rebalances_total", "Rebalances of the consumer group."),
    drains: histogram(
      "kafka_rebalance_drain_seconds",
      "Time in which work in flight was finished at a rebalance.",
    ),
    commits: counter("kafka_commits_total", "Commits of offsets.", ["result"]),
    positionsFailed: counter("kafka_positions_failed_total", "Failures to read where a partition begins."),
    jumps: counter("kafka_offset_jumps_total", "Times when the log no longer held what was to be read.", [
      "topic",
    ]),
    uncleanEnds: counter(
      "kafka_unclean_ends_total",
      "Partitions taken over from a process that did not end cleanly.",
      ["topic"],
    ),
    heartbeats: counter("kafka_heartbeats_total", "Heartbeats that the group answered."),
    crashes: counter(
      "kafka_consumer_crashes_total",
      "Times when the consumer gave up; with restart, it began anew.",
      ["restart"],
    ),
  };
}

/** From a cached document to one that waited for a broker. */
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
