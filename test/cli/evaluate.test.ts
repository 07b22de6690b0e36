import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { spanmill } from "../support/command.js";
import { lookupFolder } from "../support/lookup-model.js";
import { temporaryFolder } from "../support/temporary.js";

const MODEL = lookupFolder();
const folder = temporaryFolder();

function file(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const gold = file("gold.conll", "Alice B-PER\nwrote O\nBerlin B-LOC\n\nZoe B-PER\n. O\n");
const pred = file("pred.conll", "Alice B-PER\nwrote O\nBerlin B-PER\n\nZoe O\n. O\n");

describe("evaluate", () => {
  it("scores a model on labelled files, as a table or as JSON", async () => {
    const table = await spanmill(["evaluate", "--model", MODEL, gold]);
    expect(table).toMatchObject({ status: 0, stdout: expect.stringMatching(/PER +100\.00 +50\.00 +66\.67/) });
    const json = await spanmill(["evaluate", "--model", MODEL, gold, "--json", "--quiet"]);
    expect(json.stderr).toBe("");
    expect(JSON.parse(json.stdout).lenses.ner.micro).toEqual({ precision: 1, recall: 2 / 3, f1: 0.8 });
  });

  it("scores one file against another without a model", async () => {
    const { status, stdout } = await spanmill(["evaluate", "--gold", gold, "--pred", pred, "--json"]);
    expect(status).toBe(0);
    expect(JSON.parse(stdout).lenses.ner.types.PER).toMatchObject({ gold: 2, predicted: 2, correct: 1 });
  });

  it("reads both sides by the scheme that is declared, since IOB1 looks like BIO", async () => {
    const iob1 = file("iob1.conll", "Alice I-PER\nSmith I-PER\nBob B-PER\n\n");
    const strict = ["evaluate", "--gold", iob1, "--pred", iob1, "--mode", "seqeval-strict", "--json"];
    const found = async (...args: string[]) =>
      JSON.parse((await spanmill([...strict, ...args])).stdout).lenses.ner.types.PER.gold;
    expect(await found()).toBe(1);
    expect(await found("--scheme", "IOB1")).toBe(2);
  });

  it("counts a lens that the other file has no span of as missed", async () => {
    const word = (misc: string) => `# newdoc\n1\tAlice\t_\tPROPN\t_\t_\t_\t_\t_\t${misc}\n\n`;
    const both = ["--gold", file("gold.conllu", word("ner=B-PER")), "--pred", file("pred.conllu", word("_"))];
    const { status, stdout } = await spanmill(["evaluate", ...both, "--json", "--fail-under", "0.5"]);
    expect(status).toBe(8);
    expect(JSON.parse(stdout).lenses.ner.micro.recall).toBe(0);
  });

  it("scores texts with spans", async () => {
    const path = file(
      "gold.jsonl",
      '{"text": "Alice in Berlin", "spans": [{"start": 0, "end": 5, "label": "PER"}]}\n',
    );
    const { stdout } = await spanmill(["evaluate", "--model", MODEL, path, "--json"]);
    expect(JSON.parse(stdout).lenses.ner.micro).toMatchObject({ precision: 0.5, recall: 1 });
  });

  it("tells with --calibration how far scores are from the share that is right", async () => {
    const lenses = { ner: { temperature: 8 } };
    const hot = lookupFolder({ "spanmill.json": { format: 1, lenses } }, "hot");
    // Each word has a logit of 8 and six of 0; two labels are of a span's type.
    const score = (temperature: number) => (Math.exp(8 / temperature) + 1) / (Math.exp(8 / temperature) + 6);
    const spans = file(
      "calibrated.jsonl",
      '{"text": "Alice in Berlin", "spans": [{"start": 0, "end": 5, "label": "PER"}]}\n',
    );
    for (const [path, right] of [
      [gold, 1],
      [spans, 0.5],
    ] as const) {
      const { stdout } = await spanmill(["evaluate", "--model", hot, path, "--calibration", "--json"]);
      const { predicted, error, uncalibratedError } = JSON.parse(stdout).lenses.ner.calibration;
      expect(predicted).toBe(2);
      expect(error).toBeCloseTo(Math.abs(right - score(8)), 4);
      expect(uncalibratedError).toBeCloseTo(Math.abs(right - score(1)), 4);
    }
    const { stdout } = await spanmill(["evaluate", "--model", hot, gold, "--calibration"]);
    expect(stdout).toContain("expected calibration error 57.35, without temperature 0.17 (2 predicted)");
  });

  it("fails with --fail-under, and prints all the same", async () => {
    const { status, stdout } = await spanmill(["evaluate", "--model", MODEL, gold, "--fail-under", "0.9"]);
    expect({ status, stdout }).toEqual({ status: 8, stdout: expect.stringContaining("micro average") });
    expect(await spanmill(["evaluate", "--model", MODEL, gold, "--fail-under", "0.8"])).toMatchObject({
      status: 0,
    });
  });

  it("names a file that cannot be read before it loads the model", async () => {
    const cases: [string, number, RegExp][] = [
      [join(folder, "nowhere.conll"), 5, /nowhere\.conll.*does not exist/],
      [folder, 5, /directory/],
      [file("cut.conll", "Alice B-PER\nBob\n"), 5, /cut\.conll:2: .*columns/],
      [file("none.conll", ""), 5, /no labelled word/],
      [file("latin.conll", ""), 5, /./],
    ];
    for (const [path, expected, message] of cases) {
      const { status, stdout, stderr } = await spanmill(["evaluate", "--model", MODEL, path]);
      expect({ status, stdout }, path).toEqual({ status: expected, stdout: "" });
      expect(stderr).toMatch(message);
    }
    const early = await spanmill([
      "evaluate",
      "--model",
      join(folder, "no-model"),
      join(folder, "nowhere.conll"),
    ]);
    expect(early).toMatchObject({ status: 5 });
  });

  it("does not mix files of spans with files of words", async () => {
    const spans = file("spans.jsonl", '{"text": "Alice", "spans": []}\n');
    for (const files of [
      [gold, spans],
      [spans, gold],
    ]) {
      const { status, stderr } = await spanmill(["evaluate", "--model", MODEL, ...files]);
      expect({ status, stderr }).toEqual({ status: 2, stderr: expect.stringMatching(/JSONL/) });
    }
  });
});

describe("models inspect and doctor", () => {
  it("tell what a model is", async () => {
    const text = await spanmill(["models", "inspect", MODEL]);
    expect(text).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/lens ner +scheme BIO; 7 labels/),
    });
    const json = await spanmill(["models", "inspect", MODEL, "--json"]);
    expect(JSON.parse(json.stdout)).toMatchObject({
      name: "lookup",
      window: 128,
      token_types: "zeros",
      lenses: [{ name: "ner" }],
    });
    const healthy = await spanmill(["doctor", "--model", MODEL, "--json"]);
    expect(healthy.status).toBe(0);
    expect(JSON.parse(healthy.stdout).checks.map(({ check }: { check: string }) => check)).toEqual([
      "node",
      "runtime",
      "telemetry",
      "threads",
      `model ${MODEL}`,
    ]);
  });

  it("fail on a model that cannot work", async () => {
    const broken = lookupFolder({ "onnx/model.onnx": "version https://git-lfs.github.com/spec/v1\n" });
    expect(await spanmill(["models", "inspect", broken])).toMatchObject({ status: 4, stdout: "" });
    const doctor = await spanmill(["doctor", "--model", broken]);
    expect(doctor).toMatchObject({ status: 4, stdout: expect.stringMatching(/FAILED +model.*onnx/) });
  });
});
