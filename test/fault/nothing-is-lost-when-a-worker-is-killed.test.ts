/** Row 1 of the fault table: kill -9 in the middle of a batch, again and again. */
import { beforeAll, describe, expect, it } from "vitest";
import { openScenario, repetitions } from "../support/fault/scenario.js";
import { sharedKafka } from "../support/servers/shared.js";

let bootstrap: string;
beforeAll(async () => {
  ({ bootstrap } = await sharedKafka());
}, 180_000);

const KILLS = repetitions(2, 20);

describe(`kill -9, ${KILLS} times at moments of chance`, () => {
  it(
    "of the only worker",
    async () => {
      const run = await openScenario("kill -9 mid-batch", { bootstrap });
      let worker = run.start();
      for (let kill = 1; kill <= KILLS; kill++) {
        const before = run.observer.complete();
        await run.feed(500);
        await run.outputs(before + run.random.between(1, 350));
        await run.kill(worker);
        worker = run.start();
      }
      await worker.joined();
      const report = await run.finish();
      expect(report.violations).toEqual([]);
      expect(report.faults).toBe(KILLS);
      expect(report.inputs).toBe(500 * KILLS);
    },
    repetitions(180_000, 900_000),
  );

  it(
    "of one of two, while another one comes",
    async () => {
      const run = await openScenario("kill -9 of one of two", { bootstrap, partitions: 6 });
      const workers = [run.start(), run.start()];
      for (let kill = 1; kill <= KILLS; kill++) {
        const before = run.observer.complete();
        await run.feed(500);
        await run.outputs(before + run.random.between(1, 350));
        await Promise.all(workers.map((worker) => worker.joined()));
        await run.kill(workers.splice(run.random.between(0, 1), 1)[0]!);
        workers.push(run.start());
      }
      await Promise.all(workers.map((worker) => worker.joined()));
      const report = await run.finish();
      expect(report.violations).toEqual([]);
      expect(report.inputs).toBe(500 * KILLS);
    },
    repetitions(180_000, 900_000),
  );
});
