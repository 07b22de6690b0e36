/**
 * Runs a computation on ONNX Runtime from the bytes of its file: the training step, the optimiser, a model that is
 * about to be exported. Load it only after telemetry is off (see `session.ts`).
 */
import ort from "onnxruntime-node";
import { describeForeign, SpanmillError } from "../../errors.js";
import { RUNTIME_VERSION, SESSION_OPTIONS } from "./session.js";

/** Numbers in row-major order. */
export interface Numbers {
  readonly data: Float32Array | BigInt64Array;
  readonly shape: readonly number[];
}

export interface GraphSession {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /**
   * Nothing is copied on the way in, and the arrays of `into` are written in place: they must not be read or changed
   * before the promise is kept.
   *
   * @param into where results are to be written, by name; the others get new arrays.
   * @param only the results wanted; all where it is left out.
   * @throws SpanmillError INFERENCE_FAILED
   */
  run(
    feeds: Readonly<Record<string, Numbers>>,
    into?: Readonly<Record<string, Numbers>>,
    only?: readonly string[],
  ): Promise<Readonly<Record<string, Numbers>>>;
  release(): Promise<void>;
}

export interface GraphSessionOptions {
  readonly threads: number;
}

/** @throws SpanmillError INTERNAL where ONNX Runtime refuses the graph. */
export async function openGraphSession(
  bytes: Uint8Array,
  { threads }: GraphSessionOptions,
): Promise<GraphSession> {
  const session = await create(bytes, {
    ...SESSION_OPTIONS,
    intraOpNumThreads: threads,
    // A thread that waits for work by spinning takes the processor from one that has some: on a busy machine a step
    // then takes up to twice as long.
    extra: { session: { intra_op: { allow_spinning: "0" } } },
  });
  return {
    inputs: session.inputNames,
    outputs: session.outputNames,
    run: (feeds, into = {}, only = session.outputNames) => run(session, feeds, into, only),
    release: () => session.release(),
  };
}

async function create(
  bytes: Uint8Array,
  options: ort.InferenceSession.SessionOptions,
): Promise<ort.InferenceSession> {
  try {
    return await ort.InferenceSession.create(bytes, options);
  } catch (cause) {
    // The graph is ours: no document is in it, and the runtime's reason tells where it is wrong.
    const reason = cause instanceof Error ? cause.message.split("\n")[0] : "";
    throw new SpanmillError("INTERNAL", `ONNX Runtime ${RUNTIME_VERSION} refuses a graph: ${reason}`, {
      cause,
    });
  }
}

async function run(
  session: ort.InferenceSession,
  feeds: Readonly<Record<string, Numbers>>,
  into: Readonly<Record<string, Numbers>>,
  only: readonly string[],
): Promise<Readonly<Record<string, Numbers>>> {
  const fetches = Object.fromEntries(only.map((name) => [name, into[name] ? toTensor(into[name]) : null]));
  try {
    const given = Object.fromEntries(Object.entries(feeds).map(([name, each]) => [name, toTensor(each)]));
    const results = await session.run(given, fetches);
    return Object.fromEntries(
      Object.entries(results).map(([name, value]) => [name, into[name] ?? fromTensor(value)]),
    );
  } catch (cause) {
    throw new SpanmillError(
      "INFERENCE_FAILED",
      `ONNX Runtime failed on a graph (${describeForeign(cause)})`,
      {
        cause,
      },
    );
  }
}

function toTensor({ data, shape }: Numbers): ort.Tensor {
  return data instanceof Float32Array
    ? new ort.Tensor("float32", data, shape)
    : new ort.Tensor("int64", data, shape);
}

function fromTensor(tensor: ort.Tensor): Numbers {
  return { data: tensor.data as Float32Array | BigInt64Array, shape: tensor.dims };
}
