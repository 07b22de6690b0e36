/** Loaded before the command line: tells the most memory the process had, in MiB, as the last line of standard error. */
import { isMainThread } from "node:worker_threads";

if (isMainThread) {
  process.on("exit", () => {
    process.stderr.write(`peak ${Math.round(process.resourceUsage().maxRSS / 1024)}\n`);
  });
}
