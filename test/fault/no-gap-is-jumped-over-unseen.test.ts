/** Row 13 of the fault table: what was to be read next is gone from the log. */
import { setTimeout as pause } from "node:timers/promises";
import { beforeAll, describe, expect, it } from "vitest";
import { EXIT } from "../../src/errors.js";
import { openScenario, repetitions, type Scenario } from "../support/fault/scenario.js";
import type { FaultWorker } from "../support/fault/workers.js";
import { withAdmin } from "../support/kafka-members.js";
import { sharedKafka } from "../support/servers/shared.js";
import { until } from "../support/servers/until.js";

let bootstrap: string;
beforeAll(async () => {
  ({ bootstrap } = await sharedKafka());
}, 180_000);

const POLICIES = ["fail", "earliest", "latest"] as const;
type Policy = (typeof POLICIES)[number];
const TIMES = repetitions(1, 8);

describe.each(POLICIES)("by the policy %s", (policy) => {
  it(
    "a worker that starts says where it jumps, and does all that still exists",
    async () => {
      const run = await open(`out of range at the start: ${policy}`, policy);
      for (let time = 1; time <= TIMES; time++) {
        const before = run.observer.complete();
        const worker = run.start();
        await run.feed(300);
        await run.outputs(before + run.random.between(1, 200));
        await run.terminate(worker);
        await run.feed(300);
        const gap = await makeGap(run, policy);
        await readOn(run, run.start(), policy, gap);
        await run.terminateAll();
      }
      await endWell(run, policy);
    },
    repetitions(90_000, 300_000),
  );

  it(
    "a worker that runs says where it jumps, and does all that still exists",
    async () => {
      const run = await open(`out of range while it runs: ${policy}`, policy);
      for (let time = 1; time <= TIMES; time++) {
        const worker = run.start();
        await run.feed(300);
        await until("all committed", () => run.observer.inputs.size >= 300 && run.observer.lag() === 0);
        let gap: readonly Gap[] = [];
        await run.sleep(worker, async () => {
          // A fetch that waits in the broker is answered meanwhile, and finds nothing.
          await pause(1_000);
          await run.feed(300);
          gap = await makeGap(run, policy);
        });
        await readOn(run, worker, policy, gap);
        await run.terminateAll();
      }
      await endWell(run, policy);
    },
    repetitions(90_000, 300_000),
  );
});

interface Gap {
  readonly partition: number;
  readonly expected: bigint;
  /** Where reading goes on. */
  readonly found: bigint;
}

function open(name: string, policy: Policy): Promise<Scenario> {
  const settings = { "kafka.out-of-range": policy };
  return openScenario(name, { bootstrap, settings, partitions: 2 });
}

/** Deletes what is not committed, up to some place, from both partitions, and excuses what nobody can read any more. */
async function makeGap(run: Scenario, policy: Policy): Promise<Gap[]> {
  const fed = new Map<number, bigint>();
  await until("a look at all inputs", async () => {
    await run.observer.look();
    for (const { partition, offset } of run.observer.inputs.values()) {
      if (offset >= (fed.get(partition) ?? 0n)) fed.set(partition, offset + 1n);
    }
    return run.observer.inputs.size % 300 === 0;
  });
  const committed = run.observer.samples.at(-1)!.committed;
  const gaps = [...fed].map(([partition, high]) => {
    const expected = committed.get(partition) ?? 0n;
    const low = expected + BigInt(run.random.between(1, Number(high - expected) - 1));
    return { partition, expected, low, found: policy === "latest" ? high : low };
  });
  const partitions = gaps.map(({ partition, low }) => ({ partition, offset: `${low}` }));
  await run.fault("other", "records are deleted", () =>
    withAdmin(bootstrap, async (admin) => {
      // Which is how kafkajs learns where the leaders are.
      await admin.fetchTopicOffsets(run.input);
      await admin.deleteTopicRecords({ topic: run.input, partitions });
    }),
  );
  const inGap = gaps.flatMap(({ partition, expected, found }) =>
    Array.from({ length: Number(found - expected) }, (_, i) => `${partition}/${expected + BigInt(i)}`),
  );
  run.excuse(inGap);
  return gaps;
}

async function readOn(run: Scenario, worker: FaultWorker, policy: Policy, gaps: readonly Gap[]) {
  if (policy === "fail") {
    worker.expectEnd();
    const { status, stderr } = await worker.finished;
    expect(status).toBe(EXIT.input);
    expect(stderr).toMatch(/was to be read from offset \d+, which its log no longer holds/);
    const [{ partition, expected, found }] = jumpsOf(worker) as [Gap];
    expect(gaps).toContainEqual(expect.objectContaining({ partition, expected, found }));
    // What an operator does who has read the message.
    const next = run.start({ settings: { "kafka.out-of-range": "earliest" } });
    await until("all that exists", () => run.observer.lag() === 0);
    expect(jumpsOf(next)).toHaveLength(gaps.length);
    return;
  }
  await until("jumps in the log", () => jumpsOf(worker).length >= gaps.length);
  expect(jumpsOf(worker).toSorted((a, b) => a.partition - b.partition)).toEqual(
    gaps
      .map(({ partition, expected, found }) => ({ partition, expected, found }))
      .toSorted((a, b) => a.partition - b.partition),
  );
  await until("all that exists", () => run.observer.lag() === 0);
}

function jumpsOf(worker: FaultWorker): Gap[] {
  const lines = worker.log().split("\n");
  return lines
    .filter((line) => line.startsWith("{") && line.includes('"event":"offsets-jumped"'))
    .map((line) => JSON.parse(line))
    .map(({ partition, expected, found }) => ({
      partition,
      expected: BigInt(expected ?? -1),
      found: BigInt(found),
    }));
}

async function endWell(run: Scenario, policy: Policy): Promise<void> {
  // Behind the gap all goes on.
  await run.feed(300);
  run.start(policy === "fail" ? { settings: { "kafka.out-of-range": "earliest" } } : {});
  const report = await run.finish();
  expect(report.violations).toEqual([]);
  expect(report.inputs).toBe(600 * TIMES + 300);
}
