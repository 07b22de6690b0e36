/** `npm run demo` with few tickets: it proves what it says, and leaves nothing running. */
import { execFile, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { lookupFolder } from "./support/lookup-model.js";
import { until } from "./support/servers/until.js";
import { temporaryFolder } from "./support/temporary.js";

const DEMO = resolve("scripts/demo.mjs");
const ENVIRONMENT = { ...process.env, NO_COLOR: "1", FORCE_COLOR: undefined };

interface Proof {
  readonly missing: readonly string[];
  readonly unknown: readonly string[];
  readonly repeated: number;
  readonly different: number;
}
const { prove } = (await import(pathToFileURL(resolve("scripts/demo/proof.mjs")).href)) as {
  prove: (ids: readonly string[], values: readonly Buffer[]) => Proof;
};

function pids(output: string): number[] {
  return [...output.matchAll(/worker \d: pid (\d+)/g)].map(([, pid]) => Number(pid));
}

function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe("the demo", () => {
  it("kills a worker and proves that no ticket is missing", async () => {
    const folder = temporaryFolder();
    const args = [DEMO, "--tickets", "120", "--model", lookupFolder(), "--folder", folder];
    const { stdout, stderr } = await promisify(execFile)(process.execPath, args, { env: ENVIRONMENT });
    expect(stderr).toBe("");
    expect(stdout).toMatch(/^tickets {3}120 on demo[\w-]*\.tickets/m);
    expect(stdout).toMatch(/^kill -9 {3}worker 1 \(pid \d+\)/m);
    expect(stdout).toMatch(/^ +T-10\d\d-\d{5} .* \w+ LOC \d\.\d\d/m);
    expect(stdout).toMatch(/^proof {5}120 of 120 tickets have a record, none missing$/m);
    expect(stdout).toMatch(/no record came twice|all byte for byte the same/);
    expect(stdout).not.toContain("\u001b");
    expect(readFileSync(join(folder, "worker.yaml"), "utf8")).toMatch(/topics: \[demo[\w-]*\.tickets\]/);
    expect(pids(stdout)).toHaveLength(2);
    expect(pids(stdout).filter(runs)).toEqual([]);
  }, 180_000);

  it("stops all it started on Ctrl-C", async () => {
    const args = [DEMO, "--tickets", "100000", "--model", lookupFolder(), "--folder", temporaryFolder()];
    const child = spawn(process.execPath, args, { env: ENVIRONMENT });
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (more: string) => {
      output += more;
    });
    const closed = new Promise((kept) => child.on("close", kept));
    await until("both workers", () => pids(output).length === 2, { withinMs: 120_000 });
    child.kill("SIGINT");
    expect(await closed).toBe(130);
    expect(pids(output).filter(runs)).toEqual([]);
  }, 180_000);
});

describe("its proof", () => {
  const record = (id: string, name: string, more = "") =>
    Buffer.from(JSON.stringify({ record_id: name, document_id: id, more }));

  it("sees what is missing, foreign, doubled, different, or answered in two ways", () => {
    const a = record("a", "1");
    expect(prove(["a", "b"], [a])).toMatchObject({ missing: ["b"], repeated: 0, different: 0 });
    expect(prove(["a"], [a, a])).toMatchObject({ missing: [], repeated: 1, different: 0 });
    expect(prove(["a"], [a, record("a", "1", "x")])).toMatchObject({ repeated: 1, different: 1 });
    expect(prove(["a"], [a, record("a", "2")])).toMatchObject({ repeated: 0, different: 1 });
    expect(prove(["a"], [a, record("c", "3")])).toMatchObject({ unknown: ["c"] });
  });
});
