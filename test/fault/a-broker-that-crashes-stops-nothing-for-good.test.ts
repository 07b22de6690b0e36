/** Row 6 of the fault table: the only broker is killed and started again on its data. */
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openScenario, repetitions } from "../support/fault/scenario.js";
import { KAFKA_GIVEN, type KafkaServer, startKafka } from "../support/servers/kafka.js";

const CRASHES = repetitions(1, 12);

describe.skipIf(KAFKA_GIVEN)("kill -9 of the only broker (skipped with that of KAFKA_BOOTSTRAP)", () => {
  let kafka: KafkaServer;
  beforeAll(async () => {
    kafka = await startKafka();
  }, 180_000);
  afterAll(() => kafka?.stop());

  it(
    `${CRASHES} times: the workers go on when it is back, without a restart of theirs`,
    async () => {
      const run = await openScenario("the broker crashes", { bootstrap: kafka.bootstrap });
      const workers = [run.start(), run.start()];
      await Promise.all(workers.map((worker) => worker.joined()));
      for (let crash = 1; crash <= CRASHES; crash++) {
        const before = run.observer.complete();
        await run.feed(1_000);
        await run.outputs(before + run.random.between(1, 500));
        const act = async () => {
          await kafka.kill(1);
          await pause(run.random.between(0, 4_000));
          await kafka.restart(1);
        };
        await run.fault("coordinator-loss", "kill -9 of the broker", act, "broker restart");
        await run.outputs(before + 1_000);
        expect(workers.map((worker) => worker.ended())).toEqual([undefined, undefined]);
      }
      const report = await run.finish();
      expect(report.violations).toEqual([]);
      expect(report.inputs).toBe(1_000 * CRASHES);
    },
    repetitions(180_000, 900_000),
  );
});
