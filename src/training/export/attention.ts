/**
 * Attention as the one operator that ONNX has for it since its operator set 23, in place of the thirteen by which the
 * encoder writes it. ONNX Runtime computes it from the same products (on x86-64 to the same bits) with less copying:
 * `npm run bench -- export-forms` has both.
 */
import { SpanmillError } from "../../errors.js";
import type { EncoderConfig } from "../encoder-config.js";
import { ATTRIBUTE, ELEMENT, type OnnxModel, type OnnxNode, type OnnxTensor } from "../graph/onnx-file.js";

/** ONNX Runtime has attention for processors from version 1.23 on. */
export const SERVED_OPERATOR_SET = 23;
/** Of the format, that came with it. */
const FORMAT = 11;

/**
 * @param model from `toOnnx` in the portable dialect.
 * @throws SpanmillError INTERNAL where a softmax is not part of attention as `encoder.ts` writes it.
 */
export function fuseAttention(model: OnnxModel, { hidden, heads }: EncoderConfig): OnnxModel {
  const { graph } = model;
  const follow = follower(graph.node);
  const fused = new Map<OnnxNode, readonly OnnxNode[]>();
  let shared: readonly OnnxNode[] = [];
  for (const softmax of graph.node.filter(({ opType }) => opType === "Softmax")) {
    const { rows, split, mask, result } = attentionOf(softmax, follow);
    // -1 stands for the batch, which the operator that reshapes finds by itself.
    const [rest, sequence] = follow.back(split, "Concat").input as readonly [string, string];
    shared = sharedNodes(rest, sequence, mask);
    const name = `${result.output[0]!}/attention`;
    const parts = rows.map((each, i) => node("Reshape", [each, ROWS_BY_BLOCK], `${name}/${"qkv"[i]}`));
    const attention = node("Attention", [...parts.map(({ output }) => output[0]!), VISIBLE], name);
    const counts = ["q_num_heads", "kv_num_heads"].map((of) => ({ name: of, type: ATTRIBUTE.int, i: heads }));
    fused.set(result, [
      ...parts,
      {
        ...attention,
        attribute: [...counts, { name: "scale", type: ATTRIBUTE.float, f: (hidden / heads) ** -0.5 }],
      },
      { ...result, input: [name, result.input[1]!] },
    ]);
  }
  const first = fused.keys().next().value;
  const nodes = graph.node.flatMap((each) => [
    ...(each === first ? shared : []),
    ...(fused.get(each) ?? [each]),
  ]);
  const constants = [sizes(ONE, 1), sizes(HIDDEN, hidden)];
  return {
    ...model,
    irVersion: FORMAT,
    opsetImport: [{ domain: "", version: SERVED_OPERATOR_SET }],
    graph: needed({ ...graph, node: nodes, initializer: [...graph.initializer, ...constants] }),
  };
}

const ONE = "/attention/one";
const HIDDEN = "/attention/hidden";
/** The shape [batch, sequence, hidden]. */
const ROWS_BY_BLOCK = "/attention/rows";
/** What is added to each score, [batch, 1, sequence, sequence]: ONNX Runtime broadcasts no row of keys over the queries. */
const VISIBLE = "/attention/visible";

function sharedNodes(rest: string, sequence: string, mask: string): readonly OnnxNode[] {
  const axis = { name: "axis", type: ATTRIBUTE.int, i: 0 };
  const square = `${VISIBLE}/shape`;
  return [
    { ...node("Concat", [rest, sequence, HIDDEN], ROWS_BY_BLOCK), attribute: [axis] },
    { ...node("Concat", [ONE, ONE, sequence, ONE], square), attribute: [axis] },
    node("Expand", [mask, square], VISIBLE),
  ];
}

interface Written {
  /** Queries, keys and values, [batch*sequence, hidden]. */
  readonly rows: readonly [string, string, string];
  /** The shape by which they are cut into heads. */
  readonly split: string;
  /** Added to the scores, [batch, 1, 1, sequence]. */
  readonly mask: string;
  /** Makes rows of what the heads have mixed. */
  readonly result: OnnxNode;
}

/** softmax(q k' * scale + mask) v, with each of q, k and v in heads. */
function attentionOf(softmax: OnnxNode, follow: Follower): Written {
  const masked = follow.back(softmax.input[0], "Add");
  // A scale of 1 is not written.
  const scaled = follow.back(masked.input[0], "Mul", "MatMul");
  const scores = scaled.opType === "Mul" ? follow.back(scaled.input[0], "MatMul") : scaled;
  const keys = follow.back(scores.input[1], "Transpose");
  const mixed = follow.on(softmax, "MatMul");
  const [q, k, v] = [scores.input[0], keys.input[0], mixed.input[1]].map((part) =>
    follow.back(follow.back(part, "Transpose").input[0], "Reshape"),
  ) as [OnnxNode, OnnxNode, OnnxNode];
  return {
    rows: [q.input[0]!, k.input[0]!, v.input[0]!],
    split: q.input[1]!,
    mask: masked.input[1]!,
    result: follow.on(follow.on(mixed, "Transpose"), "Reshape"),
  };
}

interface Follower {
  /** What makes a value. */
  back(value: string | undefined, ...opTypes: readonly string[]): OnnxNode;
  /** What reads a node's result. */
  on(from: OnnxNode, opType: string): OnnxNode;
}

function follower(nodes: readonly OnnxNode[]): Follower {
  const makers = new Map(nodes.flatMap((each) => each.output.map((name) => [name, each])));
  const expect = (found: OnnxNode | undefined, ...opTypes: readonly string[]): OnnxNode => {
    if (found !== undefined && opTypes.includes(found.opType)) return found;
    throw new SpanmillError(
      "INTERNAL",
      `attention is written otherwise than expected: ${found?.opType ?? "nothing"} where ${opTypes.join(" or ")} should be`,
    );
  };
  return {
    back: (value, ...opTypes) => expect(makers.get(value ?? ""), ...opTypes),
    on: (from, opType) =>
      expect(
        nodes.find(({ input }) => input.includes(from.output[0]!)),
        opType,
      ),
  };
}

/** Without what no output needs any more. */
function needed(graph: OnnxModel["graph"]): OnnxModel["graph"] {
  const wanted = new Set(graph.output.map(({ name }) => name));
  const kept = graph.node.toReversed().filter(({ input, output }) => {
    const isWanted = output.some((name) => wanted.has(name));
    if (isWanted) for (const name of input) wanted.add(name);
    return isWanted;
  });
  return {
    ...graph,
    node: kept.reverse(),
    initializer: graph.initializer.filter(({ name }) => wanted.has(name)),
  };
}

function node(opType: string, input: readonly string[], output: string): OnnxNode {
  return { opType, name: `${opType}${output}`, input, output: [output], attribute: [] };
}

function sizes(name: string, size: number): OnnxTensor {
  const rawData = new Uint8Array(BigInt64Array.of(BigInt(size)).buffer);
  return { name, dims: [1], dataType: ELEMENT.int64, rawData };
}
