/**
 * Loaded before the command line: makes code that handles documents throw, with the document in the message and in
 * lines that look like frames of a stack. `THROWING` says where.
 */
import { isMainThread } from "node:worker_threads";

function thrown(text: string): Error {
  return new Error(`${text}\n    at ${text} (${text}.js:1:1)`);
}

const where = process.env.THROWING;

if (where === "record" && isMainThread) {
  const { isWellFormed } = String.prototype as unknown as { isWellFormed(this: string): boolean };
  Object.assign(String.prototype, {
    isWellFormed(this: string) {
      if (this.includes("Alice")) throw thrown(this);
      return isWellFormed.call(this);
    },
  });
}

if (where === "later" && isMainThread) {
  const { parse } = JSON;
  JSON.parse = (text: string) => {
    if (text.includes("Alice")) setImmediate(() => Promise.reject(thrown(text)));
    return parse(text);
  };
}

if (where === "thread" && !isMainThread) {
  const { toLowerCase } = String.prototype;
  String.prototype.toLowerCase = function (this: string) {
    if (this.includes("Alice")) throw thrown(this);
    return toLowerCase.call(this);
  };
}
