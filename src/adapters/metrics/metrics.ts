/**
 * What happened and how things stand, for Prometheus. The only place that knows prom-client; the registry is this object's
 * own. Labels are of closed lists, or of names that the configuration gives: nothing that a document brings is one.
 */
import { collectDefaultMetrics, Registry } from "prom-client";
import type { BlockOutcome } from "../../pipeline/block-cache.js";
import type { WorkerEvent } from "../../pipeline/worker-events.js";
import type { LaneEvent } from "../kafka/lane.js";
import type { KafkaLogLine } from "../kafka/log.js";
import type { KafkaSourceEvent } from "../kafka/source-events.js";
import type { MemoryOutcome } from "../memory/cache.js";
import type { RedisOutcome } from "../redis/cache.js";
import { type Counters, counters } from "./counters.js";
import { type GaugeSources, gauges } from "./gauges.js";

/** Each `on...` is an observer for the events of its name; none throws. */
export interface Metrics {
  onWorker(event: WorkerEvent): void;
  onSource(event: KafkaSourceEvent): void;
  onLane(event: LaneEvent): void;
  onKafkaClient(line: KafkaLogLine): void;
  onBlocks(outcome: BlockOutcome, count: number): void;
  onMemory(what: MemoryOutcome, count: number): void;
  onRedis(what: RedisOutcome, count: number): void;
  onRedisTrouble(code: string): void;
  /** Adds what is asked at each scrape. */
  watch(sources: GaugeSources): void;
  /** The exposition. */
  scrape(): Promise<{ readonly contentType: string; readonly text: string }>;
}

export function openMetrics(): Metrics {
  const registry = new Registry();
  const count = counters(registry);
  const gauge = gauges(registry);
  collectDefaultMetrics({ register: registry, prefix: "spanmill_" });
  const labels = labelNames();
  return {
    onWorker: (event) => worker(count, labels, event),
    onSource: (event) => source(count, event),
    onLane: ({ kind, topic }) => count.sendEvents.inc({ topic, kind }),
    onKafkaClient: ({ kind, level }) => {
      if (level === "error" || level === "warn") count.clientTroubles.inc({ kind });
    },
    onBlocks: (outcome, blocks) => {
      if (outcome === "corrupt") count.cacheBroken.inc(blocks);
      else count.blocks.inc({ outcome }, blocks);
    },
    onMemory: (what, keys) => {
      if (what === "evicted") count.evictions.inc({ tier: "memory" }, keys);
      else count.lookups.inc({ tier: "memory", result: what }, keys);
    },
    onRedis: (what, keys) => {
      if (what === "written" || what === "unwritten") count.writes.inc({ tier: "redis", result: what }, keys);
      else count.lookups.inc({ tier: "redis", result: what }, keys);
    },
    onRedisTrouble: (code) => count.redisTroubles.inc({ code: labels.code(code) }),
    watch: (sources) => gauge.watch(sources),
    async scrape() {
      gauge.read();
      return { contentType: registry.contentType, text: await registry.metrics() };
    },
  };
}

function worker(count: Counters, labels: LabelNames, event: WorkerEvent): void {
  switch (event.kind) {
    case "done":
      done(count, labels, event);
      return;
    case "dead-letter":
      count.deadLetters.inc({ code: event.code });
      return;
    case "reduced":
      if (event.droppedWords) count.reduced.inc({ channel: event.channel, how: "words_dropped" });
      if (event.parts > 1) count.reduced.inc({ channel: event.channel, how: "parts" });
      return;
    case "retry":
      count.retries.inc({ code: event.code });
      return;
    case "suspect":
      count.suspects.inc();
      return;
    case "stuck":
      count.stuck.inc(event.places.length);
      return;
    case "lost":
    case "draining":
      return;
    case "ended":
      count.abandoned.inc(event.abandoned);
      return;
  }
}

function done(
  count: Counters,
  labels: LabelNames,
  { outcome, bytes, messages, times, spans }: Extract<WorkerEvent, { kind: "done" }>,
): void {
  count.documents.inc({ outcome });
  count.documentBytes.inc(bytes);
  count.messages.inc(messages);
  let whole = 0;
  for (const [stage, ms] of Object.entries(times)) {
    count.stages.observe({ stage }, ms / 1000);
    whole += ms;
  }
  count.latency.observe(whole / 1000);
  for (const [lens, byLabel] of Object.entries(spans)) {
    for (const [label, found] of Object.entries(byLabel)) count.spans.inc(labels.span(lens, label), found);
  }
}

function source(count: Counters, event: KafkaSourceEvent): void {
  switch (event.kind) {
    case "rebalancing":
      count.rebalances.inc();
      return;
    case "drained":
      count.drains.observe(event.ms / 1000);
      return;
    case "positions-failed":
      count.positionsFailed.inc();
      return;
    case "committed":
      count.commits.inc({ result: "ok" });
      return;
    case "commit-failed":
      count.commits.inc({ result: "failed" });
      return;
    case "jump":
      count.jumps.inc({ topic: event.topic });
      return;
    case "unclean-end":
      count.uncleanEnds.inc({ topic: event.topic });
      return;
    case "heartbeat":
      count.heartbeats.inc();
      return;
    case "batch":
      count.taken.inc({ topic: event.topic }, event.messages);
      return;
    case "crash":
      count.crashes.inc({ restart: String(event.restart) });
      return;
    case "assigned":
      return;
  }
}

interface LabelNames {
  span(lens: string, label: string): { lens: string; label: string };
  code(code: string): string;
}

/** Labels are a model's, codes a server's: lists that are closed, but not by us. Beyond a bound they are one. */
function labelNames(): LabelNames {
  const spans = new Set<string>();
  const codes = new Set<string>();
  return {
    span: (lens, label) =>
      known(spans, `${lens} ${label}`, MOST_SPAN_LABELS) ? { lens, label } : { lens: OTHER, label: OTHER },
    code: (code) => (CODE.test(code) && known(codes, code, MOST_CODES) ? code : OTHER),
  };
}

function known(names: Set<string>, name: string, most: number): boolean {
  if (names.has(name)) return true;
  if (names.size >= most) return false;
  names.add(name);
  return true;
}

const MOST_SPAN_LABELS = 500;
const MOST_CODES = 50;
const OTHER = "other";
const CODE = /^[A-Z][A-Z0-9_]{1,60}$/;
