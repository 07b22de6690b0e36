/** Row 22 of the fault table: the wall clock steps by a minute, and runs too fast or too slow. */
import { setTimeout as pause } from "node:timers/promises";
import { Redis } from "ioredis";
import { beforeAll, describe, expect, it } from "vitest";
import { EXIT } from "../../src/errors.js";
import { blocksOf, TELL_BLOCKS } from "../support/fault/blocks.js";
import { faketimeClock, type PatchedClock, patchedClock, type WrongClock } from "../support/fault/clock.js";
import { faultDocuments } from "../support/fault/documents.js";
import { openScenario, repetitions, type Scenario } from "../support/fault/scenario.js";
import { type SteadyInput, steadyInput } from "../support/fault/steady.js";
import type { FaultWorker } from "../support/fault/workers.js";
import { leastOf } from "../support/least-of.js";
import { installFaketime } from "../support/servers/installed.js";
import { sharedKafka, sharedRedis } from "../support/servers/shared.js";

let bootstrap: string;
let redis: string;
beforeAll(async () => {
  ({ bootstrap } = await sharedKafka());
  ({ url: redis } = await sharedRedis());
  await installFaketime();
  faketime = faketimeClock();
}, 180_000);

const STEPS = repetitions(1, 6);
const STEP_MS = 60_000;
const SESSION_MS = 6_000;
let faketime: WrongClock;
/** Of a step back; what a machine that stands still may add to it once, and what nobody may take. */
const NOTICED_MS = SESSION_MS + 500;
const MOST_MS = 2 * SESSION_MS;

describe("a step", () => {
  it(
    "back: the worker ends by itself within the session, and the next one goes on with that clock",
    async () => {
      const run = await openScenario("clock back", { bootstrap });
      const clock = patchedClock();
      const { feed, done } = steadyInput(run);
      let steps = 0;
      const stepBack = async () => {
        const worker = run.start({ clock });
        await feed(300);
        await done();
        steps++;
        await clock.set({ offsetMs: -steps * STEP_MS }, worker);
        return endOf(run, feed, worker);
      };
      for (let step = 1; step <= STEPS; step++)
        expect(await leastOf(2, NOTICED_MS, stepBack)).toBeLessThan(NOTICED_MS);
      const next = run.start({ clock });
      await next.joined();
      await done();
      expect((await run.finish()).violations).toEqual([]);
    },
    repetitions(180_000, 600_000),
  );

  it.each(["memory", "redis"])(
    "forward: the worker goes on, and what %s keeps has aged by no more than the time that passed",
    async (kind) => {
      const prefix = `clock-${process.pid}-${Date.now()}:`;
      const run = await openScenario(`clock forward, ${kind}`, {
        bootstrap,
        settings: {
          ...{ "cache.kind": kind, "cache.ttl": "50s", "redis.timeout": "5s" },
          ...{ "redis.url": redis, "redis.prefix": prefix },
        },
      });
      const clock = patchedClock();
      const { feed, done, during, cacheIsUsed } = steadyInput(run);
      const worker = run.start({ clock, edits: [TELL_BLOCKS] });
      await cacheIsUsed(worker);
      for (let step = 1; step <= STEPS; step++) {
        const documents = faultDocuments(run.random, step * 10_000, step * 10_000 + 200, 3);
        await feed(documents);
        await done();
        const before = worker.log();
        await during("clock forward", SESSION_MS + 1_000, async () => {
          await clock.set({ offsetMs: step * STEP_MS }, worker);
          await feed(run.random.shuffled(documents));
          await done();
          expect(blocksOf(worker.log(), before)).toMatchObject({ computed: 0, corrupt: 0 });
        });
        const left = await lifetimes(prefix);
        expect(left.length > 0).toBe(kind === "redis");
        for (const ms of left) expect(ms > 0 && ms <= 50_000).toBe(true);
      }
      const report = await run.finish();
      expect(report.violations).toEqual([]);
      expect(report.duplicates).toEqual({});
    },
    repetitions(180_000, 600_000),
  );

  it("forward, then back, for all that the process asks for the time", async () => {
    const run = await openScenario("clock by faketime", { bootstrap });
    const { feed, done, during } = steadyInput(run);
    const forwardAndBack = async () => {
      const worker = run.start({ clock: faketime });
      await feed(300);
      await done();
      await during("clock forward", SESSION_MS + 1_000, () => faketime.set({ offsetMs: STEP_MS }));
      await faketime.set({ offsetMs: 0 });
      return endOf(run, feed, worker);
    };
    expect(await leastOf(2, NOTICED_MS, forwardAndBack)).toBeLessThan(NOTICED_MS);
    const next = run.start({ clock: faketime });
    await next.joined();
    await done();
    expect((await run.finish()).violations).toEqual([]);
  }, 180_000);
});

