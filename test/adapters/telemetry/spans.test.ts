import { SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { afterEach, describe, expect, it } from "vitest";
import { memorySink } from "../../../src/adapters/memory/sink.js";
import { memorySource } from "../../../src/adapters/memory/source.js";
import { openSpans, type SpanSettings } from "../../../src/adapters/telemetry/spans.js";
import { SpanmillError } from "../../../src/errors.js";
import type { WorkerEvent } from "../../../src/pipeline/worker-events.js";
import type { Intake, Source, SourceMessage } from "../../../src/ports/source.js";
import { recordingProvider } from "../../support/recorded-spans.js";
import { scriptedTagger } from "../../support/scripted-tagger.js";
import { message, startWorker } from "../../support/worker-parts.js";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const PARENT = "b7ad6b7169203331";
const SETTINGS: SpanSettings = {
  ...{ version: "1.2.3", system: "kafka", groupId: "workers", clientId: "w-1", each: "document" },
};

afterEach(() => trace.disable());

function record() {
  const { provider, spans } = recordingProvider();
  trace.setGlobalTracerProvider(provider);
  return spans;
}

function withParent(offset: number, parent: string, more: { partition?: number } = {}): SourceMessage {
  return message(offset, "text", { headers: [["traceparent", Buffer.from(parent)]], ...more });
}

/** Runs a worker over the messages. */
async function work(messages: readonly SourceMessage[], settings: Partial<SpanSettings> = {}): Promise<void> {
  const spans = openSpans({ ...SETTINGS, ...settings });
  const worker = startWorker({
    source: spans.source(memorySource(messages)),
    sink: memorySink(),
  });
  await worker.ended;
  for (const event of worker.events) spans.onWorker(event);
  spans.close();
}

describe("a span a document", () => {
  it("stands in the trace of who wrote the message, and says where it lay", async () => {
    const spans = record();
    await work([withParent(7, `00-${TRACE}-${PARENT}-01`)]);
    expect(spans.length).toBe(1);
    const [span] = spans;
    expect(span).toMatchObject({
      name: "process tickets",
      kind: SpanKind.CONSUMER,
      parent: { traceId: TRACE, spanId: PARENT, traceFlags: 1, isRemote: true },
      ends: 1,
      status: [],
      attributes: {
        "messaging.system": "kafka",
        "messaging.operation.name": "process",
        "messaging.operation.type": "process",
        "messaging.destination.name": "tickets",
        "messaging.destination.partition.id": "0",
        "messaging.consumer.group.name": "workers",
        "messaging.client.id": "w-1",
        "messaging.kafka.offset": 7,
        "spanmill.outcome": "record",
        "spanmill.messages": 1,
      },
    });
    expect(Object.keys(span!.attributes).filter((name) => name.endsWith(".duration")).length).toBe(5);
  });

  it.each([
    "",
    "00-x",
    `ff-${TRACE}-${PARENT}-01`,
    `00-${"0".repeat(32)}-${PARENT}-01`,
    `00-${TRACE}-${"0".repeat(16)}-01`,
    `00-${TRACE.toUpperCase()}-${PARENT}-01`,
  ])("begins a trace where the parent is %o", async (parent) => {
    const spans = record();
    await work([withParent(1, parent)]);
    expect([spans.length, spans[0]?.parent, spans[0]?.ends]).toEqual([1, undefined, 1]);
  });

  it("knows of failure, tombstone and file", async () => {
    const spans = record();
    await work([message(0, "", { value: Buffer.from("{") })]);
    await work([message(1, "", { value: undefined, key: Buffer.from("k") })]);
    await work([message(2, "text")], { system: undefined });
    const [failed, tombstone, file] = spans;
    expect(failed?.status).toEqual([{ code: SpanStatusCode.ERROR }]);
    expect(failed?.attributes["error.type"]).toBe("DOCUMENT_NOT_JSON");
    expect(failed?.events).toEqual([
      {
        name: "spanmill.dead_letter",
        attributes: {
          ...{ "messaging.kafka.offset": 0, "error.type": "DOCUMENT_NOT_JSON", "spanmill.attempts": 0 },
        },
      },
    ]);
    expect(tombstone?.attributes["messaging.kafka.message.tombstone"]).toBe(true);
    expect([file?.name, file?.attributes["messaging.system"]]).toEqual(["process", "file"]);
    expect(spans.map(({ ends }) => ends)).toEqual([1, 1, 1]);
  });

  it("ends as abandoned where the document is not finished", async () => {
    const spans = record();
    const traced = openSpans(SETTINGS);
    await handOver(traced.source, [message(0, "a")]);
    // A rebalance brings it again, while the first time is under way.
    await handOver(traced.source, [message(0, "a")]);
    traced.close();
    expect(spans.map(({ ends, attributes }) => [ends, attributes["error.type"]])).toEqual([
      [1, "abandoned"],
      [1, "abandoned"],
    ]);
  });

  it.each(["lost", "done"] as const)(
    "is the second one's where the first one says that it is %s",
    async (kind) => {
      const spans = record();
      const traced = openSpans(SETTINGS);
      const document = message(0, "a");
      const { place } = document;
      await handOver(traced.source, [document]);
      await handOver(traced.source, [document]);
      const done: WorkerEvent = {
        kind: "done",
        place,
        outcome: "record",
        messages: 1,
        bytes: 1,
        spans: {},
        times: { read: 0, engine: 0, write: 0, turn: 0, send: 0 },
      };
      traced.onWorker(kind === "lost" ? { kind, place } : done);
      expect(spans.map(({ ends }) => ends)).toEqual([1, 0]);
      traced.onWorker(done);
      expect(spans.map(({ ends, attributes }) => [ends, attributes["error.type"]])).toEqual([
        [1, "abandoned"],
        [1, undefined],
      ]);
    },
  );
});

describe("a span a batch", () => {
  it("links to the trace of each document, and none is its parent", async () => {
    const spans = record();
    const one = withParent(0, `00-${TRACE}-${PARENT}-01`);
    await work([one, message(1, "b"), message(2, "c", { partition: 1 })], { each: "batch" });
    expect(spans.map(({ attributes }) => attributes["messaging.batch.message_count"])).toEqual([2, 1]);
    expect(spans[0]).toMatchObject({ parent: undefined, ends: 1, name: "process tickets" });
    expect(spans[0]?.links).toMatchObject([
      { context: { traceId: TRACE, spanId: PARENT }, attributes: { "messaging.kafka.offset": 0 } },
    ]);
    expect(spans[0]?.attributes).not.toHaveProperty("messaging.kafka.offset");
  });

  it("holds at most 128", async () => {
    const spans = record();
    const traced = openSpans({ ...SETTINGS, each: "batch" });
    await handOver(
      traced.source,
      Array.from({ length: 300 }, (_, i) => withParent(i, `00-${TRACE}-${PARENT}-00`)),
    );
    traced.close();
    expect(spans.map(({ links, ends }) => [links.length, ends])).toEqual([
      [128, 1],
      [128, 1],
      [44, 1],
    ]);
  });
});

it("does nothing without an SDK, and the worker's own end stays its end", async () => {
  const traced = openSpans(SETTINGS);
  await work([message(0, "a")]);
  const broken: Source = {
    ...memorySource([]),
    run: async () => {
      throw new SpanmillError("KAFKA_CONSUMER_FAILED", "gone");
    },
  };
  const intake: Intake = { room: () => undefined, take: () => {} };
  await expect(traced.source(broken).run(intake)).rejects.toThrow("gone");
});

it("hands over the very deliveries of the source, which knows them by identity", async () => {
  record();
  const marked: unknown[] = [];
  const inner = memorySource([message(0, "dies")]);
  const source: Source = {
    ...inner,
    suspect: async (...deliveries) => {
      marked.push(...deliveries);
      await inner.suspect(...deliveries);
    },
  };
  let handed: unknown;
  const watched: Source = {
    ...source,
    run: (intake) =>
      source.run({
        ...intake,
        take: (delivery) => {
          handed = delivery;
          intake.take(delivery);
        },
      }),
  };
  let deaths = 0;
  const tagger = scriptedTagger(() => {
    if (deaths++ === 0) throw new SpanmillError("THREAD_DIED", "dead");
  });
  await startWorker({ source: openSpans(SETTINGS).source(watched), sink: memorySink(), tagger }).ended;
  expect(marked).toEqual([handed]);
  expect(marked[0]).toBe(handed);
});

async function handOver(wrap: (source: Source) => Source, messages: readonly SourceMessage[]): Promise<void> {
  await wrap(memorySource(messages)).run({ room: () => undefined, take: () => {} });
}
