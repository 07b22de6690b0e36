/** Row 4 of the fault table: a worker is stopped for longer than its session, others take over, and it wakes. */
import { beforeAll, expect, it } from "vitest";
import { EXIT } from "../../src/errors.js";
import { slowOutput } from "../support/fault/edits.js";
import { openScenario, repetitions } from "../support/fault/scenario.js";
import { withAdmin } from "../support/kafka-members.js";
import { sharedKafka } from "../support/servers/shared.js";
import { until } from "../support/servers/until.js";

let bootstrap: string;
beforeAll(async () => {
  ({ bootstrap } = await sharedKafka());
}, 180_000);

const SLEEPS = repetitions(2, 12);

it(
  `a worker sleeps longer than its session, ${SLEEPS} times, and commits nothing of what is another's now`,
  async () => {
    const settings = { "kafka.session-timeout": "2s" };
    const run = await openScenario("SIGSTOP past the session", { bootstrap, settings, inFlight: 50 });
    let sleeper = run.start();
    for (let sleep = 1; sleep <= SLEEPS; sleep++) {
      const before = run.observer.complete();
      await run.feed(600);
      await run.outputs(before + run.random.between(1, 300));
      const seen = sleeper.log().length;
      const other = run.start();
      // Sometimes before the other one is there, so that it takes over at once.
      if (run.random.between(0, 1) === 1) await other.joined();
      await run.sleep(sleeper, async () => {
        await run.feed(200);
        // All of it, what the sleeper had in flight too.
        await run.outputs(before + 800);
        await until("all committed by the other", () => run.observer.lag() === 0);
        await run.feed(100);
      });
      await until("the sleeper back, or ended by its own status", () => {
        const end = sleeper.ended();
        if (end !== undefined) return end.status === EXIT.heartbeat;
        return /"event":"group-assigned"/.test(sleeper.log().slice(seen));
      });
      await run.outputs(before + 900);
      if (sleeper.ended() === undefined) await run.terminate(run.random.between(0, 1) ? sleeper : other);
      sleeper = sleeper.ended() === undefined ? sleeper : other;
    }
    const report = await run.finish();
    expect(report.violations).toEqual([]);
    expect(report.inputs).toBe(900 * SLEEPS);
  },
  repetitions(300_000, 600_000),
);

it("the only worker sleeps longer than its session: it is put out, comes back, and what it had begun may come twice", async () => {
  const settings = { "kafka.session-timeout": "2s" };
  const run = await openScenario("SIGSTOP of the only worker", { bootstrap, settings, inFlight: 50 });
  const worker = run.start({ edits: [slowOutput(250)] });
  await run.feed(1_500);
  await run.outputs(run.random.between(1, 300));
  const seen = worker.log().length;
  // No event of the scenario's: the worker's own log must tell it.
  worker.started.process.kill("SIGSTOP");
  await until("a group without members", () => isEmpty(run.group));
  worker.started.process.kill("SIGCONT");
  await until("the worker back", () => /"event":"group-assigned"/.test(worker.log().slice(seen)));
  await run.outputs(1_500);
  const report = await run.finish();
  expect(report.violations).toEqual([]);
  expect(Object.keys(report.duplicates)).toEqual(["put-out"]);
  expect(worker.log().slice(seen)).not.toMatch(/"event":"(group-rebalancing|consumer-crashed)"/);
}, 300_000);

function isEmpty(group: string): Promise<boolean> {
  return withAdmin(bootstrap, async (admin) => {
    const { groups } = await admin.describeGroups([group]);
    return groups[0]!.members.length === 0;
  });
}
