/** Rows 8 and 10 of the fault table: answers are lost, the network is cut, slow, or loses packets. */
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { openScenario, repetitions, type Scenario } from "../support/fault/scenario.js";
import { KAFKA_GIVEN, type KafkaServer, startKafka } from "../support/servers/kafka.js";
import type { FaultProxy } from "../support/servers/proxy.js";
import { until } from "../support/servers/until.js";

const PRODUCE = 0;
const FETCH = 1;
const OFFSET_COMMIT = 8;
const JOIN_GROUP = 11;
const HEARTBEAT = 12;
const TIMES = repetitions(1, 6);
const NOBODY_PUT_OUT = { "kafka.session-timeout": "15s" };

describe.skipIf(KAFKA_GIVEN)("a proxy before the broker (skipped with that of KAFKA_BOOTSTRAP)", () => {
  let kafka: KafkaServer;
  let proxy: FaultProxy;
  beforeAll(async () => {
    kafka = await startKafka({ proxied: true });
    proxy = kafka.proxied!.proxies[0]!;
  }, 180_000);
  afterAll(() => kafka?.stop());
  // What failed in the middle would leave its fault to the next.
  afterEach(() => proxy?.heal());

  it(
    "answers to sends are lost: no record is lost, none doubled, and keys keep their order",
    async () => {
      const run = await open("lost answers to sends", NOBODY_PUT_OUT);
      const worker = run.start();
      const before = proxy.dropped();
      const rounds = 6 * TIMES;
      for (let round = 1; round <= rounds; round++) {
        const done = run.observer.complete();
        const act = async () => {
          const lost = dropAnswers(PRODUCE, 1);
          await run.feed(150);
          await lost;
        };
        await run.fault("other", "an answer to a send is lost", act, "lost answer");
        await run.outputs(done + 150);
      }
      const report = await run.finish();
      expect(report.violations).toEqual([]);
      expect(report.duplicates).toEqual({});
      expect(proxy.dropped() - before).toBe(rounds);
      expect(worker.ended()?.status).toBe(0);
    },
    repetitions(300_000, 600_000),
  );

  it(
    "other answers are lost: to fetches, heartbeats, commits and joins",
    async () => {
      const run = await open("lost answers to all else");
      const worker = run.start();
      for (let time = 1; time <= TIMES; time++) {
        for (const [name, key] of Object.entries({ FETCH, HEARTBEAT, OFFSET_COMMIT })) {
          await run.feed(200);
          await run.fault("lost-answer", `an answer to ${name} is lost`, () => dropAnswers(key, 1));
        }
        const second = run.start();
        await run.fault("lost-answer", "an answer to JOIN_GROUP is lost", () => dropAnswers(JOIN_GROUP, 1));
        await second.joined();
        await run.terminate(second);
      }
      const report = await run.finish();
      expect(report.violations).toEqual([]);
      expect(worker.ended()?.status).toBe(0);
    },
    repetitions(300_000, 600_000),
  );

  it.each([
    { what: "for less than a session", least: 500, most: 3_000, kind: "short cut" },
    { what: "for longer than a session", least: 7_000, most: 9_000, kind: "long cut" },
  ])(
    "the network is cut $what: the worker goes on without a restart",
    async ({ what, least, most, kind }) => {
      const run = await open(`the network is cut ${what}`);
      const worker = run.start();
      for (let time = 1; time <= TIMES; time++) {
        const done = run.observer.complete();
        await run.feed(600);
        await run.outputs(done + run.random.between(1, 300));
        const act = async () => {
          proxy.cut();
          await pause(run.random.between(least, most));
          proxy.heal();
        };
        await run.fault("coordinator-loss", "the network is cut", act, kind);
        await run.outputs(done + 600);
      }
      const report = await run.finish();
      expect(report.violations).toEqual([]);
      expect(worker.ended()?.status).toBe(0);
    },
    repetitions(300_000, 600_000),
  );

  it(
    "all takes 500 ms longer: the worker keeps its place in the group",
    async () => {
      const run = await open("500 ms of delay", {}, 300);
      const worker = run.start();
      await run.feed(300);
      await run.outputs(50);
      await run.fault("other", "500 ms of delay", async () => {
        proxy.delay(500, 100);
        await run.feed(300 * TIMES);
        // A send and its answer take a second, a partition has one at a time.
        await run.outputs(300 + 300 * TIMES, repetitions(60_000, 300_000));
        proxy.heal();
      });
      const report = await run.finish();
      expect(report.violations).toEqual([]);
      expect(report.duplicates).toEqual({});
      expect(worker.log().match(/"event":"group-assigned"/g)).toHaveLength(1);
    },
    repetitions(300_000, 600_000),
  );

  it(
    "one packet in twenty is lost: the worker keeps its place in the group",
    async () => {
      const run = await open("5 % loss", NOBODY_PUT_OUT);
      const worker = run.start();
      await run.feed(300);
      await run.outputs(50);
      const before = proxy.lost();
      await run.fault("other", "5 % loss", async () => {
        proxy.lose(0.05);
        await run.feed(1_000 * TIMES);
        await run.outputs(300 + 1_000 * TIMES, repetitions(60_000, 300_000));
        proxy.heal();
      });
      expect(proxy.lost()).toBeGreaterThan(before);
      const report = await run.finish();
      expect(report.violations).toEqual([]);
      expect(report.duplicates).toEqual({});
      expect(worker.log().match(/"event":"group-assigned"/g)).toHaveLength(1);
    },
    repetitions(300_000, 600_000),
  );

  function open(
    name: string,
    settings: Readonly<Record<string, string>> = {},
    inFlight = 100,
  ): Promise<Scenario> {
    const workersBootstrap = kafka.proxied!.brokers.join(",");
    return openScenario(name, { bootstrap: kafka.bootstrap, workersBootstrap, inFlight, settings });
  }

  async function dropAnswers(apiKey: number, times: number): Promise<void> {
    const before = proxy.dropped();
    proxy.dropAnswers(apiKey, { times });
    await until("the loss", () => proxy.dropped() === before + times);
  }
});
