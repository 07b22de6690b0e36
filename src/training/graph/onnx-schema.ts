/**
 * The part of onnx.proto3 that is written and read here, as a descriptor for protobufjs. Field numbers are those of
 * https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3; a reader passes over fields that are not named here.
 */
type Field = readonly [number, string];

const many = (id: number, type: string) => ({ id, type, rule: "repeated" }) as const;

function message(fields: Readonly<Record<string, Field | ReturnType<typeof many>>>): object {
  const entries = Object.entries(fields).map(([name, field]) =>
    Array.isArray(field) ? [name, { id: field[0], type: field[1] }] : [name, field],
  );
  return { fields: Object.fromEntries(entries) };
}

export const ONNX_SCHEMA = {
  nested: {
    onnx: {
      nested: {
        ModelProto: message({
          irVersion: [1, "int64"],
          producerName: [2, "string"],
          producerVersion: [3, "string"],
          docString: [6, "string"],
          graph: [7, "GraphProto"],
          opsetImport: many(8, "OperatorSetIdProto"),
          metadataProps: many(14, "StringStringEntryProto"),
        }),
        GraphProto: message({
          node: many(1, "NodeProto"),
          name: [2, "string"],
          initializer: many(5, "TensorProto"),
          input: many(11, "ValueInfoProto"),
          output: many(12, "ValueInfoProto"),
        }),
        NodeProto: message({
          input: many(1, "string"),
          output: many(2, "string"),
          name: [3, "string"],
          opType: [4, "string"],
          attribute: many(5, "AttributeProto"),
          domain: [7, "string"],
        }),
        AttributeProto: message({
          name: [1, "string"],
          f: [2, "float"],
          i: [3, "int64"],
          s: [4, "bytes"],
          t: [5, "TensorProto"],
          ints: many(8, "int64"),
          type: [20, "int32"],
        }),
        TensorProto: message({
          dims: many(1, "int64"),
          dataType: [2, "int32"],
          floatData: many(4, "float"),
          int32Data: many(5, "int32"),
          int64Data: many(7, "int64"),
          name: [8, "string"],
          rawData: [9, "bytes"],
          dataLocation: [14, "int32"],
        }),
        ValueInfoProto: message({ name: [1, "string"], type: [2, "TypeProto"] }),
        TypeProto: message({ tensorType: [1, "TensorType"] }),
        TensorType: message({ elemType: [1, "int32"], shape: [2, "TensorShapeProto"] }),
        TensorShapeProto: message({ dim: many(1, "DimensionProto") }),
        DimensionProto: message({ dimValue: [1, "int64"], dimParam: [2, "string"] }),
        OperatorSetIdProto: message({ domain: [1, "string"], version: [2, "int64"] }),
        StringStringEntryProto: message({ key: [1, "string"], value: [2, "string"] }),
      },
    },
  },
};
