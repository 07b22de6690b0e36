import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { spanmill } from "../support/command.js";
import { type Changes, config, lookupFolder } from "../support/lookup-model.js";
import { lookupModel } from "../support/onnx.js";
import { temporaryFolder } from "../support/temporary.js";

const LFS = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n";

describe("a model that cannot be used ends the run with its reason, and the old output stays", () => {
  it.each<[string, Changes, RegExp]>([
    ["without config.json", { "config.json": undefined }, /lacks config\.json/],
    ["without tokenizer.json", { "tokenizer.json": undefined }, /lacks tokenizer\.json/],
    ["without an ONNX file", { "onnx/model.onnx": undefined }, /lacks onnx\/model\.onnx.*optimum-cli/],
    ["with a cut config.json", { "config.json": '{"archi' }, /config\.json is not a JSON object/],
    ["with a tokenizer of no model", { "tokenizer.json": {} }, /tokenizer\.json cannot be loaded/],
    ["with a pointer for weights", { "onnx/model.onnx": LFS }, /cannot load .*onnx\/model\.onnx.*Git LFS/],
    ["with cut weights", { "onnx/model.onnx": lookupModel([[1, 2]]).subarray(0, 40) }, /cannot load/],
    [
      "with labels of no scheme",
      { "config.json": config(["O", "B-PER", "NOUN", "a", "b", "c", "d"]) },
      /fit no scheme.*--scheme/s,
    ],
    ["with too few labels", { "config.json": config(["O", "B-PER", "I-PER"]) }, /7 labels.*lists 3/],
    ["with an unknown key", { "spanmill.json": { format: 1, windw: 3 } }, /spanmill\.json.*windw/],
    [
      "with a wrong checksum",
      { "spanmill.json": { format: 1, files: { "config.json": "0".repeat(64) } } },
      /config\.json differs/,
    ],
  ])("%s", async (_, changes, message) => {
    const output = join(temporaryFolder(), "old.jsonl");
    writeFileSync(output, "old\n");
    const model = lookupFolder(changes);
    const { status, stdout, stderr } = await spanmill(["annotate", "--model", model, "-o", output], {
      input: "x",
    });
    expect({ status, stdout }, stderr).toEqual({ status: 4, stdout: "" });
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/\n\s+at /);
    expect(readFileSync(output, "utf8")).toBe("old\n");
  });

  it("that is not there", async () => {
    const nowhere = join(temporaryFolder(), "nowhere");
    const missing = await spanmill(["annotate", "--model", nowhere], { input: "x" });
    expect(missing).toMatchObject({ status: 4, stderr: expect.stringContaining(nowhere) });
  });
});
