import { describe, expect, it } from "vitest";
import { probeSchemes } from "../../src/adapters/probe.js";
import { labelSet, type Scheme } from "../../src/tagging/schemes.js";
import { scriptedModel } from "../support/scripted-model.js";

const LABELS = ["O", "B-PER", "I-PER"];

/** A model that opens names with `opening`, and is sure of it. */
function model(opening: "B" | "I", scheme: Scheme = "BIO", name = "ner", window = 64) {
  const lens = { name, output: "logits", labelSet: labelSet(LABELS, scheme), temperature: 1 };
  const named = opening === "B" ? [0, 9, 0] : [0, 0, 9];
  return scriptedModel([lens], { logits: (word) => (/^\p{Lu}/u.test(word) ? named : [9, 0, 0]) }, window);
}

describe("probeSchemes", () => {
  it("warns of a lens declared BIO that opens spans with I", async () => {
    const warnings = await probeSchemes([model("I")]);
    expect(warnings).toEqual([expect.stringMatching(/lens ner.*IOB1.*--scheme ner=IOB1/)]);
  });

  it("is content with a lens that opens spans with B", async () => {
    expect(await probeSchemes([model("B")])).toEqual([]);
  });

  it("is content where the scheme is declared, and then reads nothing", async () => {
    const declared = model("I", "IOB1");
    expect(await probeSchemes([declared])).toEqual([]);
    expect(declared.encoded).toEqual([]);
  });

  it("names each lens at fault, of every model", async () => {
    const warnings = await probeSchemes([model("I"), model("B", "BIO", "good"), model("I", "BIO", "other")]);
    expect(warnings.map((warning) => /lens (\w+)/.exec(warning)![1])).toEqual(["ner", "other"]);
  });

  it("reads the probe in windows where the encoder is short", async () => {
    expect(await probeSchemes([model("I", "BIO", "ner", 8)])).toEqual(await probeSchemes([model("I")]));
  });

  it("reads the probe with word shapes where the model was trained with them", async () => {
    const lens = { name: "ner", output: "logits", labelSet: labelSet(LABELS), temperature: 1 };
    const shaped = scriptedModel([lens], { logits: () => [9, 0, 0] }, 64, "word_shapes");
    await probeSchemes([shaped]);
    expect(shaped.runs[0]!.tokenTypes!.slice(0, 4)).toEqual([0, 2, 2, 1]);
  });

  it("is content with a model that finds no names", async () => {
    const lens = { name: "ner", output: "logits", labelSet: labelSet(LABELS), temperature: 1 };
    expect(await probeSchemes([scriptedModel([lens], { logits: () => [9, 0, 0] }, 64)])).toEqual([]);
  });
});
