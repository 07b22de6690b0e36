import { describe, expect, it } from "vitest";
import { type RecordChoices, recordSettings } from "../../src/document/pipeline.js";
import { surfaceWriter } from "../../src/document/surface.js";
import type { Tagger, TaggerModel } from "../../src/ports/tagger.js";
import type { LensManifest } from "../../src/tagging/protocol.js";
import { NER, POS } from "../support/scripted-tagger.js";

const model: TaggerModel = { name: "one", digest: "sha256:aa", lenses: [NER, POS] };
const tagger: Pick<Tagger, "models" | "runtime"> = { models: [model], runtime: "onnxruntime-1 x64" };
const choices: RecordChoices = {
  offsetUnit: "code_point",
  minScore: 0,
  words: false,
  surface: surfaceWriter({}),
  decode: "constrained",
  version: "0.1.0",
};

const withLens = (lens: Partial<LensManifest>): typeof tagger => ({
  ...tagger,
  models: [{ ...model, lenses: [{ ...NER, ...lens }, POS] }],
});

describe("the pipeline's digest", () => {
  const digest = (by = tagger, chosen: Partial<RecordChoices> = {}) =>
    recordSettings(by, { ...choices, ...chosen }).pipeline.digest;

  it.each<[string, string]>([
    ["a model's files", digest({ ...tagger, models: [{ ...model, digest: "sha256:bb" }] })],
    [
      "a model more",
      digest({ ...tagger, models: [model, { name: "two", digest: "sha256:bb", lenses: [] }] }),
    ],
    ["a lens less", digest({ ...tagger, models: [{ ...model, lenses: [NER] }] })],
    ["a lens's name", digest(withLens({ name: "names" }))],
    ["labels", digest(withLens({ labels: ["O", "B-ORG", "I-ORG"] }))],
    ["the order of labels", digest(withLens({ labels: ["O", "I-PER", "B-PER"] }))],
    ["the scheme", digest(withLens({ scheme: "IOB1" }))],
    ["the temperature", digest(withLens({ temperature: 2 }))],
    ["the decoder", digest(tagger, { decode: "argmax" })],
    ["the least score", digest(tagger, { minScore: 0.5 })],
    ["the runtime", digest({ ...tagger, runtime: "onnxruntime-1 arm64" })],
  ])("changes with %s", (_, other) => {
    expect(other).toMatch(/^[0-9a-f]{64}$/);
    expect(other).not.toBe(digest());
  });

  it.each<[string, string]>([
    ["the text policy", digest(tagger, { surface: surfaceWriter({ default: "hmac", key: "secret" }) })],
    ["the offset unit", digest(tagger, { offsetUnit: "utf8" })],
    ["columns of words", digest(tagger, { words: true })],
    ["the version of spanmill", digest(tagger, { version: "0.2.0" })],
    ["a model's name", digest({ ...tagger, models: [{ ...model, name: "other" }] })],
    ["the name of an output", digest(withLens({ output: "logits" }))],
  ])("does not change with %s", (_, other) => expect(other).toBe(digest()));
});

describe("recordSettings", () => {
  it("gives lenses in the order of the models, each with its model", () => {
    const second = { name: "two", digest: "sha256:bb", lenses: [{ ...NER, name: "chunk" }] };
    const { lenses, models, pipeline } = recordSettings({ ...tagger, models: [model, second] }, choices);
    expect(lenses.map(({ name, model }) => `${name} ${model}`)).toEqual(["ner one", "pos one", "chunk two"]);
    expect(models.map(({ name }) => name)).toEqual(["one", "two"]);
    expect(pipeline).toMatchObject({ version: "0.1.0", runtime: "onnxruntime-1 x64" });
  });

  it("hands the choices on", () => {
    const chosen = { ...choices, minScore: 0.25, words: true, offsetUnit: "utf16" } as const;
    expect(recordSettings(tagger, chosen)).toMatchObject({
      minScore: 0.25,
      words: true,
      offsetUnit: "utf16",
      surface: choices.surface,
    });
  });
});
