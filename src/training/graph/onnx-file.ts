/** ONNX models as plain objects, and the bytes of their files. */
import protobuf from "protobufjs/light.js";
import { SpanmillError } from "../../errors.js";
import { ONNX_SCHEMA } from "./onnx-schema.js";

export interface OnnxModel {
  readonly irVersion: number;
  readonly producerName: string;
  readonly opsetImport: readonly { readonly domain: string; readonly version: number }[];
  readonly metadataProps?: readonly { readonly key: string; readonly value: string }[];
  readonly graph: OnnxGraph;
}

export interface OnnxGraph {
  readonly name: string;
  readonly node: readonly OnnxNode[];
  readonly initializer: readonly OnnxTensor[];
  readonly input: readonly OnnxValueInfo[];
  readonly output: readonly OnnxValueInfo[];
}

export interface OnnxNode {
  readonly opType: string;
  readonly name: string;
  readonly domain?: string;
  readonly input: readonly string[];
  readonly output: readonly string[];
  readonly attribute: readonly OnnxAttribute[];
}

export interface OnnxAttribute {
  readonly name: string;
  readonly type: number;
  readonly f?: number;
  readonly i?: number;
  readonly s?: Uint8Array;
  readonly t?: OnnxTensor;
  readonly ints?: readonly number[];
}

/** Numbers stand in `rawData`, little-endian, row-major; other tools may have filled the typed lists instead. */
export interface OnnxTensor {
  readonly name: string;
  readonly dims: readonly number[];
  readonly dataType: number;
  readonly rawData?: Uint8Array;
  readonly floatData?: readonly number[];
  readonly int32Data?: readonly number[];
  readonly int64Data?: readonly number[];
  /** 1 where the numbers are in a file beside the model. */
  readonly dataLocation?: number;
}

export interface OnnxValueInfo {
  readonly name: string;
  readonly type: {
    readonly tensorType: {
      readonly elemType: number;
      readonly shape: {
        readonly dim: readonly { readonly dimValue?: number; readonly dimParam?: string }[];
      };
    };
  };
}

/** Of ONNX's element types, those that occur in token classifiers. */
export const ELEMENT = { float32: 1, uint8: 2, int8: 3, int32: 6, int64: 7, bool: 9 } as const;

export const ATTRIBUTE = { float: 1, int: 2, string: 3, tensor: 4, ints: 7 } as const;

/** No message of protobuf may be 2 GiB or longer. */
const LIMIT = 2 ** 31 - 1;

const ModelProto = protobuf.Root.fromJSON(ONNX_SCHEMA).lookupType("onnx.ModelProto");

/** The same model always gives the same bytes. @throws SpanmillError INTERNAL above 2 GiB */
export function encodeModel(model: OnnxModel): Uint8Array {
  const weights = model.graph.initializer.reduce((sum, { rawData }) => sum + (rawData?.length ?? 0), 0);
  if (weights > LIMIT - 2 ** 24) {
    throw new SpanmillError("INTERNAL", `${weights} bytes of weights do not fit a single ONNX file (2 GiB)`);
  }
  return ModelProto.encode(ModelProto.fromObject(model as object)).finish();
}

/**
 * @param file its name, for the message.
 * @throws SpanmillError MODEL_BROKEN
 */
export function decodeModel(bytes: Uint8Array, file: string): OnnxModel {
  let cause: unknown;
  try {
    const message = ModelProto.decode(bytes);
    const model = ModelProto.toObject(message, { longs: Number, arrays: true });
    if (model.graph !== undefined) return model as OnnxModel;
  } catch (error) {
    cause = error;
  }
  throw new SpanmillError(
    "MODEL_BROKEN",
    `${file} is no ONNX file, or is cut off: fetch or export it again`,
    {
      cause,
    },
  );
}
