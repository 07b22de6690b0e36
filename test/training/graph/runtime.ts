/** Runs a computation on ONNX Runtime, and compares numbers. */
import { switchOffTelemetry } from "../../../src/adapters/threads/telemetry.js";
import type { Dialect } from "../../../src/training/graph/lowering.js";
import { encodeModel } from "../../../src/training/graph/onnx-file.js";
import { toOnnx } from "../../../src/training/graph/onnx-model.js";
import type { Value } from "../../../src/training/graph/value.js";
import type { Feeds, Tensor } from "./reference.js";

switchOffTelemetry();
const { openGraphSession } = await import("../../../src/adapters/onnx/graph-session.js");

/** @param threads more than one, so that a race would show. */
export async function runOnnx(
  outputs: Readonly<Record<string, Value>>,
  feeds: Feeds,
  dialect: Dialect,
  threads = 2,
): Promise<Record<string, Tensor>> {
  const model = toOnnx(outputs, { dialect });
  const types = new Map(model.graph.input.map(({ name, type }) => [name, type.tensorType.elemType]));
  const session = await openGraphSession(encodeModel(model), { threads });
  try {
    const given = [...feeds].filter(([name]) => types.has(name));
    const results = await session.run(
      Object.fromEntries(
        given.map(([name, { shape, data }]) => {
          const integers = types.get(name) === 7;
          return [
            name,
            { shape, data: integers ? BigInt64Array.from(data, BigInt) : Float32Array.from(data) },
          ];
        }),
      ),
    );
    return Object.fromEntries(
      Object.entries(results).map(([name, { shape, data }]) => [
        name,
        { shape, data: Array.from(data, Number) },
      ]),
    );
  } finally {
    await session.release();
  }
}

/** The largest difference, as a part of the largest number that was expected. */
export function relativeError(actual: readonly number[], expected: readonly number[]): number {
  if (actual.length !== expected.length) return Number.POSITIVE_INFINITY;
  const scale = Math.max(1e-6, ...expected.map(Math.abs));
  return (
    Math.max(0, ...actual.map((a, i) => (Number.isFinite(a) ? Math.abs(a - expected[i]!) : 1e9))) / scale
  );
}

/** Numbers in [0, 1) that follow from a seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
