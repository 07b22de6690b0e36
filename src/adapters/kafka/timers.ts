import { createRequire } from "node:module";
import { SpanmillError } from "../../errors.js";

/**
 * Ends the timer loop of kafkajs 2.2.4: every connection wakes each millisecond to look at an empty queue (kafkajs
 * issues 1704, 1751), and Node 24 warns of the negative delay. A check is needed only while something is pending:
 * requests are pushed by callers, who schedule one themselves, and answers look at the queue on their own.
 *
 * Once per process; later calls do nothing.
 *
 * @throws SpanmillError INTERNAL where kafkajs is no longer built as this expects.
 */
export function quietIdleConnections(): void {
  const { prototype } = load();
  const original = prototype.scheduleCheckPendingRequests;
  if (patched.has(original)) return;
  if (typeof original !== "function" || !original.toString().includes("this.throttleCheckTimeoutId")) {
    throw new SpanmillError(
      "INTERNAL",
      "kafkajs: RequestQueue.scheduleCheckPendingRequests is not the one that spanmill mends. Use kafkajs 2.2.4.",
    );
  }
  const quiet = function (this: RequestQueue): void {
    if (this.pending.length > 0) original.call(this);
  };
  patched.add(quiet);
  prototype.scheduleCheckPendingRequests = quiet;
}

interface RequestQueue {
  readonly pending: readonly unknown[];
  scheduleCheckPendingRequests(): void;
}

const patched = new WeakSet<() => void>();

function load(): { prototype: RequestQueue } {
  return createRequire(import.meta.url)("kafkajs/src/network/requestQueue/index.js") as {
    prototype: RequestQueue;
  };
}
