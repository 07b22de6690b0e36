#!/usr/bin/env node
/**
 * Says how large the image's file set is, and how long a worker out of it takes to start: until it says that it has
 * started (models loaded, threads warm), and until the first record, each the median of several processes. They run with
 * an empty environment, in a folder that is not theirs to write, and as another user where this one is root.
 *
 *   node scripts/image-files.mjs FOLDER && node scripts/image-size.mjs FOLDER [--starts 5]
 *
 * Prints JSON: megabytes (of 10^6 bytes, as registries count) and milliseconds.
 */
import { spawn } from "node:child_process";
import { readdirSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";

/** As in the Dockerfile. */
const USER = 65532;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { starts: { type: "string", default: "5" } },
});
const folder = resolve(positionals[0] ?? ".");

const starts = [];
for (let start = 0; start < Number(values.starts); start++) starts.push(await measureStart());
const node = statSync(process.execPath).size;
const all = bytesBelow(folder);
const report = {
  megabytes: {
    files: megabytes(all),
    "with the Node binary": megabytes(all + node),
    ...Object.fromEntries(
      ["models", "node_modules/onnxruntime-node", "node_modules", "dist"].map((part) => [
        part,
        megabytes(bytesBelow(join(folder, part))),
      ]),
    ),
  },
  milliseconds: {
    "start to ready": median(starts.map(({ ready }) => ready)),
    "start to first record": median(starts.map(({ record }) => record)),
    "SIGTERM to end": median(starts.map(({ end }) => end)),
  },
  starts: starts.length,
};
process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);

/** One worker on standard streams: a document in, a record out, SIGTERM, status 0. */
async function measureStart() {
  const begin = performance.now();
  const since = () => performance.now() - begin;
  const args = [join(folder, "dist/src/main.js"), "run", "--input-format", "text"];
  const worker = spawn(process.execPath, args, {
    cwd: folder,
    env: {},
    stdio: ["pipe", "pipe", "pipe"],
    ...(process.getuid?.() === 0 ? { uid: USER, gid: USER } : {}),
  });
  const ended = new Promise((done, failed) => {
    worker.once("error", failed);
    worker.once("close", (status, signal) => done(status ?? signal));
  });
  let said = "";
  const ready = new Promise((done) => {
    worker.stderr.on("data", (more) => {
      said += more;
      if (said.includes('"started"')) done(since());
    });
  });
  const record = new Promise((done) => {
    worker.stdout.once("data", () => done(since()));
  });
  worker.stdin.write("The order was sent to Madrid.\n");
  const times = await Promise.race([Promise.all([ready, record]), ended]);
  if (!Array.isArray(times)) throw new Error(`the worker ended with ${times}: ${said}`);
  // Its standard input stays open: the signal alone ends it.
  const signalled = since();
  worker.kill("SIGTERM");
  const status = await ended;
  if (status !== 0) throw new Error(`SIGTERM ended the worker with ${status}: ${said}`);
  return { ready: times[0], record: times[1], end: since() - signalled };
}

function bytesBelow(path) {
  const files = readdirSync(path, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return files.reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0);
}

function megabytes(bytes) {
  return Math.round(bytes / 1e5) / 10;
}

function median(numbers) {
  const sorted = numbers.toSorted((a, b) => a - b);
  return Math.round(sorted[Math.floor(sorted.length / 2)]);
}
