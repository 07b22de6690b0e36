/**
 * The one place that knows onnxruntime-node: an ONNX file to an encoder of single windows.
 *
 * Load it only after `ORT_DISABLE_TELEMETRY=1` stands in the environment of the main thread
 * (see `../threads/telemetry.ts`): ONNX Runtime reads the real environment, once, when it is loaded.
 */
import ort from "onnxruntime-node";
import { describeForeign, SpanmillError } from "../../errors.js";
import type { Encoder } from "../../tagging/infer.js";
import type { GraphDescription } from "../../tagging/protocol.js";

/**
 * How every session of spanmill runs, benchmarks included: one thread a session (the pool is the parallelism),
 * and nothing logged below an error.
 */
export const SESSION_OPTIONS: ort.InferenceSession.SessionOptions = {
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  executionMode: "sequential",
  graphOptimizationLevel: "all",
  logSeverityLevel: 3,
};

export const RUNTIME_VERSION: string = ort.env.versions.node ?? ort.env.versions.common;

export interface Session extends Encoder {
  readonly graph: GraphDescription;
  release(): Promise<void>;
}

/**
 * @param file path of the ONNX file.
 * @param specialTokens ids that open and close every window.
 * @throws SpanmillError MODEL_BROKEN, MODEL_UNSUPPORTED
 */
export async function openSession(
  file: string,
  specialTokens: { readonly prefix: readonly number[]; readonly suffix: readonly number[] },
): Promise<Session> {
  const session = await load(file);
  const feed = feeder(session, file);
  return {
    ...specialTokens,
    graph: describe(session),
    run: (ids, tokenTypes) => run(session, feed(ids, tokenTypes)),
    release: () => session.release(),
  };
}

async function load(file: string): Promise<ort.InferenceSession> {
  try {
    return await ort.InferenceSession.create(file, SESSION_OPTIONS);
  } catch (cause) {
    // At load no document has been read, so the runtime's own reason may be shown.
    const reason = cause instanceof Error ? cause.message.split("\n")[0] : "";
    throw new SpanmillError(
      "MODEL_BROKEN",
      `ONNX Runtime ${RUNTIME_VERSION} cannot load ${file}: ${reason}. The file is cut off, is a Git LFS pointer, or uses ` +
        "operators of a newer opset: fetch or export it again",
      { cause },
    );
  }
}

type Feed = (ids: readonly number[], tokenTypes: readonly number[] | undefined) => Record<string, ort.Tensor>;

/**
 * Builds the inputs that the graph asks for. Masks, positions and token types that are zeros depend on the
 * length alone, so they are made once for each length.
 */
function feeder(session: ort.InferenceSession, file: string): Feed {
  const makers = session.inputMetadata.map((input) => {
    const make = INPUTS[input.name];
    const type = input.isTensor ? input.type : "none";
    if (make === undefined || !(type === "int64" || type === "int32")) {
      throw new SpanmillError(
        "MODEL_UNSUPPORTED",
        `${file} asks for the input ${input.name} (${type}); spanmill can give ${Object.keys(INPUTS).join(", ")} as int64 or ` +
          "int32. Export the model for the task token-classification, without past keys or images",
      );
    }
    return { name: input.name, make, type, byLength: new Map<number, ort.Tensor>() } as const;
  });

  return (ids, tokenTypes) => {
    const feeds: Record<string, ort.Tensor> = {};
    for (const { name, make, type, byLength } of makers) {
      const own = name === "input_ids" ? ids : name === "token_type_ids" ? tokenTypes : undefined;
      if (own !== undefined) {
        feeds[name] = tensor(type, own);
        continue;
      }
      let fixed = byLength.get(ids.length);
      if (fixed === undefined) {
        fixed = tensor(type, make(ids));
        byLength.set(ids.length, fixed);
      }
      feeds[name] = fixed;
    }
    return feeds;
  };
}

const INPUTS: Readonly<Record<string, (ids: readonly number[]) => readonly number[]>> = {
  input_ids: (ids) => ids,
  attention_mask: (ids) => ids.map(() => 1),
  token_type_ids: (ids) => ids.map(() => 0),
  position_ids: (ids) => ids.map((_, i) => i),
};

function tensor(type: "int64" | "int32", values: readonly number[]): ort.Tensor {
  const dims = [1, values.length];
  if (type === "int32") return new ort.Tensor("int32", Int32Array.from(values), dims);
  const data = new BigInt64Array(values.length);
  for (let i = 0; i < values.length; i++) data[i] = BigInt(values[i]!);
  return new ort.Tensor("int64", data, dims);
}

async function run(
  session: ort.InferenceSession,
  feeds: Record<string, ort.Tensor>,
): Promise<ReadonlyMap<string, Float32Array>> {
  let results: ort.InferenceSession.OnnxValueMapType;
  try {
    results = await session.run(feeds);
  } catch (cause) {
    throw new SpanmillError(
      "INFERENCE_FAILED",
      `ONNX Runtime failed on a window of ${feeds.input_ids?.dims[1] ?? 0} pieces (${describeForeign(cause)}): ` +
        "check the model with `spanmill models inspect`, and that its window is not larger than the encoder reads",
      { cause },
    );
  }
  const outputs = new Map<string, Float32Array>();
  for (const [name, value] of Object.entries(results)) {
    if (value.data instanceof Float32Array) outputs.set(name, value.data);
  }
  return outputs;
}

function describe(session: ort.InferenceSession): GraphDescription {
  return {
    inputs: session.inputMetadata.map((input) => ({ name: input.name, type: typeOf(input) })),
    outputs: session.outputMetadata.map((output) => {
      const last = output.isTensor ? output.shape.at(-1) : undefined;
      return {
        name: output.name,
        type: typeOf(output),
        labels: typeof last === "number" ? last : undefined,
      };
    }),
  };
}

function typeOf(value: ort.InferenceSession.ValueMetadata): string {
  return value.isTensor ? value.type : "not a tensor";
}
