import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { validate } from "../../src/training/validate.js";
import { temporaryFolder } from "../support/temporary.js";
import { scriptedJudge, validationSet } from "./scripted-judge.js";

const folder = temporaryFolder();
let files = 0;

function file(...sentences: readonly string[]): string {
  const path = join(folder, `${files++}.conll`);
  writeFileSync(path, `${sentences.map((words) => words.split(", ").join("\n")).join("\n\n")}\n`);
  return path;
}

const NER = { name: "it", scheme: "BIO", labels: ["O", "B-X", "I-X"] } as const;
const SPANS = { a: [0, 9, 0], b: [0, 0, 9], o: [9, 0, 0] };

describe("scores of a validation set", () => {
  it("leave out words of which the file says nothing, where there are spans", async () => {
    const gold = file("a B-X, b I-X, o O", "a _, b _, o O", "o _, a B-X, o _");
    const [score] = await validate(scriptedJudge(NER, [validationSet(gold, {})], SPANS));
    expect(score).toMatchObject({ f1: 1, precision: 1, recall: 1 });
    const spurious = file("a B-X, b I-X, o O", "a O, b O, o O", "o O, a B-X, o O");
    const [worse] = await validate(scriptedJudge(NER, [validationSet(spurious, {})], SPANS));
    expect(worse!.precision).toBeCloseTo(2 / 3);
  });

  const POS = { name: "it", scheme: "none", labels: ["O", "N", "V"] } as const;
  const WORDS = { o: [9, 0, 0], n: [0, 9, 0], v: [0, 0, 9] };

  it("leave them out where there are none, and know O as a label among others", async () => {
    const gold = file("o O, n N, v N", "n _, v _");
    const [score] = await validate(scriptedJudge(POS, [validationSet(gold, {})], WORDS));
    expect(score!.precision).toBeUndefined();
    expect(score!.f1).toBeCloseTo(2 / 3);
  });

  it("leave out what is renamed to nothing or not kept, as a training does", async () => {
    const gold = file("o O, n N, v N, n PUNCT");
    const renamed = validationSet(gold, { source: { rename: new Map([["PUNCT", ""]]) } });
    expect((await validate(scriptedJudge(POS, [renamed], WORDS)))[0]!.f1).toBeCloseTo(2 / 3);
    const kept = validationSet(gold, { source: { keep: new Set(["N"]) } });
    expect((await validate(scriptedJudge(POS, [kept], WORDS)))[0]!.f1).toBe(0.5);
  });

  it("end between documents where they are asked to", async () => {
    const stop = new AbortController();
    stop.abort(new Error("stopped"));
    const judge = scriptedJudge(NER, [validationSet(file("a B-X"), {})], SPANS, stop.signal);
    await expect(validate(judge)).rejects.toThrow("stopped");
  });
});
