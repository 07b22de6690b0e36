import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { records, shell, start } from "../support/command.js";
import { lookupFolder } from "../support/lookup-model.js";

const MODEL = lookupFolder();

describe("standard input that comes slowly", () => {
  it.each([[[]], [["--to", "conll"]], [["--threads", "3"]]])(
    "with %j is answered line by line",
    async (args) => {
      const run = start(["annotate", "--model", MODEL, "--from", "lines", ...args]);
      for (const [i, name] of ["Alice", "Bob", "Berlin"].entries()) {
        run.process.stdin.write(`${name}\n`);
        await run.until(
          ({ stdout }) => stdout.includes(name) && (stdout.match(/-:\d/g) ?? []).length === i + 1,
        );
      }
      run.process.stdin.end();
      expect(await run.finished).toMatchObject({ status: 0 });
    },
  );
});

/** `script` of util-linux runs a command on a terminal of its own. */
function hasScript(): boolean {
  try {
    return execFileSync("script", ["--version"], { encoding: "utf8" }).includes("util-linux");
  } catch {
    return false;
  }
}

describe.skipIf(!hasScript())("a terminal (needs script of util-linux)", () => {
  const onTerminal = (args: string) =>
    shell(
      `printf 'Alice\\n\\004' | script -qefc '"${process.execPath}" dist/src/main.js annotate --model ${MODEL} ${args}' /dev/null`,
    );

  it("is told that it is read where no input is named, and shows highlighted text", async () => {
    const { status, stdout } = await onTerminal("");
    expect(status).toBe(0);
    expect(stdout).toContain("reading standard input: Ctrl-D");
    expect(stdout).toMatch(/\u001b\[.*Alice.*PER/);
    expect(stdout).not.toContain('"schema"');
  });

  it("is told nothing where - or --quiet says that it is known", async () => {
    for (const args of ["-", "--quiet"]) expect((await onTerminal(args)).stdout).not.toContain("reading");
  });

  it("gets records where they are asked for", async () => {
    const { stdout } = await onTerminal("--to jsonl --quiet");
    expect(records(stdout.slice(stdout.indexOf("{")))).toHaveLength(1);
  });
});
