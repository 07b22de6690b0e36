import { describe, expect, it } from "vitest";
import { createStopping } from "../../src/adapters/stopping.js";
import { collectGarbage } from "../support/garbage.js";

describe("a wait that can be stopped", () => {
  it("is kept, or not, as its promise is", async () => {
    const stopping = createStopping();
    expect(await stopping.before(Promise.resolve(1))).toBe(1);
    await expect(stopping.before(Promise.reject(new Error("no")))).rejects.toThrow("no");
  });

  it("ends when it is stopped, and from then on at once", async () => {
    const stopping = createStopping();
    const never = new Promise<number>(() => {});
    const waiting = stopping.before(never);
    stopping.stop();
    expect(await waiting).toBeUndefined();
    expect(await stopping.before(never)).toBeUndefined();
    expect(stopping.isStopped).toBe(true);
  });

  it("leaves nothing behind", async () => {
    const stopping = createStopping();
    const size = async () => {
      await collectGarbage();
      return process.memoryUsage().heapUsed;
    };
    await stopping.before(Promise.resolve());
    const start = await size();
    for (let i = 0; i < 50_000; i++) await stopping.before(Promise.resolve());
    expect((await size()) - start).toBeLessThan(2_000_000);
    stopping.stop();
  });
});
