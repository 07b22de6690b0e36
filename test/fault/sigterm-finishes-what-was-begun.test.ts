/** Row 2 of the fault table: SIGTERM while the worker is full. */
import { beforeAll, expect, it } from "vitest";
import { slowOutput } from "../support/fault/edits.js";
import { openScenario, repetitions } from "../support/fault/scenario.js";
import { sharedKafka } from "../support/servers/shared.js";

let bootstrap: string;
beforeAll(async () => {
  ({ bootstrap } = await sharedKafka());
}, 180_000);

const STOPS = repetitions(2, 10);
/** As the workers have it: scenario.ts. */
const DRAIN_DEADLINE_MS = 10_000;

it(
  `SIGTERM while full, ${STOPS} times: exit 0 in time, all that was begun is committed, nothing comes twice`,
  async () => {
    // Nobody is to be put out of the group.
    const settings = { "kafka.session-timeout": "15s" };
    const run = await openScenario("SIGTERM while full", { bootstrap, settings });
    const slowest: number[] = [];
    for (let stop = 1; stop <= STOPS; stop++) {
      // It takes many seconds for all of it, so that it is full whenever the signal comes.
      const worker = run.start({ edits: [slowOutput(250)] });
      const before = run.observer.complete();
      await run.feed(3_000);
      await run.outputs(before + run.random.between(1, 300));
      slowest.push(await run.terminate(worker));
      await run.observer.look();
      // The worker was full: it left work for the next one.
      expect(run.observer.lag()).toBeGreaterThan(0);
      // Of each partition, all with an output is committed, and nothing else (I2 sees to that).
      expect(run.observer.inputs.size - run.observer.lag()!).toBe(run.observer.complete());
    }
    run.start();
    const report = await run.finish();
    expect(report.violations).toEqual([]);
    expect(report.duplicates).toEqual({});
    expect(Math.max(...slowest)).toBeLessThan(DRAIN_DEADLINE_MS);
    console.log(`ended ${slowest.map(Math.round).join(", ")} ms after SIGTERM`);
  },
  repetitions(180_000, 600_000),
);
