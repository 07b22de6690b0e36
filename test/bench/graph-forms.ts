/** Other graphs for the same computation, which might have been quicker. */
import {
  ATTRIBUTE,
  ELEMENT,
  type OnnxModel,
  type OnnxNode,
  type OnnxTensor,
} from "../../src/training/graph/onnx-file.js";

/** Each sum that is normalised at once, as ONNX Runtime's own operator for it. */
export function withSkipLayerNormalization(model: OnnxModel): OnnxModel {
  const sums = new Map(
    model.graph.node.filter(({ opType }) => opType === "Add").map((node) => [node.output[0]!, node]),
  );
  const joined = new Set<OnnxNode>();
  const node = model.graph.node.map((each): OnnxNode => {
    const sum = sums.get(each.input[0]!);
    if (each.opType !== "LayerNormalization" || sum === undefined) return each;
    joined.add(sum);
    // The sum itself is the fourth output, should anybody read it.
    const output = [...each.output, "", "", sum.output[0]!];
    const attribute = each.attribute.filter(({ name }) => name === "epsilon");
    const input = [...sum.input, ...each.input.slice(1)];
    return { ...each, opType: "SkipLayerNormalization", domain: "com.microsoft", input, output, attribute };
  });
  return {
    ...model,
    opsetImport: [...model.opsetImport, { domain: "com.microsoft", version: 1 }],
    graph: { ...model.graph, node: node.filter((each) => !joined.has(each)) },
  };
}

/**
 * The linear layers with `part` in their names that read the same value, as one product whose result is cut apart.
 *
 * @param model whose layers in question are float.
 */
export function withJoinedProducts(model: OnnxModel, part: string): OnnxModel {
  const weights = new Map(model.graph.initializer.map((tensor) => [tensor.name, tensor]));
  const products = model.graph.node.filter(
    ({ opType, input }) => opType === "MatMul" && weights.has(input[1]!) && input[1]!.includes(part),
  );
  const biased = new Map(model.graph.node.map((node) => [node.input[0]!, node]));
  const added: OnnxTensor[] = [];
  const replaced = new Map<OnnxNode, readonly OnnxNode[]>();
  for (const read of new Set(products.map(({ input }) => input[0]!))) {
    const same = products.filter(({ input }) => input[0] === read);
    const sums = same.map(({ output }) => biased.get(output[0]!)!);
    const name = same[0]!.output[0]!;
    const kernels = same.map(({ input }) => weights.get(input[1]!)!);
    const kernel = besideEachOther(`${name}${part}joined.kernel`, kernels);
    const bias = besideEachOther(
      `${name}${part}joined.bias`,
      sums.map(({ input }) => weights.get(input[1]!)!),
    );
    const widths = BigInt64Array.from(kernels, ({ dims }) => BigInt(dims[1]!));
    const sizes = {
      name: `${name}/widths`,
      dims: [widths.length],
      dataType: ELEMENT.int64,
      rawData: new Uint8Array(widths.buffer),
    };
    added.push(kernel, bias, sizes);
    const outputs = sums.map(({ output }) => output[0]!);
    const axis = { name: "axis", type: ATTRIBUTE.int, i: 1 };
    for (const node of [...same, ...sums]) replaced.set(node, []);
    replaced.set(same[0]!, [
      nodeOf("MatMul", [read, kernel.name], [`${name}/product`]),
      nodeOf("Add", [`${name}/product`, bias.name], [`${name}/sum`]),
      { ...nodeOf("Split", [`${name}/sum`, sizes.name], outputs), attribute: [axis] },
    ]);
  }
  const node = model.graph.node.flatMap((each) => replaced.get(each) ?? [each]);
  const needed = new Set(node.flatMap(({ input }) => input));
  const initializer = [...model.graph.initializer, ...added].filter(({ name }) => needed.has(name));
  return { ...model, graph: { ...model.graph, node, initializer } };
}

function nodeOf(opType: string, input: readonly string[], output: readonly string[]): OnnxNode {
  return { opType, name: `${opType}${output[0]!}`, input, output, attribute: [] };
}

/** Matrices of as many rows, or vectors, joined along their last axis. */
function besideEachOther(name: string, tensors: readonly OnnxTensor[]): OnnxTensor {
  const rows = tensors[0]!.dims.length === 1 ? 1 : tensors[0]!.dims[0]!;
  const widths = tensors.map(({ dims }) => dims.at(-1)!);
  const width = widths.reduce((sum, each) => sum + each, 0);
  const joined = new Float32Array(rows * width);
  let from = 0;
  tensors.forEach(({ rawData }, i) => {
    const own = widths[i]!;
    const numbers = new Float32Array(rawData!.buffer, rawData!.byteOffset, rawData!.byteLength / 4);
    for (let row = 0; row < rows; row++)
      joined.set(numbers.subarray(row * own, (row + 1) * own), row * width + from);
    from += own;
  });
  const dims = tensors[0]!.dims.length === 1 ? [width] : [rows, width];
  return { name, dims, dataType: ELEMENT.float32, rawData: new Uint8Array(joined.buffer) };
}
