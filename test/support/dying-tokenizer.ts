/** Loaded before the command line: a thread dies as soon as it tokenizes the word `deadly`. */
import { isMainThread } from "node:worker_threads";

if (!isMainThread) {
  const { toLowerCase } = String.prototype;
  String.prototype.toLowerCase = function (this: string) {
    if (this.includes("deadly")) process.exit(9);
    return toLowerCase.call(this);
  };
}
