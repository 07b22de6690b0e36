import { execFileSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { SHARED_ABSENT, shared } from "../../support/shared.js";
import { temporaryFolder } from "../../support/temporary.js";

const MODEL = shared("models/tiny-distilbert-bioes");
const url = (path: string) => JSON.stringify(fileURLToPath(new URL(path, import.meta.url)));

/** Runs a program in an empty home, outside of CI (which would keep the runtime quiet), and lists what it left. */
function leftBehind(program: string, environment: Record<string, string> = {}): string[] {
  const home = temporaryFolder();
  execFileSync(process.execPath, ["--input-type=module", "-e", program], {
    env: { PATH: process.env.PATH, HOME: home, ...environment },
    stdio: ["ignore", "ignore", "inherit"],
    cwd: fileURLToPath(new URL("../../../..", import.meta.url)),
  });
  return readdirSync(home, { recursive: true }).map(String);
}

const RAW = `
  import ort from "onnxruntime-node";
  await ort.InferenceSession.create(${JSON.stringify(join(MODEL, "onnx/model.onnx"))});`;

const POOL = `
  import { openPool } from ${url("../../../src/adapters/threads/pool.js")};
  import { readModelFolder } from ${url("../../../src/adapters/model-folder/folder.js")};
  const { manifest } = await readModelFolder({ directory: ${JSON.stringify(MODEL)}, dtype: "auto" });
  const pool = openPool({ models: [manifest], decode: "constrained", columns: false }, { threads: 1 });
  await pool.tag([{ kind: "text", text: "Hello" }]);
  await pool.close();`;

const POOL_IN_A_WORKER = `
  import { Worker } from "node:worker_threads";
  const worker = new Worker(
    'import(' + JSON.stringify(${url("../../../src/adapters/threads/telemetry.js")}) + ')' +
    '.then(({ switchOffTelemetry }) => { try { switchOffTelemetry(); process.exit(3); } catch (error) { process.exit(error.code === "USAGE" ? 0 : 4); } })',
    { eval: true });
  worker.on("exit", (code) => process.exit(code));`;

describe.skipIf(SHARED_ABSENT)("ONNX Runtime's telemetry (needs ../shared)", () => {
  it("would leave files behind were it not switched off, or this test could not fail", () => {
    expect(leftBehind(RAW).join("\n")).toContain("onnxruntime");
  });

  it("leaves nothing behind when a pool reads a text", () => {
    expect(leftBehind(POOL)).toEqual([]);
  });
});

describe("opening in a worker thread, where telemetry cannot be switched off", () => {
  it("is refused", () => {
    expect(leftBehind(POOL_IN_A_WORKER)).toEqual([]);
  });

  it("is no problem where the environment has switched it off", () => {
    expect(() => leftBehind(POOL_IN_A_WORKER, { ORT_DISABLE_TELEMETRY: "1" })).toThrow(/./);
  });
});
