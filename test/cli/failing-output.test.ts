import { existsSync, linkSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { records, shell, spanmill, surfaces } from "../support/command.js";
import { lookupFolder } from "../support/lookup-model.js";
import { temporaryFolder } from "../support/temporary.js";

const MODEL = lookupFolder();
const folder = temporaryFolder();
const INPUT = join(folder, "input.jsonl");
writeFileSync(INPUT, `${JSON.stringify({ text: "Alice wrote from New York to Bob." })}\n`.repeat(500));
const RUN = `spanmill annotate --model ${MODEL} ${INPUT}`;

describe("a pipe that is closed", () => {
  it("ends the run in silence with status 141", async () => {
    const { status, stdout, stderr } = await shell(`set -o pipefail; ${RUN} | head -1`);
    expect({ status, stderr }).toEqual({ status: 141, stderr: "" });
    expect(records(stdout)).toHaveLength(1);
  });

  it("is nothing to help and schema either", async () => {
    for (const command of ["spanmill schema", "spanmill annotate --help"]) {
      const { status, stderr } = await shell(`set -o pipefail; (sleep 0.1; ${command}) | true`);
      expect({ status, stderr }).toEqual({ status: 141, stderr: "" });
    }
  });

  it("on standard error changes nothing", async () => {
    const { status, stdout } = await shell(`${RUN} 2> >(true)`);
    expect({ status, records: records(stdout).length }).toEqual({ status: 0, records: 500 });
  });
});

describe.skipIf(!existsSync("/dev/full"))("a full disk (needs /dev/full)", () => {
  it.each(["> /dev/full", "-o /dev/full"])("is told by %s", async (to) => {
    const { status, stdout, stderr } = await shell(`${RUN} ${to}`);
    expect({ status, stdout }).toEqual({ status: 6, stdout: "" });
    expect(stderr).toMatch(/no space is left; make room.* 0\./);
    expect(stderr).not.toMatch(/\n\s+at /);
  });

  it("is told by schema and evaluate too, and on standard error it changes nothing", async () => {
    const gold = join(folder, "gold.conll");
    writeFileSync(gold, "Alice B-PER\n");
    for (const command of ["spanmill schema", `spanmill evaluate --gold ${gold} --pred ${gold}`]) {
      expect(await shell(`${command} > /dev/full`)).toMatchObject({
        status: 6,
        stderr: expect.stringContaining("no space"),
      });
    }
    expect(await shell(`${RUN} 2> /dev/full`)).toMatchObject({ status: 0 });
  });
});

describe("an output that may not grow further", () => {
  it("ends on a whole record, and can be gone on with", async () => {
    const output = join(folder, "limited.jsonl");
    const { status, stderr } = await shell(`ulimit -f 100; ${RUN} -o ${output}`);
    expect({ status, stderr }).toEqual({
      status: 6,
      stderr: expect.stringMatching(/ulimit.*in it: \d+\.\n$/),
    });
    const written = records(readFileSync(output, "utf8"));
    expect(written.length).toBe(Number(/in it: (\d+)/.exec(stderr)![1]));
    expect(written.length).toBeGreaterThan(0);
    expect(readFileSync(output, "utf8").endsWith("}\n")).toBe(true);
    const again = await shell(`${RUN} -o ${output} --append --skip ${written.length}`);
    expect(again.status).toBe(0);
    expect(new Set(records(readFileSync(output, "utf8")).map(({ revision }) => revision)).size).toBe(500);
  });
});

describe("an output that is an input", () => {
  it("is refused under any name, before anything is lost", async () => {
    const copy = join(folder, "copy.jsonl");
    const content = '{"text": "Alice"}\n';
    writeFileSync(copy, content);
    symlinkSync(copy, join(folder, "symbolic.jsonl"));
    linkSync(copy, join(folder, "hard.jsonl"));
    const run = `spanmill annotate --model ${MODEL} ${copy}`;
    for (const to of [
      `-o ${copy}`,
      `-o ${folder}/./copy.jsonl`,
      `-o ${folder}/symbolic.jsonl`,
      `-o ${folder}/hard.jsonl`,
      `--errors ${folder}/hard.jsonl`,
      `>> ${copy}`,
    ]) {
      const { status, stderr } = await shell(`${run} ${to}`);
      expect({ status, stderr }, to).toEqual({ status: 2, stderr: expect.stringMatching(/input/) });
      expect(readFileSync(copy, "utf8"), to).toBe(content);
    }
    expect(await shell(`${run} -o /dev/null < /dev/null`)).toMatchObject({ status: 0 });
  });
});

describe("an output that cannot be opened", () => {
  it("is named with its mend", async () => {
    const cases: [string[], RegExp][] = [
      [["-o", join(folder, "no/such/folder.jsonl")], /its folder does not exist; make it first/],
      [["-o", folder], /it is a directory; name a file/],
      [["-o", join(INPUT, "below.jsonl")], /not a folder/],
      [["--errors", join(folder, "no/such/errors.jsonl")], /its folder does not exist/],
      [["--to", "brat", "-o", join(INPUT, "below")], /give --output a folder/],
    ];
    for (const [args, message] of cases) {
      const { status, stdout, stderr } = await spanmill(["annotate", "--model", MODEL, INPUT, ...args]);
      expect({ status, stdout }, stderr).toEqual({ status: 6, stdout: "" });
      expect(stderr).toMatch(message);
    }
  });

  it("ends inside a line, so nothing is appended to it", async () => {
    const output = join(folder, "half.jsonl");
    writeFileSync(output, '{"half');
    const run = await spanmill(["annotate", "--model", MODEL, INPUT, "-o", output, "--append"]);
    expect(run).toMatchObject({ status: 6, stderr: expect.stringContaining("ends inside a line") });
    expect(readFileSync(output, "utf8")).toBe('{"half');
  });
});

describe("an append", () => {
  it("keeps what is there", async () => {
    const output = join(folder, "appended.jsonl");
    const one = join(folder, "one.txt");
    writeFileSync(one, "Berlin");
    for (let i = 0; i < 2; i++) await spanmill(["annotate", "--model", MODEL, one, "-o", output, "--append"]);
    expect(records(readFileSync(output, "utf8")).map(surfaces)).toEqual([["Berlin/LOC"], ["Berlin/LOC"]]);
  });
});
