import { expect, it } from "vitest";
import { watchLoop } from "../../../src/adapters/http/loop-lag.js";
import { CLOCK } from "../../support/worker-parts.js";

it("knows how long the main loop was held", async () => {
  const lag = watchLoop(CLOCK, 20);
  await new Promise((resolve) => setTimeout(resolve, 60));
  const before = lag.now();
  const until = performance.now() + 300;
  while (performance.now() < until);
  const held = lag.now();
  // The timer has run since, and found itself late.
  await new Promise((resolve) => setTimeout(resolve, 1));
  const told = lag.now();
  lag.stop();
  expect(before).toBeLessThan(200);
  expect(held).toBeGreaterThan(200);
  expect(told).toBeGreaterThan(200);
});
