/**
 * Writes the smallest ONNX file that scores pieces: `logits = Gather(table, input_ids)`, a row of scores for each
 * piece id. The bytes are protobuf's wire format; the numbers are the fields of onnx.proto3 (ModelProto, GraphProto,
 * NodeProto, TensorProto, ValueInfoProto).
 */

/** @param rows a score for each label, for each piece id. */
export function lookupModel(rows: readonly (readonly number[])[]): Buffer {
  const labels = rows[0]!.length;
  const node = message([1, "table"], [1, "input_ids"], [2, "logits"], [4, "Gather"]);
  const table = message(
    [1, rows.length],
    [1, labels],
    [2, FLOAT],
    [8, "table"],
    [9, Buffer.from(Float32Array.from(rows.flat()).buffer)],
  );
  const graph = message(
    [1, node],
    [2, "lookup"],
    [5, table],
    [11, tensor("input_ids", INT64, [1, "pieces"])],
    [12, tensor("logits", FLOAT, [1, "pieces", labels])],
  );
  return message([1, IR_VERSION], [7, graph], [8, message([1, ""], [2, OPSET])]);
}

const IR_VERSION = 8;
const OPSET = 13;
const FLOAT = 1;
const INT64 = 7;

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
