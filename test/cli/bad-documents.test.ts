import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { type Finished, records, spanmill, surfaces } from "../support/command.js";
import { lookupFolder } from "../support/lookup-model.js";
import { temporaryFolder } from "../support/temporary.js";

const MODEL = lookupFolder();
const folder = temporaryFolder();

function file(name: string, content: string | Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const annotate = (...args: string[]) => spanmill(["annotate", "--model", MODEL, ...args]);
const list = (path: string) => records(readFileSync(path, "utf8"));

describe("JSONL lines that cannot be read", () => {
  const input = file(
    "mixed.jsonl",
    Buffer.concat(
      [
        '{"text": "Alice"}',
        '{"text": "Alice',
        '["Alice"]',
        '{"body": "Alice"}',
        '{"text": 12}',
        Buffer.from([0x7b, 0xff, 0x7d]),
        `{"text": "${"x".repeat(2000)}"}`,
        '{"text": "Bob"}',
      ].map((line) => Buffer.concat([Buffer.from(line), Buffer.from("\n")])),
    ),
  );
  const output = join(folder, "mixed.out.jsonl");
  let finished: Finished;
  beforeAll(async () => {
    finished = await annotate(input, "-o", output, "--max-document-size", "1KiB");
  });

  it("are listed by line and reason, and the rest goes on", () => {
    expect(finished.status).toBe(3);
    expect(list(output).map(surfaces)).toEqual([["Alice/PER"], ["Bob/PER"]]);
    const rejected = list(`${output}.errors.jsonl`);
    expect(rejected.map(({ source, position, code }) => [source, position, code])).toEqual([
      [input, 2, "DOCUMENT_NOT_JSON"],
      [input, 3, "DOCUMENT_NOT_JSON"],
      [input, 4, "DOCUMENT_FIELD_MISSING"],
      [input, 5, "DOCUMENT_FIELD_MISSING"],
      [input, 6, "DOCUMENT_NOT_UTF8"],
      [input, 7, "DOCUMENT_TOO_LARGE"],
    ]);
    expect(rejected.map(({ reason }) => reason)).toEqual([
      expect.stringMatching(/not JSON/),
      expect.stringMatching(/a list/),
      expect.stringMatching(/no field text.*--field/),
      expect.stringMatching(/field text is a number/),
      expect.stringMatching(/byte 1 of the line/),
      expect.stringMatching(/2012 bytes.*1024/),
    ]);
  });

  it("are counted in the summary, which names the list", () => {
    expect(finished.stderr).toContain(`6 documents rejected, named in ${output}.errors.jsonl`);
  });

  it("leave no list behind once a new run rejects none, unless it was asked for", async () => {
    const sound = file("sound.jsonl", '{"text": "Alice"}\n');
    expect(await annotate(sound, "-o", output)).toMatchObject({ status: 0 });
    expect(existsSync(`${output}.errors.jsonl`)).toBe(false);
    const asked = file("asked.jsonl", "stale\n");
    expect(await annotate(sound, "-o", output, "--errors", asked)).toMatchObject({ status: 0 });
    expect(readFileSync(asked, "utf8")).toBe("");
  });

  it("are added to the list of the run that is gone on with", async () => {
    const first = ["-o", output, "--max-document-size", "1KiB"];
    expect(await annotate(input, ...first)).toMatchObject({ status: 3 });
    const again = await annotate(input, ...first, "--skip", "7", "--append");
    expect(again.status).toBe(0);
    expect(list(`${output}.errors.jsonl`)).toHaveLength(6);
    expect(list(output)).toHaveLength(3);
  });

  it("are told on standard error where the output is standard output or a device", async () => {
    for (const to of [[], ["-o", "/dev/null"]]) {
      const { status, stderr } = await annotate(input, ...to);
      expect(status).toBe(3);
      expect(stderr).toMatch(/mixed\.jsonl:2: DOCUMENT_NOT_JSON: /);
    }
    expect(existsSync("/dev/null.errors.jsonl")).toBe(false);
  });
});

describe("a text file", () => {
  it("that is not UTF-8 is rejected, and the others are read", async () => {
    const latin = file("latin.txt", Buffer.from("Jos\xe9", "latin1"));
    const { status, stdout, stderr } = await annotate(latin, file("fine.txt", "Alice"));
    expect(status).toBe(3);
    expect(records(stdout).map(surfaces)).toEqual([["Alice/PER"]]);
    expect(stderr).toMatch(/latin\.txt:1: DOCUMENT_NOT_UTF8: byte 3 /);
  });

  it("in UTF-16 is refused with the way to convert it", async () => {
    const { status, stderr } = await annotate(file("wide.txt", Buffer.from("\ufeffAlice", "utf16le")));
    expect({ status, stderr }).toEqual({ status: 5, stderr: expect.stringContaining("iconv") });
  });
});

describe("inputs that are not there", () => {
  it("are all named before anything is written", async () => {
    const output = file("kept.jsonl", "kept\n");
    const [a, b] = [join(folder, "a.txt"), join(folder, "b.txt")];
    const { status, stdout, stderr } = await annotate(a, file("there.txt", ""), b, folder, "-o", output);
    expect({ status, stdout }).toEqual({ status: 5, stdout: "" });
    for (const path of [a, b, folder]) expect(stderr).toContain(path);
    expect(readFileSync(output, "utf8")).toBe("kept\n");
  });
});

describe("a label file that breaks its format", () => {
  it("ends the run with its line, after the documents before it", async () => {
    const path = file("broken.conll", "# doc = a\nAlice B\n\n# doc = b\nBob\n");
    const { status, stdout, stderr } = await annotate(path);
    expect(status).toBe(5);
    expect(records(stdout).map(({ document_id }) => document_id)).toEqual(["a"]);
    expect(stderr).toMatch(/broken\.conll:5: 1 columns where 2 were expected/);
  });
});

describe("a document the model fails on", () => {
  it("is rejected alone, with the status of a failed inference", async () => {
    const path = file(
      "failing.jsonl",
      ["Alice", "a broken one", "Bob"].map((text) => `${JSON.stringify({ text })}\n`).join(""),
    );
    const { status, stdout, stderr } = await annotate(path);
    expect(status).toBe(7);
    expect(records(stdout).map(surfaces)).toEqual([["Alice/PER"], ["Bob/PER"]]);
    expect(stderr).toMatch(/failing\.jsonl:2: MODEL_OUTPUT: /);
  });

  it("ends the run where one fails after the other", async () => {
    const path = file("hopeless.jsonl", `{"text": "Alice"}\n${'{"text": "broken"}\n'.repeat(1000)}`);
    const { status, stdout, stderr } = await annotate(path);
    expect(status).toBe(7);
    expect(records(stdout)).toHaveLength(1);
    expect(stderr.split("\n").length).toBeLessThan(30);
  });
});

describe("a document that kills its thread", () => {
  it("is rejected alone, and the rest goes on in a new thread", async () => {
    const texts = ["Alice", "a deadly one", ...Array.from({ length: 20 }, () => "Bob")];
    const path = file("deadly.jsonl", texts.map((text) => `${JSON.stringify({ text })}\n`).join(""));
    const { status, stdout, stderr } = await spanmill(
      ["annotate", "--model", MODEL, path, "--threads", "2"],
      {
        preload: ["dying-tokenizer.js"],
      },
    );
    expect(status).toBe(7);
    expect(records(stdout)).toHaveLength(21);
    expect(stderr).toMatch(/deadly\.jsonl:2: THREAD_DIED: .*--threads/);
  });
});
