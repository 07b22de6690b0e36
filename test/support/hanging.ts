/**
 * Loaded before the command line: a thread that reads the word `endless` never answers. `HANGING` says how: `script` can be
 * ended from outside, `native` (a call into C++ that blocks) cannot. It says so on standard error before.
 */
import { spawnSync } from "node:child_process";
import { writeSync } from "node:fs";
import { isMainThread } from "node:worker_threads";

if (!isMainThread) {
  const { toLowerCase } = String.prototype;
  String.prototype.toLowerCase = function (this: string) {
    if (this.includes("endless")) {
      writeSync(2, '{"event":"hanging"}\n');
      if (process.env.HANGING === "native") spawnSync("sleep", ["60"]);
      else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    }
    return toLowerCase.call(this);
  };
}
