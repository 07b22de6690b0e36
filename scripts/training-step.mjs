// Measures one step of training on ONNX Runtime: forward and backward, all encoder weights; and the optimiser's step.
// node scripts/training-step.mjs [--batch 16] [--sequence 48] [--threads 2] [--steps 10] [--dropout] [--profile FILE]
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { switchOffTelemetry } from "../dist/src/adapters/threads/telemetry.js";

const { values: options } = parseArgs({
  options: {
    base: { type: "string", default: "../shared/base/minilm" },
    batch: { type: "string", default: "16" },
    sequence: { type: "string", default: "48" },
    threads: { type: "string", default: "2" },
    steps: { type: "string", default: "10" },
    dropout: { type: "boolean", default: false },
    profile: { type: "string" },
  },
});
const [batch, sequence, threads, steps] = ["batch", "sequence", "threads", "steps"].map((name) =>
  Number(options[name]),
);

switchOffTelemetry();
const { openGraphSession } = await import("../dist/src/adapters/onnx/graph-session.js");
const { encodeModel } = await import("../dist/src/training/graph/onnx-file.js");
const { toOnnx } = await import("../dist/src/training/graph/onnx-model.js");
const { readEncoderConfig } = await import("../dist/src/training/encoder-config.js");
const { readSafetensors } = await import("../dist/src/training/safetensors.js");
const { readBaseWeights } = await import("../dist/src/training/base-weights.js");
const { trainingStep } = await import("../dist/src/training/step.js");

const config = readEncoderConfig(
  JSON.parse(readFileSync(`${options.base}/config.json`, "utf8")),
  "config.json",
);
const lenses = [
  { name: "ner", labels: 9, weight: 1 },
  { name: "pos", labels: 17, weight: 1 },
  { name: "chunk", labels: 23, weight: 1 },
];
const step = trainingStep(config, lenses, {
  words: "rows",
  ...(options.dropout ? { dropout: (place) => !place.endsWith("probabilities") } : {}),
});

const file = "model.safetensors";
const tensors = readSafetensors(readFileSync(`${options.base}/${file}`), file);
const stored = new Map([...step.parameters].filter(([name]) => !name.startsWith("heads.")));
const weights = readBaseWeights(stored, tensors, file);

let random = 1;
const next = () => {
  random = (random * 48271) % 2147483647;
  return random / 2147483647;
};
const int64 = (shape, make) => {
  const data = BigInt64Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => BigInt(make()));
  return { data, shape };
};
const feeds = {
  input_ids: int64([batch, sequence], () => 1000 + Math.floor(next() * 20000)),
  attention_mask: int64([batch, sequence], () => 1),
  token_type_ids: int64([batch, sequence], () => 0),
};
for (const { name, labels } of lenses)
  feeds[`labels.${name}`] = int64([batch, sequence], () => Math.floor(next() * labels));
const size = { batch, sequence, "batch*sequence": batch * sequence };
const numbers = (shape, make) => {
  const dims = shape.map((dimension) => size[dimension] ?? dimension);
  return { data: Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, make), shape: dims };
};
for (const { name, shape } of step.masks) feeds[name] = numbers(shape, () => (next() < 0.1 ? 0 : 1 / 0.9));
for (const [name, { shape }] of step.parameters) {
  feeds[name] = weights.has(name)
    ? { data: weights.get(name), shape }
    : numbers(shape, () => (next() - 0.5) / 25);
}

const bytes = encodeModel(toOnnx(step.outputs, { dialect: "runtime", inputs: step.inputs }));
const started = performance.now();
const session = await openGraphSession(bytes, {
  threads,
  ...(options.profile ? { profile: options.profile } : {}),
});
console.log(`graph: ${bytes.length} bytes, opened in ${Math.round(performance.now() - started)} ms`);
const into = Object.fromEntries(
  Object.entries(step.outputs).map(([name, { shape }]) => [name, numbers(shape, () => 0)]),
);
const times = [];
let cpu = process.cpuUsage();
let loss = 0;
for (let i = 0; i < steps + 2; i++) {
  const before = performance.now();
  if (i === 2) cpu = process.cpuUsage();
  const results = await session.run(feeds, into);
  times.push(performance.now() - before);
  loss = results.loss.data[0];
}
const { user, system } = process.cpuUsage(cpu);
await session.release();
const sorted = times.slice(2).sort((a, b) => a - b);
const show = (ms) => `${(ms / 1000).toFixed(3)} s`;
console.log(
  `${batch} x ${sequence} pieces, ${threads} threads, forward and backward: median ${show(sorted[sorted.length >> 1])}, ` +
    `best ${show(sorted[0])}, processor time ${show((user + system) / 1000 / steps)} (loss ${loss.toFixed(5)}); peak memory ${Math.round(process.resourceUsage().maxRSS / 1024)} MB`,
);

// The optimiser, on all weights but the word table, written over what they replace.
const { adamw, adamwScalars } = await import("../dist/src/training/adamw.js");
const trained = [...step.gradientOf.keys()].map((name) => ({
  name,
  shape: step.parameters.get(name).shape,
  group: "all",
}));
const betas = { beta1: 0.9, beta2: 0.999 };
const update = encodeModel(toOnnx(adamw(trained, betas), { dialect: "runtime" }));
const optimiser = await openGraphSession(update, { threads });
const scalars = adamwScalars({
  ...betas,
  step: 1,
  epsilon: 1e-6,
  scale: 1,
  groups: { all: { rate: 1e-4, decay: 0.01 } },
});
const state = {};
for (const [name, value] of Object.entries(scalars))
  state[name] = { data: Float32Array.of(value), shape: [] };
const replaced = {};
for (const { name, shape } of trained) {
  state[name] = feeds[name];
  state[`gradient.${name}`] = into[step.gradientOf.get(name)];
  for (const moment of ["first", "second"]) state[`${moment}.${name}`] = numbers(shape, () => 0);
  for (const kind of ["", "first.", "second."]) replaced[`new.${kind}${name}`] = state[`${kind}${name}`];
}
const updates = [];
for (let i = 0; i < steps + 2; i++) {
  const before = performance.now();
  if (i === 2) cpu = process.cpuUsage();
  await optimiser.run(state, replaced);
  updates.push(performance.now() - before);
}
const spent = process.cpuUsage(cpu);
await optimiser.release();
const ordered = updates.slice(2).sort((a, b) => a - b);
console.log(
  `AdamW over ${trained.reduce((sum, { name }) => sum + feeds[name].data.length, 0)} weights: median ` +
    `${show(ordered[ordered.length >> 1])}, best ${show(ordered[0])}, processor time ` +
    `${show((spent.user + spent.system) / 1000 / steps)}`,
);
