/**
 * In which form a model of MiniLM's size is served quickest: float, int8 as it is exported, and int8 with what might be
 * better. Weights are random: no speed depends on them.
 */
import { type GraphSession, openGraphSession } from "../../src/adapters/onnx/graph-session.js";
import { quantise } from "../../src/training/export/quantise.js";
import { servedGraph } from "../../src/training/export/served-graph.js";
import { encodeModel, type OnnxModel } from "../../src/training/graph/onnx-file.js";
import { toOnnx } from "../../src/training/graph/onnx-model.js";
import { parametersOf, servedModel } from "../../src/training/step.js";
import { withJoinedProducts, withSkipLayerNormalization } from "./graph-forms.js";
import { type Bench, divide, inTurn } from "./harness.js";

const LENGTHS = [16, 64, 128] as const;
const CONFIG = {
  vocabulary: 30522,
  hidden: 384,
  layers: 6,
  heads: 12,
  intermediate: 1536,
  positions: 512,
  tokenTypes: 12,
  epsilon: 1e-12,
};
const LENSES = [
  { name: "ner", labels: 9 },
  { name: "pos", labels: 17 },
  { name: "chunk", labels: 23 },
];

export const bench: Bench = {
  question: "pieces per second by the form of the exported graph, [1, sequence], one thread",
  missing: () => undefined,
  async run({ rounds, scale }, report) {
    const weights = randomWeights();
    const float = servedGraph(CONFIG, LENSES, weights);
    const { outputs, inputs } = servedModel(CONFIG, LENSES);
    const int8 = quantise(float);
    const forms: Readonly<Record<string, OnnxModel>> = {
      float,
      int8,
      "int8, attention written out": quantise(toOnnx(outputs, { dialect: "portable", weights, inputs })),
      "int8, one scale a kernel": quantise(float, { scales: "tensor" }),
      "int8, SkipLayerNormalization": withSkipLayerNormalization(int8),
      "int8, query, key and value joined": quantise(withJoinedProducts(float, ".attention.self.")),
      "int8, heads joined": withJoinedProducts(int8, "heads."),
    };
    const sessions: Record<string, GraphSession> = {};
    for (const [name, model] of Object.entries(forms)) {
      sessions[name] = await openGraphSession(encodeModel(model), { threads: 1 });
    }
    for (const length of LENGTHS) {
      const windows = Math.max(1, Math.round((24_576 * scale) / length));
      const feeds = feedsOf(length);
      const sides = Object.fromEntries(
        Object.entries(sessions).map(([name, session]) => [
          name,
          async () => {
            for (let i = 0; i < windows; i++) await session.run(feeds);
          },
        ]),
      );
      const times = await inTurn(rounds, sides);
      for (const name of Object.keys(forms)) {
        const values = times[name]!.wall.map((time) => (windows * length) / time);
        report({ name: `${length} pieces: ${name}`, unit: "pieces/s", values });
        if (name === "float") continue;
        // Of one thread, the processor's time is what others on the machine disturb least.
        const plain = name === "int8" ? "float" : "int8";
        const ratio = divide(times[plain]!.cpu, times[name]!.cpu);
        report({ name: `${length} pieces: ${name}, speed against ${plain}`, unit: "x", values: ratio });
      }
    }
    for (const session of Object.values(sessions)) await session.release();
  },
};

function randomWeights(): Map<string, Float32Array> {
  const parameters = parametersOf(Object.values(servedModel(CONFIG, LENSES).outputs));
  let state = 1;
  return new Map(
    [...parameters].map(([name, { shape }]) => {
      const numbers = new Float32Array((shape as number[]).reduce((a, b) => a * b, 1));
      for (let i = 0; i < numbers.length; i++) {
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
        numbers[i] = (state / 2 ** 32 - 0.5) / 10;
      }
      return [name, numbers];
    }),
  );
}

function feedsOf(length: number) {
  const of = (number: (i: number) => number) => ({
    shape: [1, length],
    data: BigInt64Array.from({ length }, (_, i) => BigInt(number(i))),
  });
  return {
    input_ids: of((i) => 1000 + ((i * 7919) % 25_000)),
    attention_mask: of(() => 1),
    token_type_ids: of((i) => i % 12),
  };
}
