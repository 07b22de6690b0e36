import { expect, it } from "vitest";
import { answerDigest } from "../../src/document/answer-digest.js";
import { NER, POS } from "../support/scripted-tagger.js";

const tagger = { models: [{ name: "m", digest: "1", lenses: [NER, POS] }], runtime: "r" };
const choices = { decode: "constrained", columns: true } as const;

it("differs by all that changes an answer, and by nothing else", () => {
  const digest = answerDigest(tagger, choices);
  expect(digest).toMatch(/^[0-9a-f]{64}$/);
  const model = tagger.models[0]!;
  const others = [
    answerDigest({ ...tagger, runtime: "other" }, choices),
    answerDigest({ ...tagger, models: [{ ...model, digest: "2" }] }, choices),
    answerDigest({ ...tagger, models: [{ ...model, lenses: [NER] }] }, choices),
    answerDigest({ ...tagger, models: [{ ...model, lenses: [NER, { ...POS, temperature: 2 }] }] }, choices),
    answerDigest({ ...tagger, models: [{ ...model, lenses: [{ ...NER, scheme: "IO" }, POS] }] }, choices),
    answerDigest(tagger, { ...choices, decode: "argmax" }),
    answerDigest(tagger, { ...choices, columns: false }),
  ];
  expect(new Set([digest, ...others]).size).toBe(others.length + 1);
  expect(answerDigest({ ...tagger, models: [{ ...model, name: "renamed" }] }, choices)).toBe(digest);
});
