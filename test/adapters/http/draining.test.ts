/** The probes of a worker, from its start over a drain, as a first SIGTERM brings it, to its end. */
import { expect, it } from "vitest";
import { openProbes } from "../../../src/adapters/http/server.js";
import { memorySink } from "../../../src/adapters/memory/sink.js";
import { type HealthFacts, liveness, readiness } from "../../../src/pipeline/health.js";
import { message, startWorker, until } from "../../support/worker-parts.js";

it("stay live through a drain that waits for the output, and are no more ready", async () => {
  let acknowledge!: () => void;
  const acknowledged = new Promise<void>((resolve) => {
    acknowledge = resolve;
  });
  let isSent = false;
  let oldestSend = 0;
  let ended: HealthFacts["ended"] = "no";
  const sink = memorySink({
    acknowledge: () => {
      isSent = true;
      return acknowledged;
    },
  });
  const worker = startWorker({ messages: [message(0, "a")], sink });
  const facts = (): HealthFacts => ({
    ...{ modelsLoaded: true, sinkOpen: true, hasJoined: true, heartbeat: undefined, loopLag: 0 },
    ...{ worker: worker.status(), ended, redis: "unused" },
    oldestSend,
  });
  const limits = { stall: 50, heartbeat: 50, loopLag: 50, blocked: 100 };
  const probes = await openProbes({
    port: 0,
    live: () => liveness(facts(), limits),
    ready: () => readiness(facts(), limits),
    metrics: async () => ({ contentType: "text/plain", text: "" }),
  });
  const ask = async (path: string) => {
    const response = await fetch(`http://127.0.0.1:${probes.port}${path}`);
    return [response.status, await response.json()];
  };
  await until(() => isSent);
  expect(await ask("/readyz")).toEqual([200, { status: "ok", reasons: [] }]);
  worker.drain();
  expect(await ask("/readyz")).toEqual([503, { status: "not-ready", reasons: ["draining"] }]);
  oldestSend = 150;
  expect(worker.status()).toMatchObject({ documents: 1, blocked: 1, stalledFor: 0 });
  expect(await ask("/livez")).toEqual([200, { status: "blocked", reasons: ["output-waits"] }]);
  acknowledge();
  expect(await worker.ended).toEqual({ reason: "drained", abandoned: 0 });
  ended = "well";
  oldestSend = 0;
  expect(await ask("/readyz")).toEqual([503, { status: "not-ready", reasons: ["draining", "ended"] }]);
  expect(await ask("/livez")).toEqual([200, { status: "ok", reasons: [] }]);
  await probes.close();
});
