import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { GraphSession, Numbers } from "../../../src/adapters/onnx/graph-session.js";
import { switchOffTelemetry } from "../../../src/adapters/threads/telemetry.js";
import { encodeModel } from "../../../src/training/graph/onnx-file.js";
import { toOnnx } from "../../../src/training/graph/onnx-model.js";
import { add, gather, square } from "../../../src/training/graph/operators.js";
import { input } from "../../../src/training/graph/value.js";

switchOffTelemetry();
const { openGraphSession } = await import("../../../src/adapters/onnx/graph-session.js");

const floats = (...numbers: number[]): Numbers => ({
  data: Float32Array.from(numbers),
  shape: [numbers.length],
});

describe("a session of a graph", () => {
  let session: GraphSession;
  beforeAll(async () => {
    const [x, y] = [input("x", "float32", ["n"]), input("y", "float32", ["n"])];
    const model = toOnnx({ sum: add(x, y), square: square(x) }, { dialect: "runtime", inputs: [x, y] });
    session = await openGraphSession(encodeModel(model), { threads: 1 });
  });
  afterAll(() => session.release());

  it("says what goes in and what comes out", () => {
    expect(session.inputs).toEqual(["x", "y"]);
    expect(session.outputs).toEqual(["sum", "square"]);
  });

  it("gives all results, or those that are asked for", async () => {
    const feeds = { x: floats(1, 2, 3), y: floats(10, 20, 30) };
    expect(await session.run(feeds)).toEqual({ sum: floats(11, 22, 33), square: floats(1, 4, 9) });
    expect(await session.run(feeds, {}, ["square"])).toEqual({ square: floats(1, 4, 9) });
  });

  it("writes into the arrays that it is given", async () => {
    const sum = floats(0, 0);
    const results = await session.run({ x: floats(1, 2), y: floats(3, 4) }, { sum });
    expect([...sum.data]).toEqual([4, 6]);
    expect(results.sum).toBe(sum);
    expect([...results.square!.data]).toEqual([1, 4]);
  });

  it("reads what an array holds when it runs", async () => {
    const feeds = { x: floats(1), y: floats(1) };
    await session.run(feeds);
    feeds.x.data[0] = 5;
    expect([...(await session.run(feeds)).sum!.data]).toEqual([6]);
  });

  it("fails with a code, and without the runtime's words, where an input is missing or does not fit", async () => {
    for (const feeds of [{ x: floats(1) }, { x: floats(1, 2), y: floats(1, 2, 3) }]) {
      await expect(session.run(feeds)).rejects.toMatchObject({
        code: "INFERENCE_FAILED",
        message: expect.stringMatching(/^ONNX Runtime failed on a graph \(\w*Error/),
      });
    }
  });

  it("is not opened on bytes that are no graph", async () => {
    await expect(openGraphSession(Uint8Array.of(1, 2, 3), { threads: 1 })).rejects.toMatchObject({
      code: "INTERNAL",
    });
  });

  it("does not copy what goes in", async () => {
    const [table, ids] = [input("table", "float32", ["rows", 1024]), input("ids", "int64", [1])];
    const model = toOnnx({ row: gather(table, ids) }, { dialect: "runtime" });
    const reader = await openGraphSession(encodeModel(model), { threads: 1 });
    const feeds = {
      table: { data: new Float32Array(2 ** 26), shape: [2 ** 16, 1024] },
      ids: { data: BigInt64Array.of(7n), shape: [1] },
    };
    await reader.run(feeds);
    const before = process.cpuUsage();
    await reader.run(feeds);
    const { user, system } = process.cpuUsage(before);
    await reader.release();
    // A copy of 256 MB takes more than 20 ms of processor time.
    expect((user + system) / 1000).toBeLessThan(10);
  });
});
