/** A thread with a session and nothing else: it runs windows that were made for it beforehand. */
import { parentPort, workerData } from "node:worker_threads";
import ort from "onnxruntime-node";
import { SESSION_OPTIONS } from "../../src/adapters/onnx/session.js";

export type ToBareThread =
  | { readonly kind: "windows"; readonly windows: readonly (readonly number[])[]; readonly next: Int32Array }
  | { readonly kind: "go" };

const session = await ort.InferenceSession.create((workerData as { file: string }).file, SESSION_OPTIONS);
let feeds: Record<string, ort.Tensor>[] = [];
let next: Int32Array = new Int32Array();

parentPort!.on("message", async (message: ToBareThread) => {
  if (message.kind === "windows") {
    feeds = message.windows.map(feedOf);
    next = message.next;
  } else {
    // Both threads take from one list, as they do from the pool's queue.
    for (let i = Atomics.add(next, 0, 1); i < feeds.length; i = Atomics.add(next, 0, 1)) {
      await session.run(feeds[i]!);
    }
  }
  parentPort!.postMessage("done");
});
parentPort!.postMessage("done");

function feedOf(ids: readonly number[]): Record<string, ort.Tensor> {
  const values: Readonly<Record<string, readonly number[]>> = {
    input_ids: ids,
    attention_mask: ids.map(() => 1),
    token_type_ids: ids.map(() => 0),
    position_ids: ids.map((_, i) => i),
  };
  return Object.fromEntries(
    session.inputNames.map((name) => [
      name,
      new ort.Tensor("int64", BigInt64Array.from(values[name]!, BigInt), [1, ids.length]),
    ]),
  );
}
