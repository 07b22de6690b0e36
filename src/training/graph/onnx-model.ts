/** From a computation to an ONNX model. */
import { type Dialect, type Emitter, LOWERING_RULES, type LoweringRule } from "./lowering.js";
import { ELEMENT, type OnnxModel, type OnnxNode, type OnnxTensor, type OnnxValueInfo } from "./onnx-file.js";
import { type Dimension, factors, type Shape, show, wrongShape } from "./shape.js";
import { type DataType, inOrder, type Value } from "./value.js";

export interface ModelOptions {
  readonly dialect: Dialect;
  /** Parameters that are stored in the model, row-major; those that are not here are inputs of it. */
  readonly weights?: ReadonlyMap<string, Float32Array>;
  /** Inputs in the order wanted; those that are not here follow as the computation meets them. */
  readonly inputs?: readonly Value[];
}

/** 20 has Gelu. Version 9 of the format came with it. */
const OPERATOR_SET = 20;
const FORMAT = 9;

/**
 * @param outputs named results.
 * @throws SpanmillError INTERNAL where a weight does not have its parameter's size.
 */
export function toOnnx(outputs: Readonly<Record<string, Value>>, options: ModelOptions): OnnxModel {
  const order = inOrder(Object.values(outputs));
  const leaves = new Set<Value>([
    ...(options.inputs ?? []),
    ...[...order.flatMap((node) => node.inputs), ...Object.values(outputs)].filter(
      ({ source }) => source.kind !== "node",
    ),
  ]);
  const given = [...leaves].filter(({ source }) => isGiven(source, options.weights));
  const stored = [...leaves].filter(
    ({ source }) => source.kind === "parameter" && !isGiven(source, options.weights),
  );

  const assembly = assemble(options.dialect, given);
  const names = new Map<Value, string>();
  for (const [name, value] of Object.entries(outputs))
    if (value.source.kind === "node") names.set(value, name);
  const nameOf = (value: Value): string => {
    const { source } = value;
    if (source.kind === "constant") {
      return assembly.emitter.constant(value.type, value.shape as readonly number[], source.data);
    }
    if (source.kind !== "node") return source.name;
    const name = names.get(value) ?? assembly.fresh();
    names.set(value, name);
    return name;
  };

  const used = new Set<Value>([...order.flatMap((node) => node.inputs), ...Object.values(outputs)]);
  for (const node of order) {
    // Outputs at the end that nobody reads are not asked for.
    const wanted = node.outputs.slice(0, node.outputs.findLastIndex((output) => used.has(output)) + 1);
    const rule = LOWERING_RULES[node.operator] as LoweringRule;
    rule(assembly.emitter, node as never, node.inputs.map(nameOf), wanted.map(nameOf));
  }
  for (const [name, value] of Object.entries(outputs)) {
    if (nameOf(value) !== name) assembly.emitter.emit("Identity", [nameOf(value)], [name]);
  }

  return {
    irVersion: FORMAT,
    producerName: "spanmill",
    opsetImport: [
      { domain: "", version: OPERATOR_SET },
      ...(options.dialect === "runtime" ? [{ domain: "com.microsoft", version: 1 }] : []),
    ],
    graph: {
      name: "spanmill",
      node: assembly.nodes,
      initializer: [...stored.map((value) => storedWeight(value, options.weights!)), ...assembly.constants],
      input: given.map((value) => describe((value.source as { name: string }).name, value)),
      output: Object.entries(outputs).map(([name, value]) => describe(name, value)),
    },
  };
}

function isGiven(source: Value["source"], weights: ReadonlyMap<string, Float32Array> | undefined): boolean {
  return source.kind === "input" || (source.kind === "parameter" && weights?.has(source.name) !== true);
}

/** Collects nodes and constants under names that follow from their order. */
function assemble(dialect: Dialect, given: readonly Value[]) {
  const nodes: OnnxNode[] = [];
  const constants = new Map<string, OnnxTensor>();
  const sizes = new Map<string, string>();
  let count = 0;
  // No input, weight or lens begins with a slash, so nothing of ours can take its name.
  const fresh = (): string => `/${count++}`;

  const emitter: Emitter = {
    dialect,
    emit(opType, input, outputs, attribute = [], domain) {
      const output = outputs ?? [fresh()];
      const name = `${opType}_${nodes.length}`;
      nodes.push({ opType, name, input, output, attribute, ...(domain === undefined ? {} : { domain }) });
      return output[0]!;
    },
    constant(type, shape, data) {
      const key = `${type} ${show(shape)} ${data.join()}`;
      const known = constants.get(key);
      if (known !== undefined) return known.name;
      const name = `/constant/${constants.size}`;
      constants.set(key, { name, dims: shape, dataType: ELEMENT[type], rawData: rawBytes(type, data) });
      return name;
    },
    sizes(shape) {
      if (shape.every((dimension) => typeof dimension === "number")) {
        return emitter.constant("int64", [shape.length], shape);
      }
      const key = show(shape);
      const name = sizes.get(key) ?? emitSizes(emitter, shape, given);
      sizes.set(key, name);
      return name;
    },
  };
  return {
    emitter,
    fresh,
    nodes,
    get constants() {
      return [...constants.values()];
    },
  };
}

/** Reads named sizes from the inputs that have them, and puts a shape together when the graph runs. */
function emitSizes(emitter: Emitter, shape: Shape, given: readonly Value[]): string {
  const single = (dimension: Dimension): string => {
    const { number, names } = factors(dimension);
    const parts = names.map((name) => {
      const owner = given.find((value) => value.shape.includes(name));
      if (owner === undefined) throw wrongShape(`no input has an axis of size ${name}`);
      const all = emitter.emit("Shape", [(owner.source as { name: string }).name]);
      const index = emitter.constant("int64", [1], [owner.shape.indexOf(name)]);
      return emitter.emit("Gather", [all, index]);
    });
    if (number !== 1 || parts.length === 0) parts.push(emitter.constant("int64", [1], [number]));
    return parts.reduce((product, part) => emitter.emit("Mul", [product, part]));
  };
  const parts = shape.map(single);
  if (parts.length === 1) return parts[0]!;
  return emitter.emit("Concat", parts, undefined, [{ name: "axis", type: 2, i: 0 }]);
}

function rawBytes(type: DataType, data: readonly number[]): Uint8Array {
  const raw =
    type === "float32"
      ? Float32Array.from(data)
      : type === "int64"
        ? BigInt64Array.from(data, BigInt)
        : Uint8Array.from(data);
  return new Uint8Array(raw.buffer);
}

function storedWeight(value: Value, weights: ReadonlyMap<string, Float32Array>): OnnxTensor {
  const { name } = value.source as { name: string };
  const data = weights.get(name)!;
  const dims = value.shape as readonly number[];
  if (data.length !== dims.reduce((a, b) => a * b, 1)) {
    throw wrongShape(`${data.length} numbers for the weight ${name} of ${show(dims)}`);
  }
  const rawData = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return { name, dims, dataType: ELEMENT.float32, rawData };
}

function describe(name: string, { type, shape }: Value): OnnxValueInfo {
  const dim = shape.map((each) => (typeof each === "number" ? { dimValue: each } : { dimParam: each }));
  return { name, type: { tensorType: { elemType: ELEMENT[type], shape: { dim } } } };
}
