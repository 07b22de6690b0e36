/**
 * Nothing that a document brings, and no word of a foreign error, gets into logs, metrics or spans: a worker is run through
 * all that it tells of, with a canary in every place where a document or a failure has words.
 */
import { trace } from "@opentelemetry/api";
import type { LogEntry } from "kafkajs";
import { afterEach, describe, expect, it } from "vitest";
import { describeKafka, type KafkaLogLine, logThrough } from "../../src/adapters/kafka/log.js";
import { type KafkaSourceEvent, reasonOf } from "../../src/adapters/kafka/source-events.js";
import {
  kafkaLine,
  laneLine,
  processLine,
  redisTroubleLine,
  sourceLine,
  workerLine,
} from "../../src/adapters/log/lines.js";
import { openLog } from "../../src/adapters/log/log.js";
import { memorySink } from "../../src/adapters/memory/sink.js";
import { memorySource } from "../../src/adapters/memory/source.js";
import { openMetrics } from "../../src/adapters/metrics/metrics.js";
import { codeOf } from "../../src/adapters/redis/within.js";
import { openSpans } from "../../src/adapters/telemetry/spans.js";
import { SpanmillError } from "../../src/errors.js";
import type { SourceMessage } from "../../src/ports/source.js";
import { recordingProvider } from "../support/recorded-spans.js";
import { scriptedTagger, textOfBlock } from "../support/scripted-tagger.js";
import { CLOCK, message, startWorker } from "../support/worker-parts.js";

const CANARY = "zqxcanary";
const HEADERS = [
  [CANARY, Buffer.from(CANARY)],
  ["traceparent", Buffer.from("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")],
  ["tracestate", Buffer.from(`${CANARY}=${CANARY}`)],
] as const;

afterEach(() => trace.disable());

/** All that an operator gets to see. */
function observed() {
  const written: string[] = [];
  const { provider, spans: recorded } = recordingProvider();
  trace.setGlobalTracerProvider(provider);
  const log = openLog({
    level: "debug",
    stream: { write: (line: string) => written.push(line) },
    clock: CLOCK,
    version: "1.2.3",
    instance: "w-1",
    repeatPeriod: 0,
  });
  const metrics = openMetrics();
  const told = async () => ({
    log: written.join(""),
    metrics: (await metrics.scrape()).text,
    spans: JSON.stringify(recorded),
  });
  return { log, metrics, told };
}

function bearing(offset: number, more: Partial<SourceMessage> = {}): SourceMessage {
  const value = Buffer.from(JSON.stringify({ id: CANARY, text: `Dear ${CANARY}, Zqxcanary.` }));
  return message(offset, "", { key: Buffer.from(CANARY), value, headers: HEADERS, ...more });
}

