import { describe, expect, it } from "vitest";
import {
  kafkaLine,
  LOG_EVENTS,
  type LogLine,
  laneLine,
  processLine,
  redisStateLine,
  redisTroubleLine,
  sourceLine,
  workerLine,
} from "../../../src/adapters/log/lines.js";
import { type LogLevel, openLog } from "../../../src/adapters/log/log.js";
import { SpanmillError } from "../../../src/errors.js";
import { testClock } from "../../support/test-clock.js";

const PLACE = { topic: "tickets", partition: 3, offset: "12345678901234567890" };

function open(level: LogLevel = "debug") {
  const written: string[] = [];
  const clock = testClock();
  const stream = { write: (line: string) => written.push(line) };
  const log = openLog({ level, stream, clock, version: "1.2.3", instance: "w-1", repeatPeriod: 1_000 });
  const lines = () => written.map((line) => JSON.parse(line) as Record<string, unknown>);
  return { log, clock, written, lines };
}

describe("the log", () => {
  it("writes a line of JSON an event, with time, level by name, and who says it", () => {
    const { log, written, lines } = open();
    log.write(workerLine({ kind: "suspect", place: PLACE }));
    expect(written[0]).toMatch(/^[^\n]+\n$/);
    expect(lines()).toEqual([
      {
        level: "warn",
        time: "2023-11-14T22:13:20.000Z",
        service: "spanmill",
        version: "1.2.3",
        instance: "w-1",
        event: "document-suspect",
        ...PLACE,
      },
    ]);
  });

  it("leaves out what is below its level, and all of it when silent", () => {
    const heard = (level: LogLevel) => {
      const { log, lines } = open(level);
      log.write(sourceLine({ kind: "heartbeat", after: 3_000 }));
      log.write(sourceLine({ kind: "rebalancing" }));
      log.write(processLine({ kind: "failed", error: new Error("x") }));
      return lines().map(({ event }) => event);
    };
    expect(heard("debug")).toEqual(["heartbeat", "group-rebalancing", "failed"]);
    expect(heard("info")).toEqual(["group-rebalancing", "failed"]);
    expect(heard("fatal")).toEqual(["failed"]);
    expect(heard("silent")).toEqual([]);
  });

  it("tells of suspects once in a while, since after an unclean end there may be a thousand", () => {
    const { log, lines } = open();
    for (let n = 0; n < 1_000; n++) log.write(workerLine({ kind: "suspect", place: PLACE }));
    log.close();
    expect(lines()).toMatchObject([
      { event: "document-suspect", ...PLACE },
      { event: "lines-left-out", of: "document-suspect", count: 999 },
    ]);
  });

  it("tells the same trouble once in a while, and how often it was left out", () => {
    const { log, clock, lines } = open();
    const failed = (reason: string) =>
      log.write(sourceLine({ kind: "commit-failed", partitions: 2, reason }));
    for (let i = 0; i < 5; i++) failed("NOT_COORDINATOR");
    failed("REBALANCE_IN_PROGRESS");
    clock.pass(1_000);
    failed("NOT_COORDINATOR");
    failed("NOT_COORDINATOR");
    log.close();
    expect(
      lines().map(({ event, code, leftOut, count, of }) => ({ event, code, leftOut, count, of })),
    ).toEqual([
      { event: "commit-failed", code: "NOT_COORDINATOR" },
      { event: "commit-failed", code: "REBALANCE_IN_PROGRESS" },
      { event: "commit-failed", code: "NOT_COORDINATOR", leftOut: 4 },
      { event: "lines-left-out", of: "commit-failed", code: "NOT_COORDINATOR", count: 1 },
    ]);
  });

  it("writes every dead letter", () => {
    const { log, lines } = open();
    const letter = {
      kind: "dead-letter",
      place: PLACE,
      code: "DOCUMENT_POISON",
      reason: "r",
      attempts: 2,
    } as const;
    for (let i = 0; i < 5; i++) log.write(workerLine(letter));
    expect(lines().length).toBe(5);
  });

  it("survives a stream that does not take a line", () => {
    const stream = {
      write: () => {
        throw new Error("EPIPE");
      },
    };
    const log = openLog({ level: "info", stream, clock: testClock(), version: "1", instance: "w" });
    expect(() => log.write(processLine({ kind: "stopped", exit: 0 }))).not.toThrow();
  });
});

describe("lines", () => {
  const all: LogLine[] = [
    processLine({ kind: "ready", afterMs: 12.7 }),
    processLine({ kind: "limit-assumed", topics: ["t"], bytes: 1_048_588 }),
    workerLine({ kind: "stuck", places: Array.from({ length: 80 }, () => PLACE) }),
    workerLine({ kind: "ended", reason: "failed", abandoned: 2 }),
    sourceLine({ kind: "drained", before: 5, left: 1, ms: 20.4 }),
    sourceLine({ kind: "jump", topic: "t", partition: 1, expected: undefined, found: "9" }),
    laneLine({
      kind: "retry",
      topic: "t",
      partition: 0,
      records: 2,
      attempts: 3,
      cause: "NOT_LEADER_FOR_PARTITION",
    }),
    kafkaLine({ level: "info", kind: "group-joined", part: "Consumer", fields: { groupId: "g" } }),
    redisTroubleLine("OOM"),
    redisStateLine("away"),
  ];

  it("have names of the closed list, and plain fields", () => {
    for (const { event, level, ...fields } of all) {
      expect(LOG_EVENTS).toContain(event);
      expect(["debug", "info", "warn", "error", "fatal"]).toContain(level);
      for (const value of Object.values(fields).flat()) {
        expect(["string", "number", "boolean", "undefined"]).toContain(typeof value);
      }
    }
  });

  it("name a bounded number of places", () => {
    const { count, documents } = all[2]!;
    expect([count, (documents as string[]).length]).toEqual([80, 50]);
  });

  it("tell of our own errors what to do, and of others where they were born", () => {
    const ours = new SpanmillError("SINK_UNAVAILABLE", "Topic out takes nothing");
    expect(processLine({ kind: "failed", error: ours })).toMatchObject({
      ...{ level: "fatal", code: "SINK_UNAVAILABLE", reason: "Topic out takes nothing", retryable: true },
    });
    const { code, reason } = processLine({ kind: "failed", error: new TypeError("zqxcanary") });
    expect(code).toBe("INTERNAL");
    expect(reason).toMatch(/^TypeError at log\.test\.[jt]s:\d+:\d+$/);
  });

  it.each([
    ["NOT_LEADER_FOR_PARTITION", "NOT_LEADER_FOR_PARTITION"],
    ["KafkaJSConnectionError ECONNREFUSED 127.0.0.1:9092", "ECONNREFUSED"],
    ["KafkaJSNumberOfRetriesExceeded", "KafkaJSNumberOfRetriesExceeded"],
    ["TypeError", "TypeError"],
    ["zqxcanary", "unknown"],
    ["the mail of zqxcanary", "unknown"],
    ["TypeError: zqxcanary", "unknown"],
  ])("of the cause %o keep the code %o", (cause, code) => {
    const event = { kind: "retry", topic: "t", partition: 0, records: 1, attempts: 1, cause } as const;
    expect(laneLine(event).code).toBe(code);
  });
});
