import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { records, shell, spanmill, start, surfaces } from "../support/command.js";
import { config, lookupFolder } from "../support/lookup-model.js";
import { temporaryFolder } from "../support/temporary.js";

const MODEL = lookupFolder();
/** Says on standard error that it is loaded, with a warning of its labels. */
const TALKATIVE = lookupFolder({
  "config.json": config(Array.from({ length: 7 }, (_, i) => `LABEL_${i}`)),
});
const folder = temporaryFolder();

/** Many documents, a rejected one in ten among them. */
const DOCUMENTS = 20_000;
const LINES = Array.from({ length: DOCUMENTS }, (_, i) =>
  i % 10 === 3 ? "{" : JSON.stringify({ id: `d${i}`, text: `Alice wrote ${i} times from New York to Bob.` }),
);
const INPUT = join(folder, "it's many.jsonl");
writeFileSync(INPUT, `${LINES.join("\n")}\n`);

function command(stderr: string): string {
  return /\n {2}(spanmill .*)\n$/.exec(stderr)![1]!;
}

describe("Ctrl-C in the middle", () => {
  const whole = join(folder, "whole.jsonl");
  const arguments_ = (output: string) => ["annotate", "--model", MODEL, "--show", "-o", output, "--", INPUT];

  it.each(["SIGINT", "SIGTERM"] as const)(
    "by %s ends on a whole record, and the command it names completes the output",
    async (signal) => {
      if (!existsSync(whole)) expect(await spanmill(arguments_(whole))).toMatchObject({ status: 3 });
      const output = join(folder, `cut by ${signal}.jsonl`);
      const run = start(arguments_(output));
      await run.until(({ stdout }) => stdout !== "");
      run.process.kill(signal);
      const { status, stderr } = await run.finished;
      expect(status).toBe(130);
      const done = Number(/the first (\d+) documents are done/.exec(stderr)![1]);
      expect(done).toBeGreaterThan(0);
      expect(done).toBeLessThan(DOCUMENTS);
      const cut = readFileSync(output, "utf8");
      expect(readFileSync(whole, "utf8").startsWith(cut)).toBe(true);
      expect(cut.endsWith("}\n")).toBe(true);
      expect(records(cut).length + records(readFileSync(`${output}.errors.jsonl`, "utf8")).length).toBe(done);

      const again = await shell(command(stderr));
      expect(again.status, again.stderr).toBe(3);
      expect(readFileSync(output).equals(readFileSync(whole))).toBe(true);
      expect(readFileSync(`${output}.errors.jsonl`).equals(readFileSync(`${whole}.errors.jsonl`))).toBe(true);
    },
  );

  it("twice ends at once", async () => {
    const run = start(arguments_(join(folder, "twice.jsonl")));
    await run.until(({ stdout }) => stdout !== "");
    run.process.kill("SIGINT");
    run.process.kill("SIGTERM");
    const { status, stderr } = await run.finished;
    expect({ status, stderr }).toEqual({ status: 130, stderr: "" });
  });
});

describe("Ctrl-C with standard streams", () => {
  it("tells that input and output are the same ones again", async () => {
    const run = start(["annotate", "--model", MODEL, "--from", "lines"]);
    run.process.stdin.write("Alice\nBob\n");
    await run.until(({ stdout }) => stdout.split("\n").length > 2);
    run.process.kill("SIGINT");
    const { status, stderr } = await run.finished;
    expect(status).toBe(130);
    expect(stderr).toContain("the first 2 documents are done");
    expect(stderr).toMatch(/same standard input.*>>/);
    const again = await shell(`printf 'Alice\\nBob\\nBerlin\\n' | ${command(stderr)}`);
    expect(records(again.stdout).map(surfaces)).toEqual([["Berlin/LOC"]]);
  });

  it("ends a run that waits for its first input", async () => {
    const run = start(["annotate", "--model", TALKATIVE]);
    await run.until(({ stderr }) => stderr.includes("warning"));
    run.process.kill("SIGINT");
    expect(await run.finished).toMatchObject({
      status: 130,
      stdout: "",
      stderr: expect.stringContaining("interrupted: no document was done"),
    });
  });
});

describe("Ctrl-C with brat", () => {
  it("names a command that is taken", async () => {
    const output = join(folder, "brat");
    const run = start([
      "annotate",
      "--model",
      MODEL,
      "--to",
      "brat",
      "-o",
      output,
      "--show",
      "--from",
      "lines",
    ]);
    run.process.stdin.write("Alice\n");
    await run.until(({ stdout }) => stdout.includes("Alice"));
    run.process.kill("SIGINT");
    const { status, stderr } = await run.finished;
    expect(status).toBe(130);
    const again = await shell(`printf 'Alice\\nBob\\n' | ${command(stderr)}`);
    expect(again.status, again.stderr).toBe(0);
    expect(readdirSync(output)).toHaveLength(4);
  });
});

describe("Ctrl-C in evaluate", () => {
  it("ends it at once", async () => {
    const gold = join(folder, "gold.conll");
    writeFileSync(gold, "Alice LABEL_1\nwrote LABEL_0\n\n".repeat(300_000));
    const run = start(["evaluate", "--model", TALKATIVE, gold]);
    await run.until(({ stderr }) => stderr.includes("warning"));
    run.process.kill("SIGINT");
    expect(await run.finished).toMatchObject({ status: 130, stdout: "" });
  });
});
