/**
 * Loaded before the command line: its threads, and with them the models, wait until the file that `HELD` names is there.
 */
import { existsSync } from "node:fs";
import { isMainThread } from "node:worker_threads";

const cell = new Int32Array(new SharedArrayBuffer(4));
if (!isMainThread) while (!existsSync(process.env.HELD ?? "")) Atomics.wait(cell, 0, 0, 20);