describe("documents", () => {
  it.each(["document", "batch"] as const)("leave no word behind, with a span a %s", async (each) => {
    const { log, metrics, told } = observed();
    const spans = openSpans({ version: "1.2.3", system: "kafka", each });
    let answers = 0;
    const tagger = scriptedTagger((blocks) => {
      if (blocks.some((block) => textOfBlock(block).includes("broken"))) throw new TypeError(CANARY);
      if (blocks.some((block) => textOfBlock(block).includes("poison")))
        throw new SpanmillError("THREAD_DIED", "a thread died");
      if (answers++ === 0) throw new SpanmillError("SINK_UNAVAILABLE", "passes");
    });
    const text = (words: string) => Buffer.from(JSON.stringify({ id: CANARY, text: `${words} ${CANARY}` }));
    const worker = startWorker({
      source: spans.source(
        memorySource([
          bearing(0),
          bearing(1, { value: text("broken") }),
          bearing(2, { value: text("poison") }),
          bearing(3, { value: Buffer.from(CANARY) }),
          bearing(4, { value: Buffer.from(`{"text": ["${CANARY}"]}`) }),
          bearing(5, { value: undefined }),
          bearing(6, { value: Buffer.from(`{"text": "${CANARY.repeat(900)}"}`) }),
        ]),
      ),
      sink: memorySink({ limits: { documents: 6_000 } }),
      tagger,
    });
    await worker.ended;
    for (const told of worker.events) {
      // Reasons hold no text either, but none of these three relies on it.
      const event = told.kind === "dead-letter" ? { ...told, reason: CANARY } : told;
      log.write(workerLine(event));
      metrics.onWorker(event);
      spans.onWorker(event);
    }
    spans.close();
    const all = await told();
    // All that is looked for has been told of.
    const kinds = new Set(worker.events.map(({ kind }) => kind));
    expect([...kinds].sort()).toEqual(["dead-letter", "done", "ended", "retry", "suspect"]);
    for (const code of ["DOCUMENT_NOT_JSON", "DOCUMENT_FIELD_MISSING", "DOCUMENT_POISON", "INTERNAL"]) {
      expect(all.log).toContain(code);
      expect(all.metrics).toContain(`spanmill_dead_letters_total{code="${code}"}`);
      expect(all.spans).toContain(code);
    }
    for (const [where, said] of Object.entries(all)) expect({ where, said }).toEqual(clean(where, said));
  });
});

describe("failures", () => {
  const foreign = Object.assign(new Error(`${CANARY} of ${CANARY}`), { buffer: Buffer.from(CANARY) });
  const wrapped = Object.assign(new Error(CANARY, { cause: foreign }), { name: "KafkaJSConnectionError" });
  const named = Object.assign(new Error(CANARY), { name: CANARY, code: CANARY, type: CANARY });

  it("are told by code and class, whoever made them", async () => {
    const { log, metrics, told } = observed();
    for (const error of [foreign, wrapped, named, CANARY, { message: CANARY }]) {
      const events: KafkaSourceEvent[] = [
        { kind: "commit-failed", partitions: 1, reason: reasonOf(error) },
        { kind: "positions-failed", reason: reasonOf(error) },
        { kind: "crash", restart: true, reason: reasonOf(error) },
      ];
      for (const event of events) {
        log.write(sourceLine(event));
        metrics.onSource(event);
      }
      const lane = { topic: "out", partition: 0, records: 1, attempts: 1, cause: describeKafka(error) };
      log.write(laneLine({ kind: "retry", ...lane }));
      metrics.onLane({ kind: "retry", ...lane });
      log.write(redisTroubleLine(codeOf(error)));
      metrics.onRedisTrouble(codeOf(error));
      // An identifier that is an error's name counts as its class there.
      if (error !== named) log.write(processLine({ kind: "failed", error }));
    }
    for (const [where, said] of Object.entries(await told()))
      expect({ where, said }).toEqual(clean(where, said));
  });

  it("of kafkajs are told by what they are about", async () => {
    const { log, metrics, told } = observed();
    const line = (entry: KafkaLogLine) => {
      log.write(kafkaLine(entry));
      metrics.onKafkaClient(entry);
    };
    const write = logThrough(line)(4);
    for (const said of [
      "Connection error: ",
      "Response Produce",
      "Crash: ",
      "Failed to send messages: ",
      "",
    ]) {
      const fields = { message: `${said}${CANARY}`, error: CANARY, stack: CANARY, payload: { data: CANARY } };
      const entry = { namespace: "Producer", level: 1, label: "ERROR", log: { timestamp: "", ...fields } };
      write(entry as unknown as LogEntry);
    }
    const all = await told();
    expect(all.log.match(/"event":"kafka-client"/g)?.length).toBe(5);
    for (const [where, said] of Object.entries(all)) expect({ where, said }).toEqual(clean(where, said));
  });
});

/** The same without the canary, so that a difference shows where it sat. */
function clean(where: string, said: string): { where: string; said: string } {
  return { where, said: said.replace(new RegExp(CANARY, "gi"), "(gone)") };
}
