import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openRecords } from "../../../src/adapters/files/output.js";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "spanmill-output-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("a file", () => {
  test("holds all records in order, and counts them", async () => {
    const path = join(folder, "all.jsonl");
    const writer = await openRecords(path);
    const expected: string[] = [];
    for (let i = 0; i < 50_000; i++) {
      const record = `{"n":${i},"é":"${"😀".repeat(i % 50)}"}\n`;
      expected.push(record);
      await writer.write(record);
    }
    await writer.close();
    await writer.close();
    const content = readFileSync(path, "utf8");
    expect(content === expected.join("")).toBe(true);
    expect(writer.written()).toEqual({ records: 50_000, bytes: Buffer.byteLength(content) });
  });

  test("a record is on its way without another one pushing it", async () => {
    const path = join(folder, "slow.jsonl");
    const writer = await openRecords(path);
    await writer.write("only\n");
    await expect.poll(() => readFileSync(path, "utf8")).toBe("only\n");
    await writer.close();
  });

  test("is continued with append, and made new without", async () => {
    const path = join(folder, "append.jsonl");
    for (const append of [false, true, true]) {
      const writer = await openRecords(path, { append });
      await writer.write(`${append}\n`);
      await writer.close();
    }
    expect(readFileSync(path, "utf8")).toBe("false\ntrue\ntrue\n");
    await (await openRecords(path)).close();
    expect(readFileSync(path, "utf8")).toBe("");
  });

  test("that ends inside a line is not appended to", async () => {
    const path = join(folder, "partial.jsonl");
    writeFileSync(path, "whole\npart");
    await expect(openRecords(path, { append: true })).rejects.toMatchObject({
      code: "OUTPUT_UNWRITABLE",
      message: expect.stringContaining("ends inside a line"),
    });
    expect(readFileSync(path, "utf8")).toBe("whole\npart");
  });

  test("in a folder that is not there, or a folder itself, cannot be opened", async () => {
    await expect(openRecords(join(folder, "no", "such.jsonl"))).rejects.toMatchObject({
      code: "OUTPUT_UNWRITABLE",
      message: expect.stringContaining("folder does not exist"),
    });
    await expect(openRecords(folder)).rejects.toMatchObject({ code: "OUTPUT_UNWRITABLE" });
  });

  test.runIf(existsSync("/dev/full"))(
    "on a full device is OUTPUT_FULL, now and on every later call",
    async () => {
      const writer = await openRecords("/dev/full");
      const full = {
        code: "OUTPUT_FULL",
        message: expect.stringContaining("Whole records of this run in it: 0."),
      };
      const record = `${"x".repeat(300_000)}\n`;
      await expect(writer.write(record).then(() => writer.write(record))).rejects.toMatchObject(full);
      await expect(writer.write(record)).rejects.toMatchObject(full);
      await expect(writer.close()).rejects.toMatchObject(full);
    },
  );
});

/** Writes records of 1000 bytes to argument 1, says on standard error how it ended. */
const script = `
  import { openRecords } from ${JSON.stringify(new URL("../../../src/adapters/files/output.js", import.meta.url).href)};
  const [path, count, append] = process.argv.slice(1);
  const writer = await openRecords(path, { append: append === "append" });
  try {
    for (let i = 0; i < Number(count); i++) await writer.write(String(i).padEnd(999, ".") + "\\n");
    await writer.close();
    console.error("done " + writer.written().records);
  } catch (error) {
    console.error(error.code + " " + writer.written().records + " " + error.message);
    process.exitCode = error.exitCode;
  }`;

function shell(command: string, ...args: string[]): { stdout: string; stderr: string } {
  const env = { ...process.env, NODE: process.execPath, SCRIPT: script };
  return spawnSync("sh", ["-c", command, "sh", ...args], { encoding: "utf8", env, maxBuffer: 1 << 28 });
}

const RUN = '"$NODE" --input-type=module -e "$SCRIPT"';

describe("no space left", () => {
  // A limit on the file's size makes the kernel write a part of a record and then fail, as a full disk does.
  test.each([
    ["a file", `ulimit -f 200; ${RUN} "$1" 5000`, 0],
    ["a file that is continued", `printf 'old\\n' > "$1"; ulimit -f 200; ${RUN} "$1" 5000 append`, 4],
    ["standard output into a file", `ulimit -f 200; ${RUN} - 5000 > "$1"`, 0],
  ])("%s is cut back to its last whole record", (name, command, before) => {
    const path = join(folder, `${name}.jsonl`);
    const { stderr } = shell(command, path);
    const content = readFileSync(path, "utf8");
    const records = (content.length - before) / 1000;
    expect(records).toBeGreaterThan(50);
    expect(Number.isInteger(records)).toBe(true);
    expect(content.endsWith(".\n")).toBe(true);
    expect(stderr).toMatch(
      new RegExp(`^OUTPUT_FULL ${records} .*Whole records of this run in it: ${records}\\.`),
    );
    expect(stderr).not.toContain("A part of one more");
  });

  test.runIf(existsSync("/dev/full"))("standard output into a full device", () => {
    expect(shell(`${RUN} - 3 > /dev/full`).stderr).toMatch(
      /^OUTPUT_FULL 0 standard output cannot be written/,
    );
  });
});

describe("standard output into a pipe", () => {
  test("a slow reader gets everything", () => {
    const { stdout, stderr } = shell(`${RUN} - 3000 | (sleep 0.3; cat)`);
    expect(stderr).toBe("done 3000\n");
    expect(stdout.length).toBe(3_000_000);
    expect(stdout.endsWith(`${"2999".padEnd(999, ".")}\n`)).toBe(true);
  });

  test("a slow reader of a pipe that does not block gets everything", () => {
    // Node puts its pipe into non-blocking mode for all who share it; killed, it cannot put it back.
    const unblock = `"$NODE" -e 'process.stdout.write(""); process.kill(process.pid, "SIGKILL")'`;
    const { stdout, stderr } = shell(`{ ${unblock}; ${RUN} - 3000; } | (sleep 0.5; cat)`);
    expect(stderr).toContain("done 3000\n");
    expect(stdout.length).toBe(3_000_000);
  });

  test("a reader that goes away is OUTPUT_CLOSED", () => {
    const { stdout, stderr } = shell(`${RUN} - 100000 | head -n 1`);
    expect(stdout).toBe(`${"0".padEnd(999, ".")}\n`);
    expect(stderr).toMatch(/^OUTPUT_CLOSED \d+ standard output cannot be written: its reader has gone/);
  });
});
