import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { exitCodes } from "../../src/config/exit-codes.js";
import { type Finished, shell, spanmill, start } from "../support/command.js";
import { lookupFolder } from "../support/lookup-model.js";
import { temporaryFolder } from "../support/temporary.js";

const MODEL = lookupFolder();
const folder = temporaryFolder();
const gold = join(folder, "gold.conll");
writeFileSync(gold, "Zoe B-PER\n");

const annotate = (input: string, ...args: string[]) =>
  spanmill(["annotate", "--model", MODEL, ...args], { input });

/** A run for each status that the help and the README promise. */
const RUNS: Readonly<Record<number, () => Promise<Finished>>> = {
  0: () => annotate("Alice"),
  1: () =>
    spanmill(["annotate", "--model", MODEL], {
      input: "Alice",
      preload: ["throwing.js"],
      env: { THROWING: "record" },
    }),
  2: () => annotate("Alice", "--no-such-flag"),
  3: () => annotate("{\n", "--from", "jsonl"),
  4: () => spanmill(["annotate", "--model", folder], { input: "Alice" }),
  5: () => annotate("", join(folder, "nowhere.txt")),
  6: () => annotate("Alice", "-o", join(folder, "no/such/folder.jsonl")),
  7: () => annotate("broken"),
  8: () => spanmill(["evaluate", "--model", MODEL, gold, "--fail-under", "0.5"]),
  130: async () => {
    const run = start(["annotate", "--model", MODEL, "--from", "lines"]);
    run.process.stdin.write("Alice\n");
    await run.until(({ stdout }) => stdout !== "");
    run.process.kill("SIGINT");
    return run.finished;
  },
  141: () => shell("set -o pipefail; (sleep 0.1; spanmill schema) | true"),
};

describe("exit status", () => {
  it("is documented, each and no other", () => {
    expect(Object.keys(RUNS).map(Number)).toEqual(exitCodes().map(({ status }) => status));
  });

  it.each(exitCodes().map(({ status, meaning }) => [status, meaning] as const))("%i: %s", async (status) => {
    const finished = await RUNS[status]!();
    expect(finished.status, finished.stderr).toBe(status);
    if (status !== 0 && status !== 141) expect(finished.stderr).toMatch(/\S/);
    expect(finished.stderr).not.toMatch(/\n\s+at /);
  });
});