/** Feeds until the worker, whose clock stepped back just now, has ended. @returns how long that took, in milliseconds */
async function endOf(run: Scenario, feed: SteadyInput["feed"], worker: FaultWorker): Promise<number> {
  const from = performance.now();
  const died = run.died(worker);
  while (worker.ended() === undefined && performance.now() - from < MOST_MS) await feed(20);
  expect(worker.ended()).toBeDefined();
  const ms = performance.now() - from;
  await died;
  expect(worker.ended()?.status).toBe(EXIT.heartbeat);
  return ms;
}

describe("too fast or too slow", () => {
  it("nothing is noticed, and an idle worker sets no more timers than ever", async () => {
    const clock = patchedClock();
    const run = await openScenario("clock drifts", { bootstrap });
    const { during, feed, done } = steadyInput(run);
    const worker = run.start({ clock });
    await feed(100);
    await done();
    expect(await timersOf(clock, worker)).toBeLessThan(TIMERS);
    for (const rate of RATES.slice(0, repetitions(2, RATES.length))) {
      const drift = () => clock.set({ offsetMs: 0, rate }, worker);
      await during(`clock at ${rate}`, SESSION_MS + 1_000, drift);
      expect(await timersOf(clock, worker)).toBeLessThan(TIMERS);
    }
    const report = await run.finish();
    expect(report.violations).toEqual([]);
    expect(report.duplicates).toEqual({});
    expect(worker.log()).not.toMatch(/"consumer-crashed"/);
  }, 180_000);

  it.each([STEP_MS, -STEP_MS])(
    "nor does it after a step of %d ms",
    async (offsetMs) => {
      const clock = patchedClock();
      const run = await openScenario(`clock steps by ${offsetMs}, idle`, { bootstrap });
      const { feed, done } = steadyInput(run);
      const worker = run.start({ clock });
      await feed(100);
      await done();
      const end = offsetMs < 0 ? run.died(worker) : undefined;
      await clock.set({ offsetMs }, worker);
      expect(await timersOf(clock, worker)).toBeLessThan(TIMERS);
      await end;
      expect((await run.finish()).violations).toEqual([]);
    },
    180_000,
  );
});

const RATES = [0.8, 1.25, 0.999, 1.001];
const IDLE_MS = 2_000;
/** In so long at the least; kafkajs as it comes sets one each millisecond and connection. */
const TIMERS = 200;

async function timersOf(clock: PatchedClock, worker: FaultWorker): Promise<number> {
  const from = performance.now();
  const before = await clock.timers(worker);
  await pause(IDLE_MS);
  const set = (await clock.timers(worker)) - before;
  // The worker may have been asked later than that.
  return (set * IDLE_MS) / Math.max(IDLE_MS, performance.now() - from);
}

/** Milliseconds that the keys have left. */
async function lifetimes(prefix: string): Promise<number[]> {
  const control = new Redis(redis);
  try {
    return await Promise.all((await control.keys(`${prefix}*`)).map((key) => control.pttl(key)));
  } finally {
    control.disconnect();
  }
}
