import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type RunOptions, records, spanmill } from "../support/command.js";
import { lookupFolder } from "../support/lookup-model.js";
import { temporaryFolder } from "../support/temporary.js";

const MODEL = lookupFolder();
const folder = temporaryFolder();

function config(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const yaml = config(
  "run.yaml",
  `model: [${MODEL}]\nfrom: lines\noffset-unit: utf16\ntext: {"*": none, PER: full}\n`,
);

async function unitAndTexts(args: string[], env: RunOptions["env"] = {}): Promise<unknown[]> {
  const { status, stdout, stderr } = await spanmill(["annotate", ...args], { input: "Alice\nBerlin", env });
  expect(status, stderr).toBe(0);
  return records(stdout).map(({ offset_unit, lenses }) => [offset_unit, lenses.ner.spans[0].text]);
}

describe("names that no model has", () => {
  it("are refused with the nearest, for a policy that is passed over would show what was to be hidden", async () => {
    const args = ["annotate", "--model", MODEL, "--text", "full,PERS=none", "--scheme", "nre=IOB1"];
    const { status, stdout, stderr } = await spanmill(args, { input: "Alice" });
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toMatch(/--text: no model has the label PERS; did you mean PER\?/);
    expect(stderr).toMatch(/--scheme: no model has the lens nre; did you mean ner\?/);
  });
});

describe("two outputs in one file", () => {
  it("are refused, whatever it is called", async () => {
    const args = [
      "annotate",
      "--model",
      MODEL,
      "-o",
      `${folder}/both.jsonl`,
      "--errors",
      `${folder}/./both.jsonl`,
    ];
    const { status, stderr } = await spanmill(args, { input: "Alice" });
    expect({ status, stderr }).toEqual({ status: 2, stderr: expect.stringContaining("the same file") });
  });
});

describe("settings", () => {
  it("come from a configuration file, named by flag or variable", async () => {
    const expected = [
      ["utf16", "Alice"],
      ["utf16", undefined],
    ];
    expect(await unitAndTexts(["--config", yaml])).toEqual(expected);
    expect(await unitAndTexts([], { SPANMILL_CONFIG: yaml })).toEqual(expected);
  });

  it("of variables beat those of the file, and flags beat both", async () => {
    const env = { SPANMILL_OFFSET_UNIT: "utf8", SPANMILL_TEXT: "full" };
    expect(await unitAndTexts(["--config", yaml], env)).toEqual([
      ["utf8", "Alice"],
      ["utf8", "Berlin"],
    ]);
    expect(await unitAndTexts(["--config", yaml, "--offset-unit", "code_point"], env)).toEqual([
      ["code_point", "Alice"],
      ["code_point", "Berlin"],
    ]);
  });

  it("work from the environment alone", async () => {
    const env = { SPANMILL_MODEL: MODEL, SPANMILL_FROM: "lines" };
    expect(await unitAndTexts([], env)).toHaveLength(2);
  });
});

describe("a setting that is wrong", () => {
  it("is named with its place and the nearest known one, all at once", async () => {
    const path = config("wrong.yaml", "modle: x\nthreads: many\n");
    const { status, stdout, stderr } = await spanmill(
      ["annotate", "--config", path, "--ofset-unit", "utf8"],
      {
        env: { SPANMILL_WIDHT: "80" },
      },
    );
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toContain("--ofset-unit: unknown option; did you mean --offset-unit?");
    expect(stderr).toContain(
      "SPANMILL_WIDHT: this environment variable is no option of spanmill; did you mean SPANMILL_WIDTH?",
    );
    expect(stderr).toContain(`${path}:1:1: unknown key "modle"; did you mean model?`);
    expect(stderr).toContain(`${path}:2:10: threads: "many" is not`);
  });

  it("is a command too", async () => {
    const { status, stderr } = await spanmill(["anotate"]);
    expect({ status, stderr }).toEqual({
      status: 2,
      stderr: expect.stringContaining("did you mean annotate?"),
    });
  });

  it("is a secret that cannot be read, or is empty", async () => {
    const hmac = (key: string) =>
      spanmill(["annotate", "--model", MODEL, "--text", "hmac", "--hmac-key-file", key], { input: "Alice" });
    for (const key of [join(folder, "nowhere"), folder, config("empty", "\n")]) {
      const { status, stdout, stderr } = await hmac(key);
      expect({ status, stdout }, stderr).toEqual({ status: 2, stdout: "" });
      expect(stderr).toMatch(/key/);
      expect(stderr).not.toMatch(/\n\s+at |unexpected/);
    }
  });
});

describe("help and version", () => {
  it("are printed and are no errors", async () => {
    for (const args of [["--help"], ["annotate", "--help"], ["help", "models", "inspect"], ["--version"]]) {
      const { status, stdout, stderr } = await spanmill(args);
      expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
      expect(stdout).toMatch(/\S\n$/);
    }
  });
});
