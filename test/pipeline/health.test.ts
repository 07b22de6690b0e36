import { describe, expect, it } from "vitest";
import { type HealthFacts, liveness, readiness } from "../../src/pipeline/health.js";
import type { WorkerStatus } from "../../src/pipeline/worker.js";

const LIMITS = { stall: 60_000, heartbeat: 90_000, loopLag: 10_000, blocked: 10_000 };
const WORKER: WorkerStatus = { documents: 3, bytes: 300, stalledFor: 0, blocked: 0, isDraining: false };
const FACTS: HealthFacts = {
  modelsLoaded: true,
  sinkOpen: true,
  hasJoined: true,
  worker: WORKER,
  ended: "no",
  heartbeat: { age: 100, brokerTroubleAge: undefined },
  oldestSend: 0,
  loopLag: 0,
  redis: "ok",
};
const live = (changes: Partial<HealthFacts>) => liveness({ ...FACTS, ...changes }, LIMITS);
const ready = (changes: Partial<HealthFacts>) => readiness({ ...FACTS, ...changes }, LIMITS);

describe("liveness", () => {
  it("is well in the midst of work, and before there is any", () => {
    expect(live({})).toEqual({ ok: true, status: "ok", reasons: [] });
    expect(live({ worker: undefined, heartbeat: undefined, modelsLoaded: false })).toMatchObject({
      ok: true,
    });
  });

  it.each([
    [{ worker: { ...WORKER, stalledFor: 60_001 } }, "threads-stalled"],
    [{ heartbeat: { age: 90_001, brokerTroubleAge: undefined } }, "heartbeat-lost"],
    // The trouble is older than the last heartbeat, so it explains nothing.
    [{ heartbeat: { age: 90_001, brokerTroubleAge: 95_000 } }, "heartbeat-lost"],
    [{ loopLag: 10_001 }, "loop-late"],
    [{ ended: "failed" as const }, "worker-failed"],
  ])("fails of what a restart may mend: %o", (changes, reason) => {
    expect(live(changes)).toEqual({ ok: false, status: "failing", reasons: [reason] });
  });

  it("waits for a broker that takes nothing, for however long", () => {
    const worker = { ...WORKER, blocked: 3 };
    expect(live({ worker, oldestSend: 3_600_000 })).toEqual({
      ok: true,
      status: "blocked",
      reasons: ["output-waits"],
    });
  });

  it("does not take an outage of the broker for a lost heartbeat", () => {
    expect(live({ heartbeat: { age: 600_000, brokerTroubleAge: 2_000 } })).toEqual({
      ok: true,
      status: "blocked",
      reasons: ["broker-away"],
    });
  });

  it("expects no heartbeat while the group joins, and knows nothing of Redis", () => {
    expect(live({ heartbeat: { age: undefined, brokerTroubleAge: undefined } }).ok).toBe(true);
    expect(live({ redis: "away" })).toEqual({ ok: true, status: "ok", reasons: [] });
  });

  it("still fails of a stall while the output waits", () => {
    const worker = { ...WORKER, stalledFor: 60_001 };
    const { ok, reasons } = live({ worker, oldestSend: 20_000 });
    expect({ ok, reasons }).toEqual({ ok: false, reasons: ["threads-stalled", "output-waits"] });
  });

  it("goes on through a drain", () => {
    expect(live({ worker: { ...WORKER, isDraining: true } }).ok).toBe(true);
    expect(live({ ended: "well" }).ok).toBe(true);
  });
});

describe("readiness", () => {
  it.each([
    [{ modelsLoaded: false }, "models-loading"],
    [{ sinkOpen: false }, "sink-opening"],
    [{ hasJoined: false }, "group-joining"],
    [{ worker: { ...WORKER, isDraining: true } }, "draining"],
    [{ ended: "well" as const }, "ended"],
  ])("is not there yet, or no more: %o", (changes, reason) => {
    expect(ready(changes)).toEqual({ ok: false, status: "not-ready", reasons: [reason] });
  });

  it("is degraded, not away, without Redis", () => {
    expect(ready({ redis: "away" })).toEqual({ ok: true, status: "degraded", reasons: ["redis-away"] });
    expect(ready({ redis: "unused" })).toEqual({ ok: true, status: "ok", reasons: [] });
  });

  it("names all reasons at once", () => {
    const { reasons } = ready({ modelsLoaded: false, hasJoined: false, redis: "away" });
    expect(reasons).toEqual(["models-loading", "group-joining", "redis-away"]);
  });

  it("stays while the output waits", () => {
    expect(ready({ oldestSend: 20_000 })).toEqual({ ok: true, status: "blocked", reasons: ["output-waits"] });
  });
});
