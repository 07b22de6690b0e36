import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { calibrate } from "../../src/training/calibrate.js";
import { temporaryFolder } from "../support/temporary.js";
import { scriptedJudge, validationSet } from "./scripted-judge.js";

const folder = temporaryFolder();
const LABELS = ["O", "B-X", "I-X", "B-Y", "I-Y"];
const NER = { name: "it", scheme: "BIO", labels: LABELS } as const;
const LENS = { ...NER, weight: 1, auxiliary: false };

/** Sentences of one word that is taken for an X, of which the given tags are right. */
function file(name: string, tags: readonly string[]): string {
  const path = join(folder, name);
  // Each is a document, and so a block of its own.
  writeFileSync(path, tags.map((tag, i) => `# doc = ${i}\nword ${tag}\n`).join("\n"));
  return path;
}

const logit = (score: number) => [0, Math.log(score / (1 - score)), -300, -300, -300];
const times = (count: number, tag: string) => Array.from({ length: count }, () => tag);
const shuffled = [0, 1, 2, 3].flatMap(() => [...times(14, "B-X"), ...times(6, "O")]);

describe("a temperature", () => {
  it("makes the score of predicted spans the share of them that is right", async () => {
    // 0.7 are right, and the model says 0.99.
    const judge = scriptedJudge(NER, [validationSet(file("sure.conll", shuffled), {})], {
      word: logit(0.99),
    });
    const { temperature, spans, before, after } = await calibrate(judge, LENS);
    expect(spans).toBe(80);
    expect(before).toBeCloseTo(0.29, 3);
    expect(after).toBeLessThan(0.01);
    expect(1 / (1 + Math.exp(-Math.log(99) / temperature))).toBeCloseTo(0.7, 3);
  });

  it("is fitted on sets that decide, and on types that they annotate, alone", async () => {
    const sure = file("again.conll", shuffled);
    const wrong = file("wrong.conll", times(50, "O"));
    const all = [
      validationSet(sure, {}),
      validationSet(wrong, { name: "reported", decides: false }),
      validationSet(wrong, { name: "partial", source: { notAnnotated: ["X"] } }),
    ];
    const judge = scriptedJudge(NER, all, { word: logit(0.99) });
    const alone = scriptedJudge(NER, all.slice(0, 1), { word: logit(0.99) });
    expect(await calibrate(judge, LENS)).toEqual(await calibrate(alone, LENS));
  });

  it("does not count spans over words of which the file says nothing", async () => {
    const silent = file("silent.conll", [...shuffled, ...times(40, "_")]);
    const judge = scriptedJudge(NER, [validationSet(silent, {})], { word: logit(0.99) });
    expect((await calibrate(judge, LENS)).spans).toBe(80);
  });

  it("of a lens without spans counts words, but not those without a label", async () => {
    const POS = { name: "it", scheme: "none", labels: ["N", "V"] } as const;
    const path = file("pos.conll", [...shuffled.map((tag) => (tag === "O" ? "V" : "N")), ...times(9, "_")]);
    const judge = scriptedJudge(POS, [validationSet(path, {})], { word: [Math.log(99), 0] });
    const { spans, before, after } = await calibrate(judge, { ...POS, weight: 1, auxiliary: false });
    expect(spans).toBe(80);
    expect(before).toBeCloseTo(0.29, 3);
    expect(after).toBeLessThan(0.01);
  });

  it("is 1 where the sets say nothing of the lens", async () => {
    const judge = scriptedJudge(NER, [], { word: logit(0.99) });
    expect(await calibrate(judge, LENS)).toMatchObject({ temperature: 1, spans: 0, before: 0, after: 0 });
  });
});
