/** How much of a pass its int8 products of matrices are: what no work around them can take away. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { BUILT_IN_MODEL } from "../../src/adapters/model-folder/built-in.js";
import { readModelFolder } from "../../src/adapters/model-folder/folder.js";
import { openGraphSession } from "../../src/adapters/onnx/graph-session.js";
import { type EncoderConfig, readEncoderConfig } from "../../src/training/encoder-config.js";
import { quantise } from "../../src/training/export/quantise.js";
import { encodeModel } from "../../src/training/graph/onnx-file.js";
import { toOnnx } from "../../src/training/graph/onnx-model.js";
import { add, linear, mul } from "../../src/training/graph/operators.js";
import { input, parameter, type Value } from "../../src/training/graph/value.js";
import { type Bench, divide, inTurn } from "./harness.js";

const LENGTHS = [16, 64, 128] as const;

export const bench: Bench = {
  question:
    "a graph of the int8 products alone, with their steps to bytes and their biases, against the whole pass",
  missing: () => undefined,
  async run({ rounds, scale }, report) {
    const { manifest } = await readModelFolder({ directory: BUILT_IN_MODEL, dtype: "auto" });
    const file = (path: string) => readFileSync(join(manifest.directory, path));
    const config = readEncoderConfig(JSON.parse(file("config.json").toString()), "config.json");
    const pass = await openGraphSession(file(manifest.onnxFile), { threads: 1 });
    const products = await openGraphSession(productsAlone(config), { threads: 1 });
    for (const length of LENGTHS) {
      const windows = Math.ceil((32_768 * scale) / length);
      const ids = (number: (i: number) => number) => ({
        shape: [1, length],
        data: BigInt64Array.from({ length }, (_, i) => BigInt(number(i))),
      });
      const ofPass = {
        input_ids: ids((i) => 1000 + ((i * 7919) % 25_000)),
        attention_mask: ids(() => 1),
        token_type_ids: ids((i) => i % 12),
      };
      const rows = Float32Array.from({ length: length * config.hidden }, (_, i) => Math.sin(i));
      const ofProducts = { rows: { shape: [length, config.hidden], data: rows } };
      const times = await inTurn(rounds, {
        async pass() {
          for (let i = 0; i < windows; i++) await pass.run(ofPass);
        },
        async products() {
          for (let i = 0; i < windows; i++) await products.run(ofProducts);
        },
      });
      report({
        name: `windows of ${length} pieces: products / pass`,
        unit: "",
        values: divide(times.products.cpu, times.pass.cpu),
        aim: "at least 0.8",
      });
      const pieces = times.pass.wall.map((time) => (windows * length) / time);
      report({ name: `windows of ${length} pieces: the pass`, unit: "pieces/s", values: pieces });
    }
    await pass.release();
    await products.release();
  },
};

/** Weights are random, of a size that neither swells nor shrinks what goes through: no speed depends on them. */
function productsAlone({ hidden, intermediate, layers }: EncoderConfig): Uint8Array {
  const weights = new Map<string, Float32Array>();
  let state = 1;
  const dense = (x: Value, width: number): Value => {
    const [name, depth] = [`product${weights.size / 2}`, x.shape[1] as number];
    const kernel = Float32Array.from({ length: depth * width }, () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return (state / 2 ** 32 - 0.5) * Math.sqrt(12 / depth);
    });
    weights.set(`${name}.kernel`, kernel).set(`${name}.bias`, new Float32Array(width));
    return linear(x, parameter(`${name}.kernel`, [depth, width]), parameter(`${name}.bias`, [width]));
  };
  let x = input("rows", "float32", ["sequence", hidden]);
  for (let layer = 0; layer < layers; layer++) {
    // Query, key and value share a step to bytes. Then what is made of the heads, and the two of the feed-forward part.
    const [query, key, value] = [dense(x, hidden), dense(x, hidden), dense(x, hidden)];
    x = mul(add(add(query, key), value), 1 / Math.sqrt(3));
    for (const width of [hidden, intermediate, hidden]) x = dense(x, width);
  }
  return encodeModel(quantise(toOnnx({ sums: x }, { dialect: "portable", weights })));
}
