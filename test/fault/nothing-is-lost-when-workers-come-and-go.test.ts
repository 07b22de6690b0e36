/** Row 3 of the fault table: rebalances with work in flight. */
import { setTimeout as pause } from "node:timers/promises";
import { beforeAll, expect, it } from "vitest";
import { slowOutput } from "../support/fault/edits.js";
import { openScenario, repetitions } from "../support/fault/scenario.js";
import { sharedKafka } from "../support/servers/shared.js";

let bootstrap: string;
beforeAll(async () => {
  ({ bootstrap } = await sharedKafka());
}, 180_000);

const CHANGES = repetitions(6, 40);

it(
  `members join and leave, ${CHANGES} times, with work in flight`,
  async () => {
    const settings = { "kafka.session-timeout": "15s" };
    const run = await openScenario("members come and go", {
      ...{ bootstrap, partitions: 6, inFlight: 40, settings },
    });
    // So that there is work in flight at every rebalance.
    const edits = [slowOutput(100)];
    const all = [run.start({ edits })];
    const workers = [...all];
    await run.feed(500);
    for (let change = 1; change <= CHANGES; change++) {
      await Promise.all(workers.map((worker) => worker.joined()));
      await run.feed(500);
      await run.outputs(run.observer.complete() + run.random.between(1, 80));
      if (workers.length === 1 || (workers.length < 3 && run.random.between(0, 1) === 1)) {
        all.push(run.start({ edits }));
        workers.push(all.at(-1)!);
      } else {
        await run.terminate(workers.splice(run.random.between(0, workers.length - 1), 1)[0]!);
      }
      // So that some changes meet in one rebalance and others do not.
      await pause(run.random.between(0, 1_500));
    }
    await Promise.all(workers.map((worker) => worker.joined()));
    const logs = all.map((worker) => worker.log()).join("");
    const report = await run.finish();
    expect(report.violations).toEqual([]);
    expect(logs).toContain('"event":"group-drained"');
    // The drained kept none back, so nothing came twice.
    expect(report.duplicates).toEqual({});
  },
  repetitions(300_000, 900_000),
);
