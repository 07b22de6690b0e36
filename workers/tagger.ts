/**
 * The thread's entry: loads the models once, then answers requests. Nothing throws across the thread line;
 * errors leave as data.
 */
import { isMainThread } from "node:worker_threads";
import { workerData } from "piscina";
import { openEngine } from "../src/adapters/engine.js";
import { SpanmillError, toWire } from "../src/errors.js";
import type { EngineSettings, TagReply, TagRequest } from "../src/tagging/protocol.js";

if (isMainThread) throw new SpanmillError("INTERNAL", "workers/tagger runs in a worker thread only");

// Once a thread. A failure waits here for every request, which tells it.
const opened = openEngine(workerData as EngineSettings).catch(toWire);

export default async function handle(request: TagRequest): Promise<TagReply> {
  try {
    const engine = await opened;
    if ("code" in engine) return { kind: "failed", error: engine };
    switch (request.kind) {
      case "describe":
        return { kind: "described", graphs: engine.graphs, warnings: engine.warnings };
      case "tag": {
        const blocks = [];
        for (const block of request.blocks) blocks.push(await engine.tag(block));
        return { kind: "tagged", blocks };
      }
    }
  } catch (error) {
    return { kind: "failed", error: toWire(error) };
  }
}
