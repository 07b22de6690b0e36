import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { GraphSession, Numbers } from "../../src/adapters/onnx/graph-session.js";
import { adamw, adamwScalars } from "../../src/training/adamw.js";
import { encodeModel } from "../../src/training/graph/onnx-file.js";
import { toOnnx } from "../../src/training/graph/onnx-model.js";
import { randomFrom, relativeError } from "./graph/runtime.js";

const { openGraphSession } = await import("../../src/adapters/onnx/graph-session.js");

const OPTIONS = { beta1: 0.9, beta2: 0.999 };
const EPSILON = 1e-6;
const GROUPS = { body: { rate: 3e-2, decay: 0.1 }, head: { rate: 2e-1, decay: 0 } };
const WEIGHTS = [
  { name: "a", shape: [40, 5], group: "body" },
  { name: "b", shape: [7], group: "head" },
] as const;

/** As the paper and PyTorch write it, in double precision. */
function plainStep(
  state: { w: number[]; m: number[]; v: number[] },
  g: readonly number[],
  t: number,
  { rate, decay }: { rate: number; decay: number },
): void {
  for (let i = 0; i < g.length; i++) {
    state.w[i]! *= 1 - rate * decay;
    state.m[i] = OPTIONS.beta1 * state.m[i]! + (1 - OPTIONS.beta1) * g[i]!;
    state.v[i] = OPTIONS.beta2 * state.v[i]! + (1 - OPTIONS.beta2) * g[i]! ** 2;
    const [first, second] = [state.m[i]! / (1 - OPTIONS.beta1 ** t), state.v[i]! / (1 - OPTIONS.beta2 ** t)];
    state.w[i]! -= (rate * first) / (Math.sqrt(second) + EPSILON);
  }
}

describe("AdamW", () => {
  let session: GraphSession;
  beforeAll(async () => {
    session = await openGraphSession(encodeModel(toOnnx(adamw(WEIGHTS, OPTIONS), { dialect: "runtime" })), {
      threads: 2,
    });
  });
  afterAll(() => session.release());

  /** @param places whether results are written over what they replace. */
  async function steps(places: "own" | "same", count: number): Promise<Record<string, number[]>> {
    const random = randomFrom(1);
    const feeds: Record<string, Numbers> = {};
    const plain: Record<string, { w: number[]; m: number[]; v: number[] }> = {};
    for (const { name, shape } of WEIGHTS) {
      const length = (shape as readonly number[]).reduce((a, b) => a * b, 1);
      const data = Float32Array.from({ length }, () => random() - 0.5);
      feeds[name] = { data, shape };
      feeds[`first.${name}`] = { data: new Float32Array(length), shape };
      feeds[`second.${name}`] = { data: new Float32Array(length), shape };
      plain[name] = { w: [...data], m: Array(length).fill(0), v: Array(length).fill(0) };
    }
    for (let step = 1; step <= count; step++) {
      const scale = step === 2 ? 0.25 : 1;
      for (const { name, shape, group } of WEIGHTS) {
        const gradient = Float32Array.from(plain[name]!.w, () => (random() - 0.5) / 10);
        feeds[`gradient.${name}`] = { data: gradient, shape };
        plainStep(
          plain[name]!,
          [...gradient].map((g) => g * scale),
          step,
          GROUPS[group],
        );
      }
      const scalars = adamwScalars({ ...OPTIONS, step, epsilon: EPSILON, scale, groups: GROUPS });
      for (const [name, number] of Object.entries(scalars)) {
        feeds[name] = { data: Float32Array.of(number), shape: [] };
      }
      const replaced = WEIGHTS.flatMap(({ name }) => [name, `first.${name}`, `second.${name}`]);
      const into = Object.fromEntries(replaced.map((name) => [`new.${name}`, feeds[name]!]));
      const results = await session.run(feeds, places === "same" ? into : {});
      for (const name of replaced) feeds[name] = results[`new.${name}`]!;
    }
    for (const { name } of WEIGHTS) {
      expect(relativeError(Array.from(feeds[name]!.data, Number), plain[name]!.w)).toBeLessThan(1e-5);
    }
    return Object.fromEntries(
      Object.entries(feeds).map(([name, { data }]) => [name, Array.from(data, Number)]),
    );
  }

  it("does what the paper's loop does, with clipped gradients and a rate and decay by group", async () => {
    await steps("own", 6);
  });

  it("gives the same bits when results are written over what they replace", async () => {
    expect(await steps("same", 6)).toEqual(await steps("own", 6));
  });
});
