/**
 * ONNX Runtime's official builds send usage data unless `ORT_DISABLE_TELEMETRY=1` stands in the environment of
 * the process when the runtime starts. Node passes an assignment to `process.env` on to the process only on
 * the main thread: in a worker it changes a copy.
 */
import { isMainThread } from "node:worker_threads";
import { SpanmillError } from "../../errors.js";

/** Call before anything loads onnxruntime-node. */
export function switchOffTelemetry(): void {
  if (process.env.ORT_DISABLE_TELEMETRY === "1") return;
  if (!isMainThread) {
    throw new SpanmillError(
      "USAGE",
      "spanmill was opened in a worker thread, from where ONNX Runtime's telemetry cannot be switched off: set " +
        "ORT_DISABLE_TELEMETRY=1 in the environment of the process, or open spanmill on the main thread",
    );
  }
  process.env.ORT_DISABLE_TELEMETRY = "1";
}
