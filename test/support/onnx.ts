/**
 * Writes the smallest ONNX files that score pieces: `logits = Gather(table, input_ids)`, a row of scores for each piece
 * id, to which a second table may add a row for each token type. The bytes are protobuf's wire format; the numbers are the fields of onnx.proto3 (ModelProto, GraphProto,
 * NodeProto, TensorProto, ValueInfoProto).
 */

/**
 * @param rows a score for each label, for each piece id.
 * @param types what is added to them for each token type; left out: the graph has no input `token_type_ids`.
 */
export function lookupModel(
  rows: readonly (readonly number[])[],
  types?: readonly (readonly number[])[],
  idType: "int32" | "int64" = "int64",
): Buffer {
  const shape = [1, "pieces", rows[0]!.length];
  const ids = idType === "int64" ? INT64 : INT32;
  const input = (name: string): Field => [11, tensor(name, ids, [1, "pieces"])];
  const graph =
    types === undefined
      ? [node("Gather", ["table", "input_ids"], "logits"), weights("table", rows), input("input_ids")]
      : [
          node("Gather", ["table", "input_ids"], "piece"),
          node("Gather", ["types", "token_type_ids"], "type"),
          node("Add", ["piece", "type"], "logits"),
          weights("table", rows),
          weights("types", types),
          input("input_ids"),
          input("token_type_ids"),
        ];
  const named = message([2, "lookup"], ...graph, [12, tensor("logits", FLOAT, shape)]);
  return message([1, IR_VERSION], [7, named], [8, message([1, ""], [2, OPSET])]);
}

const IR_VERSION = 8;
const OPSET = 13;
const FLOAT = 1;
const INT32 = 6;
const INT64 = 7;

function node(operator: string, inputs: readonly string[], output: string): Field {
  const names = inputs.map((name): Field => [1, name]);
  return [1, message(...names, [2, output], [4, operator])];
}

function weights(name: string, rows: readonly (readonly number[])[]): Field {
  const data = Buffer.from(Float32Array.from(rows.flat()).buffer);
  return [5, message([1, rows.length], [1, rows[0]!.length], [2, FLOAT], [8, name], [9, data])];
}

function tensor(name: string, type: number, shape: readonly (number | string)[]): Buffer {
  const dims = shape.map((dim) => [1, message([typeof dim === "number" ? 1 : 2, dim])] as const);
  return message([1, name], [2, message([1, message([1, type], [2, message(...dims)])])]);
}

type Field = readonly [number: number, value: number | string | Buffer];

/** Numbers are varints, all else has a length before it. */
function message(...fields: readonly Field[]): Buffer {
  const parts = fields.flatMap(([number, value]) => {
    if (typeof value === "number") return [varint(number << 3), varint(value)];
    const bytes = Buffer.from(value);
    return [varint((number << 3) | 2), varint(bytes.length), bytes];
  });
  return Buffer.concat(parts);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 0x80) return Buffer.from([...bytes, rest]);
    bytes.push((rest & 0x7f) | 0x80);
  }
}
