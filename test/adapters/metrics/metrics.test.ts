import { describe, expect, it } from "vitest";
import { type Metrics, openMetrics } from "../../../src/adapters/metrics/metrics.js";
import type { WorkerEvent } from "../../../src/pipeline/worker-events.js";
import { parseExposition, sampleOf } from "../../support/exposition.js";

const open = () => {
  const metrics = openMetrics();
  metrics.watch({ build: () => ({ version: "1.2.3", pipeline: 'a"b\\c\nd' }) });
  return metrics;
};
const read = async (metrics: Metrics) => parseExposition((await metrics.scrape()).text);

const done = (spans: Extract<WorkerEvent, { kind: "done" }>["spans"], send = 40): WorkerEvent => ({
  kind: "done",
  place: { topic: "tickets", partition: 0, offset: "7" },
  outcome: "record",
  messages: 3,
  bytes: 100,
  times: { read: 1, engine: 20, write: 2, turn: 0, send },
  spans,
});

describe("the exposition", () => {
  it("is well-formed, and named as Prometheus asks", async () => {
    const metrics = open();
    metrics.onWorker(done({ ner: { PER: 2 } }));
    expect((await metrics.scrape()).contentType).toBe("text/plain; version=0.0.4; charset=utf-8");
    const families = await read(metrics);
    expect(families.length).toBeGreaterThan(40);
    expect(families.filter(({ name }) => !name.startsWith("spanmill_"))).toEqual([]);
    expect(families.filter(({ help }) => help.length < 5)).toEqual([]);
    const ours = families.filter(({ name }) => !name.startsWith("spanmill_nodejs_"));
    expect(ours.filter(({ name, type }) => (type === "counter") !== name.endsWith("_total"))).toEqual([]);
    expect(ours.filter(({ name }) => /_(ms|milliseconds|kb|mb)\b/.test(name))).toEqual([]);
    for (const { samples } of families) {
      const names = samples.map(({ name, labels }) => JSON.stringify([name, Object.entries(labels).sort()]));
      expect(new Set(names).size).toBe(names.length);
    }
    expect(sampleOf(families, "spanmill_build_info", { version: "1.2.3", pipeline: 'a"b\\c\nd' })).toBe(1);
    expect(sampleOf(families, "spanmill_process_resident_memory_bytes")).toBeGreaterThan(1e6);
  });

  it("has histograms whose buckets add up, in seconds", async () => {
    const metrics = open();
    metrics.onWorker(done({}, 40));
    metrics.onWorker(done({}, 90_000));
    const family = (await read(metrics)).find(({ name }) => name === "spanmill_stage_duration_seconds");
    const send = family!.samples.filter(({ labels }) => labels.stage === "send");
    const buckets = send.filter(({ name }) => name.endsWith("_bucket")).map(({ value }) => value);
    expect(buckets).toEqual([...buckets].sort((a, b) => a - b));
    expect(buckets.at(-1)).toBe(2);
    expect(send.find(({ labels }) => labels.le === "0.05")?.value).toBe(1);
    expect(send.find(({ labels }) => labels.le === "0.025")?.value).toBe(0);
    expect(send.find(({ name }) => name.endsWith("_sum"))?.value).toBeCloseTo(90.04);
  });

  it("holds registries apart", async () => {
    const [one, other] = [open(), open()];
    one.onWorker(done({}));
    expect(sampleOf(await read(one), "spanmill_document_bytes_total")).toBe(100);
    expect(sampleOf(await read(other), "spanmill_document_bytes_total")).toBe(0);
  });
});

