/** What a worker's cache made of each block, told by an edit of the one place that counts it. */
import type { BlockOutcome } from "../../../src/pipeline/block-cache.js";
import type { Edit } from "./edits.js";

/** Has the worker write `blocks cached 12` to standard error. */
export const TELL_BLOCKS: Edit = {
  file: "src/pipeline/block-cache.js",
  find: "const observe = settings.observe ?? (() => { });",
  put: `const observe = (what, count) => {
      process.stderr.write("blocks " + what + " " + count + "\\n");
      settings.observe?.(what, count);
    };`,
};

/** @param since what the log held before, which does not count */
export function blocksOf(log: string, since = ""): Record<BlockOutcome, number> {
  const counts = { cached: 0, computed: 0, joined: 0, corrupt: 0 };
  for (const [, what, count] of log.slice(since.length).matchAll(/^blocks (\w+) (\d+)$/gm)) {
    counts[what as BlockOutcome] += Number(count);
  }
  return counts;
}
