/** Rows 7, 9 and 12 of the fault table: leaders move, one of three brokers fails, the coordinator's, then two of them. */
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { slowOutput } from "../support/fault/edits.js";
import { openScenario, repetitions, type Scenario } from "../support/fault/scenario.js";
import { withAdmin } from "../support/kafka-members.js";
import { KAFKA_GIVEN, type KafkaServer, startKafka } from "../support/servers/kafka.js";
import { readCoordinator, readMetadata } from "../support/servers/metadata.js";
import { moveLeader } from "../support/servers/move-leader.js";
import { until } from "../support/servers/until.js";

const BROKERS = [1, 2, 3] as const;
const TIMES = repetitions(1, 6);
/** Where nothing may come twice; a coordinator that is gone takes the group with it in any case. */
const NOBODY_PUT_OUT = { "kafka.session-timeout": "15s" };
/** Of ConfigResource. */
const TOPIC = 2;

describe.skipIf(KAFKA_GIVEN)("three brokers (skipped with that of KAFKA_BOOTSTRAP)", () => {
  let kafka: KafkaServer;
  beforeAll(async () => {
    kafka = await startKafka({ brokers: 3 });
  }, 180_000);
  afterAll(() => kafka?.stop());

  it(
    "leaders move: no record is lost, none doubled, and keys keep their order",
    async () => {
      const run = await open("leaders move", NOBODY_PUT_OUT);
      const workers = [run.start(), run.start()];
      await Promise.all(workers.map((worker) => worker.joined()));
      const moves = repetitions(6, 40);
      await run.feed(500);
      await run.outputs(100);
      for (let move = 1; move <= moves; move++) {
        await run.feed(200);
        const topic = run.random.pick([run.input, run.topics.documents, run.topics.entities]);
        const partition = run.random.between(0, 1);
        const to = run.random.pick(BROKERS);
        const act = () => moveLeader(kafka.brokers, { topic, partition, to });
        await run.fault("other", `the leader of ${topic}/${partition} moves to ${to}`, act, "leader move");
      }
      const report = await run.finish();
      expect(report.violations).toEqual([]);
      expect(report.duplicates).toEqual({});
      expect(workers.map((worker) => worker.ended()?.status)).toEqual([0, 0]);
    },
    repetitions(300_000, 600_000),
  );

  it(
    "one is killed that is not the coordinator: the others take over, and nothing is doubled",
    async () => {
      const run = await open("one of three brokers is killed", NOBODY_PUT_OUT);
      const worker = run.start();
      for (let time = 1; time <= TIMES; time++) {
        const coordinator = await coordinatorOf(run);
        const victim = run.random.pick(BROKERS.filter((broker) => broker !== coordinator));
        await killedWhileFull(run, [victim], "other", "broker loss");
      }
      const report = await run.finish();
      expect(report.violations).toEqual([]);
      expect(report.duplicates).toEqual({});
      expect(worker.ended()?.status).toBe(0);
    },
    repetitions(300_000, 600_000),
  );

  it(
    "the coordinator's is killed: commits go on with another one, and no committed offset falls",
    async () => {
      const run = await open("the coordinator is killed");
      const worker = run.start();
      for (let time = 1; time <= TIMES; time++) {
        await killedWhileFull(run, [await coordinatorOf(run)], "coordinator-loss", "coordinator loss");
      }
      const report = await run.finish();
      expect(report.violations).toEqual([]);
      expect(worker.ended()?.status).toBe(0);
    },
    repetitions(300_000, 600_000),
  );

  it(
    "too few replicas are in sync: sends are held and tried again, and nothing is committed past them",
    async () => {
      const run = await open("too few in-sync replicas", NOBODY_PUT_OUT);
      await requireInSync(run, 3);
      // Much is left to do when the broker is gone.
      const worker = run.start({ edits: [slowOutput(250)] });
      const coordinator = await coordinatorOf(run);
      const victim = run.random.pick(BROKERS.filter((broker) => broker !== coordinator));
      await run.feed(1_500);
      await run.outputs(run.random.between(50, 300));
      const act = async () => {
        await kafka.kill(victim);
        await until("the refusal", () => /"code":"NOT_ENOUGH_REPLICAS/.test(worker.log()));
        expect(run.observer.lag()).toBeGreaterThan(0);
        await kafka.restart(victim);
      };
      await run.fault(
        "other",
        `kill -9 of broker ${victim}, and three must be in sync`,
        act,
        "too few in sync",
      );
      await run.outputs(1_500);
      await allInSync();
      const report = await run.finish();
      expect(report.violations).toEqual([]);
      expect(report.duplicates).toEqual({});
      expect(worker.ended()?.status).toBe(0);
    },
    repetitions(300_000, 600_000),
  );

  it(
    "two are killed at once: all stands still, and goes on when they are back",
    async () => {
      const run = await open("two of three brokers are killed");
      await requireInSync(run, 2);
      const worker = run.start();
      for (let time = 1; time <= TIMES; time++) {
        const spared = run.random.pick(BROKERS);
        const victims = BROKERS.filter((broker) => broker !== spared);
        await killedWhileFull(run, victims, "coordinator-loss", "two of three brokers lost");
      }
      const report = await run.finish();
      expect(report.violations).toEqual([]);
      expect(worker.ended()?.status).toBe(0);
    },
    repetitions(300_000, 600_000),
  );

  function open(name: string, settings: Readonly<Record<string, string>> = {}): Promise<Scenario> {
    return openScenario(name, { bootstrap: kafka.bootstrap, limits: { settleMs: 90_000 }, settings });
  }

  /** Kills brokers in the middle of work, waits until all is done that can be, and starts them again. */
  async function killedWhileFull(
    run: Scenario,
    victims: readonly number[],
    cause: "other" | "coordinator-loss",
    kind: string,
  ): Promise<void> {
    const before = run.observer.complete();
    await run.feed(600);
    await run.outputs(before + run.random.between(1, 300));
    const act = async () => {
      await Promise.all(victims.map((victim) => kafka.kill(victim)));
      if (victims.length === 1) await run.outputs(before + 600);
      else await pause(run.random.between(500, 4_000));
    };
    await run.fault(cause, `kill -9 of brokers ${victims.join(" and ")}`, act, kind);
    await run.fault(cause, "they start again", async () => {
      await Promise.all(victims.map((victim) => kafka.restart(victim)));
      await allInSync();
    });
    await run.outputs(before + 600);
  }

  async function coordinatorOf(run: Scenario): Promise<number> {
    const address = await until("a coordinator", () => readCoordinator(kafka.brokers[0]!, run.group));
    return kafka.brokers.indexOf(address) + 1;
  }

  async function allInSync(): Promise<void> {
    await until("all replicas in sync", async () => {
      const { partitions } = await readMetadata(kafka.brokers[0]!, await topicsOf());
      return partitions.every(({ replicas, inSync }) => inSync.length === replicas.length);
    });
  }

  function topicsOf(): Promise<string[]> {
    return withAdmin(kafka.bootstrap, (admin) => admin.listTopics());
  }

  /** Of the outputs. This way of altering replaces all settings of a topic. */
  async function requireInSync({ topics }: Scenario, least: number): Promise<void> {
    const resources = Object.values(topics).map((name) => ({
      type: TOPIC,
      name,
      configEntries: [
        { name: "message.timestamp.type", value: "LogAppendTime" },
        { name: "min.insync.replicas", value: String(least) },
      ],
    }));
    await withAdmin(kafka.bootstrap, (admin) => admin.alterConfigs({ validateOnly: false, resources }));
  }
});