describe("what is counted", () => {
  it("is the worker's work", async () => {
    const metrics = open();
    const place = { topic: "tickets", partition: 0, offset: "7" };
    metrics.onWorker(done({ ner: { PER: 2, LOC: 1 } }));
    metrics.onWorker(done({ ner: { PER: 3 } }));
    metrics.onWorker({ kind: "dead-letter", place, code: "DOCUMENT_NOT_JSON", reason: "r", attempts: 0 });
    metrics.onWorker({ kind: "retry", place, code: "INFERENCE_FAILED", attempt: 1, delay: 5 });
    metrics.onWorker({ kind: "reduced", place, channel: "documents", droppedWords: true, parts: 3 });
    metrics.onWorker({ kind: "ended", reason: "stopped", abandoned: 4 });
    const families = await read(metrics);
    const value = (name: string, labels = {}) => sampleOf(families, `spanmill_${name}`, labels);
    expect(value("documents_total", { outcome: "record" })).toBe(2);
    expect(value("messages_total")).toBe(6);
    expect(value("spans_total", { lens: "ner", label: "PER" })).toBe(5);
    expect(value("dead_letters_total", { code: "DOCUMENT_NOT_JSON" })).toBe(1);
    expect(value("document_retries_total", { code: "INFERENCE_FAILED" })).toBe(1);
    expect(value("records_reduced_total", { channel: "documents", how: "parts" })).toBe(1);
    expect(value("records_reduced_total", { channel: "documents", how: "words_dropped" })).toBe(1);
    expect(value("abandoned_documents_total")).toBe(4);
  });

  it("is what Kafka and the caches do", async () => {
    const metrics = open();
    metrics.onSource({ kind: "rebalancing" });
    metrics.onSource({ kind: "committed", partitions: 2 });
    metrics.onSource({ kind: "commit-failed", partitions: 2, reason: "X" });
    metrics.onSource({ kind: "batch", topic: "tickets", partition: 0, messages: 12, lag: 3 });
    metrics.onSource({ kind: "crash", restart: true, reason: "X" });
    metrics.onLane({ kind: "split", topic: "out", partition: 1, records: 2, attempts: 1, cause: "X" });
    metrics.onBlocks("cached", 5);
    metrics.onBlocks("corrupt", 1);
    metrics.onMemory("hit", 4);
    metrics.onMemory("evicted", 1);
    metrics.onRedis("timeout", 2);
    metrics.onRedis("unwritten", 3);
    metrics.onRedisTrouble("OOM");
    metrics.onRedisTrouble("not a code");
    const families = await read(metrics);
    const value = (name: string, labels = {}) => sampleOf(families, `spanmill_${name}`, labels);
    expect(value("kafka_rebalances_total")).toBe(1);
    expect(value("kafka_commits_total", { result: "ok" })).toBe(1);
    expect(value("kafka_commits_total", { result: "failed" })).toBe(1);
    expect(value("kafka_messages_taken_total", { topic: "tickets" })).toBe(12);
    expect(value("kafka_consumer_crashes_total", { restart: "true" })).toBe(1);
    expect(value("send_events_total", { topic: "out", kind: "split" })).toBe(1);
    expect(value("blocks_total", { outcome: "cached" })).toBe(5);
    expect(value("cache_values_broken_total")).toBe(1);
    expect(value("cache_lookups_total", { tier: "memory", result: "hit" })).toBe(4);
    expect(value("cache_evictions_total", { tier: "memory" })).toBe(1);
    expect(value("cache_lookups_total", { tier: "redis", result: "timeout" })).toBe(2);
    expect(value("cache_writes_total", { tier: "redis", result: "unwritten" })).toBe(3);
    expect(value("redis_errors_total", { code: "OOM" })).toBe(1);
    expect(value("redis_errors_total", { code: "other" })).toBe(1);
  });

  it("has a bounded number of labels", async () => {
    const metrics = open();
    for (let i = 0; i < 1000; i++) metrics.onWorker(done({ ner: { [`L${i}`]: 1 } }));
    const spans = (await read(metrics)).find(({ name }) => name === "spanmill_spans_total");
    expect(spans?.samples.length).toBe(501);
    expect(spans?.samples.find(({ labels }) => labels.label === "other")?.value).toBe(500);
  });
});

describe("how things stand", () => {
  const partition = { topic: "tickets", watermark: "41", open: 2, distance: 3, bytes: 9 };

  it("is asked at each scrape, and forgotten when it is no more", async () => {
    const metrics = open();
    let partitions = [
      { ...partition, partition: 0, lag: 5 },
      { ...partition, partition: 1, lag: undefined },
    ];
    metrics.watch({ source: () => ({ heartbeatAge: 1_500, partitions }) });
    metrics.watch({
      worker: () => ({ documents: 3, bytes: 4, stalledFor: 2_000, blocked: 1, isDraining: true }),
      lanes: () => [{ topic: "out", partition: 2, records: 7, bytes: 70, oldestMs: 250 }],
      redis: () => "open",
    });
    const first = await read(metrics);
    const zero = { topic: "tickets", partition: "0" };
    expect(sampleOf(first, "spanmill_kafka_lag_messages", zero)).toBe(5);
    expect(sampleOf(first, "spanmill_kafka_lag_messages", { ...zero, partition: "1" })).toBeUndefined();
    expect(sampleOf(first, "spanmill_kafka_watermark_offset", zero)).toBe(41);
    expect(sampleOf(first, "spanmill_kafka_heartbeat_age_seconds")).toBe(1.5);
    expect(sampleOf(first, "spanmill_stalled_seconds")).toBe(2);
    expect(sampleOf(first, "spanmill_draining")).toBe(1);
    expect(sampleOf(first, "spanmill_lane_oldest_seconds", { topic: "out", partition: "2" })).toBe(0.25);
    expect(sampleOf(first, "spanmill_redis_state", { state: "open" })).toBe(1);
    expect(sampleOf(first, "spanmill_redis_state", { state: "closed" })).toBe(0);
    partitions = [{ ...partition, partition: 3, lag: 1 }];
    const second = await read(metrics);
    expect(sampleOf(second, "spanmill_kafka_lag_messages", zero)).toBeUndefined();
    expect(sampleOf(second, "spanmill_kafka_lag_messages", { ...zero, partition: "3" })).toBe(1);
  });

  it("says nothing of what is not there, or fails to answer", async () => {
    const metrics = open();
    expect(sampleOf(await read(metrics), "spanmill_in_flight_documents")).toBeUndefined();
    metrics.watch({
      memory: () => {
        throw new Error("zqxcanary");
      },
      loopLag: () => 500,
    });
    const families = await read(metrics);
    expect(sampleOf(families, "spanmill_cache_bytes")).toBeUndefined();
    expect(sampleOf(families, "spanmill_main_loop_late_seconds")).toBe(0.5);
  });
});
