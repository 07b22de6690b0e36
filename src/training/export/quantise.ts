/**
 * The int8 form of a served model's ONNX graph, in standard operators alone: what ONNX calls dynamic quantisation.
 *
 * Each product with a layer's kernel becomes DynamicQuantizeLinear, MatMulInteger, Cast and Mul, which ONNX Runtime
 * fuses into its own operators when it loads the file. No form of those that `npm run bench -- export-forms` compares is
 * quicker: with SkipLayerNormalization written out three tenths of the speed are lost, with attention written out a
 * fifteenth; joining the heads, or query, key and value, into one product gains nothing that can be measured.
 *
 * Kernels have 7 bits. Processors without VNNI multiply unsigned by signed bytes in pairs and add each pair in 16 bits
 * with saturation: 2 * 255 * 64 = 32640 fits, twice that, with 8 bits, does not. The table of words is no factor of a
 * product, so it has 8. Of a layer's outlying weights some are cut off, which makes up for the eighth bit. Heads stay float:
 * they are small, and the last thing to be wrong.
 */
import { ATTRIBUTE, ELEMENT, type OnnxModel, type OnnxNode, type OnnxTensor } from "../graph/onnx-file.js";
import { WORD_TABLE } from "../step.js";
import { type Int8Form, toInt8 } from "./int8.js";

export interface QuantiseOptions {
  readonly bits?: 7 | 8;
  /** One scale for each output of a layer, or one for the kernel: hardly quicker, and three times the error. */
  readonly scales?: "column" | "tensor";
}

/** The weight `name` is stored as `name.int8` and `name.scale`. */
export const INT8 = ".int8";
export const SCALE = ".scale";

/**
 * @param model from `toOnnx` in the portable dialect, with its weights; attention may be fused.
 * @throws SpanmillError MODEL_BROKEN where a weight is not finite
 */
export function quantise(model: OnnxModel, { bits = 7, scales = "column" }: QuantiseOptions = {}): OnnxModel {
  const weights = new Map(model.graph.initializer.map((tensor) => [tensor.name, tensor]));
  const replaced = new Map<string, readonly OnnxTensor[]>();
  const node: OnnxNode[] = [];
  const bytesOf = new Map<string, readonly [string, string, string]>();

  for (const each of model.graph.node) {
    const [first = "", second = ""] = each.input;
    const output = each.output[0]!;
    if (each.opType === "MatMul" && weights.has(second) && isLayerKernel(second)) {
      if (!bytesOf.has(first)) {
        const made = [`${first}/bytes`, `${first}/scale`, `${first}/zero`] as const;
        node.push(plain("DynamicQuantizeLinear", [first], made));
        bytesOf.set(first, made);
      }
      replaced.set(second, quantised(weights.get(second)!, { per: scales, bits, clip: true }));
      node.push(...integerProduct(bytesOf.get(first)!, second, output));
    } else if (each.opType === "Gather" && first === WORD_TABLE && weights.has(first)) {
      replaced.set(first, quantised(weights.get(first)!, { per: "row", bits: 8 }));
      node.push(...rowsOfBytes(first, second, output));
    } else {
      node.push(each);
    }
  }

  const initializer = model.graph.initializer.flatMap((tensor) => replaced.get(tensor.name) ?? [tensor]);
  return { ...model, graph: { ...model.graph, node, initializer } };
}

function isLayerKernel(name: string): boolean {
  return name.endsWith(".kernel") && !name.startsWith("heads.");
}

function quantised(tensor: OnnxTensor, form: Int8Form): OnnxTensor[] {
  const { name, dims, rawData } = tensor;
  const numbers = new Float32Array(rawData!.buffer, rawData!.byteOffset, rawData!.byteLength / 4);
  const { data, scales } = toInt8(numbers, dims[1]!, form, name);
  // A row's scale keeps the axis of the columns, so that it broadcasts over the row.
  const scaleDims = form.per === "row" ? [scales.length, 1] : form.per === "column" ? [scales.length] : [];
  return [
    { name: name + INT8, dims, dataType: ELEMENT.int8, rawData: new Uint8Array(data.buffer) },
    {
      name: name + SCALE,
      dims: scaleDims,
      dataType: ELEMENT.float32,
      rawData: new Uint8Array(scales.buffer),
    },
  ];
}

/** The order of the nodes and factors is the one that ONNX Runtime knows. */
function integerProduct(
  [bytes, scale, zero]: readonly [string, string, string],
  kernel: string,
  output: string,
): OnnxNode[] {
  return [
    plain("MatMulInteger", [bytes, kernel + INT8, zero], [`${output}/sum`]),
    toFloat(`${output}/sum`, `${output}/float`),
    plain("Mul", [scale, kernel + SCALE], [`${output}/scale`]),
    plain("Mul", [`${output}/float`, `${output}/scale`], [output]),
  ];
}

function rowsOfBytes(table: string, ids: string, output: string): OnnxNode[] {
  return [
    plain("Gather", [table + INT8, ids], [`${output}/bytes`]),
    plain("Gather", [table + SCALE, ids], [`${output}/scale`]),
    toFloat(`${output}/bytes`, `${output}/float`),
    plain("Mul", [`${output}/float`, `${output}/scale`], [output]),
  ];
}

function plain(opType: string, input: readonly string[], output: readonly string[]): OnnxNode {
  return { opType, name: `${opType}${output[0]!}`, input, output, attribute: [] };
}

function toFloat(from: string, to: string): OnnxNode {
  const type = { name: "to", type: ATTRIBUTE.int, i: ELEMENT.float32 };
  return { ...plain("Cast", [from], [to]), attribute: [type] };
}
