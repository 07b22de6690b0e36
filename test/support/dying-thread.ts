/** A thread entry that answers like the real one in shape, and dies of every block that says so. */
import type { TagReply, TagRequest } from "../../src/tagging/protocol.js";

export default async function handle(request: TagRequest): Promise<TagReply> {
  if (request.kind === "describe") return { kind: "described", graphs: [], warnings: [] };
  const texts = request.blocks.map((block) => (block.kind === "text" ? block.text : block.words.join(" ")));
  if (texts.some((text) => text.includes("deadly"))) process.exit(9);
  return {
    kind: "tagged",
    blocks: texts.map((text) => ({
      words: text.length,
      starts: [],
      ends: [],
      sentences: [],
      lenses: {},
      windows: 1,
      truncatedWords: 0,
    })),
  };
}
