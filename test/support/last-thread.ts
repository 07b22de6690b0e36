/** A thread entry that can be started until a thread has died of a deadly block: then never again. */
import { existsSync, writeFileSync } from "node:fs";
import { workerData } from "piscina";
import type { TagReply, TagRequest } from "../../src/tagging/protocol.js";
import answer from "./dying-thread.js";

const flag = (workerData as { readonly flag: string }).flag;
if (existsSync(flag)) throw new Error("cannot start");

export default async function handle(request: TagRequest): Promise<TagReply> {
  const isDeadly =
    request.kind === "tag" &&
    request.blocks.some((block) => block.kind === "text" && block.text.includes("deadly"));
  if (isDeadly) writeFileSync(flag, "");
  return answer(request);
}
