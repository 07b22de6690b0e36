import { createHash } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type PipelineParts, pipelineDigest, recordId } from "../../src/document/identity.js";

const parts: PipelineParts = {
  format: "1",
  models: [{ digest: "m1" }, { digest: "m2" }],
  lenses: [
    { name: "ner", model: "m1", scheme: "BIO", labels: ["O", "B-PER", "I-PER"], temperature: 1 },
    { name: "pos", model: "m2", scheme: "none", labels: ["NN", "VB"], temperature: 1 },
  ],
  decoder: { decode: "constrained", scale: 1 },
  blocks: { joinTo: 200 },
  runtime: "onnxruntime 1.30.0 x64",
};

test("a record's name is 32 hex digits, as documented", () => {
  const expected = createHash("sha256").update('["doc-1","r","p","document"]').digest("hex").slice(0, 32);
  expect(recordId({ documentId: "doc-1", revision: "r", pipelineDigest: "p", kind: "document" })).toBe(
    expected,
  );
});

test("no two identities run together", () => {
  const field = fc.string({ unit: fc.constantFrom("a", '"', ",", "\\", "[", "]"), maxLength: 4 });
  const identity = fc.record({ documentId: field, revision: field, pipelineDigest: field, kind: field });
  fc.assert(
    fc.property(identity, identity, (a, b) => {
      expect(recordId(a) === recordId(b)).toBe(JSON.stringify(a) === JSON.stringify(b));
    }),
    { numRuns: 500 },
  );
});

test("a pipeline's digest does not see the order of models, lenses and keys", () => {
  const reordered: PipelineParts = {
    runtime: parts.runtime,
    blocks: parts.blocks,
    decoder: { scale: 1, decode: "constrained" },
    lenses: parts.lenses
      .map(({ temperature, labels, scheme, model, name }) => ({ temperature, labels, scheme, model, name }))
      .reverse(),
    models: [...parts.models].reverse(),
    format: parts.format,
  };
  expect(pipelineDigest(reordered)).toBe(pipelineDigest(parts));
  expect(pipelineDigest(parts)).toMatch(/^[0-9a-f]{64}$/);
});

test("a pipeline's digest sees every part, and the order of labels", () => {
  const [ner, pos] = parts.lenses;
  const others: PipelineParts[] = [
    { ...parts, format: "2" },
    { ...parts, models: [{ digest: "m1" }] },
    { ...parts, lenses: [ner!] },
    { ...parts, lenses: [{ ...ner!, labels: ["O", "I-PER", "B-PER"] }, pos!] },
    { ...parts, lenses: [{ ...ner!, scheme: "IO" }, pos!] },
    { ...parts, lenses: [{ ...ner!, model: "m2" }, pos!] },
    { ...parts, lenses: [{ ...ner!, temperature: 1.5 }, pos!] },
    { ...parts, decoder: { decode: "argmax", scale: 1 } },
    { ...parts, blocks: { joinTo: 100 } },
    { ...parts, runtime: "onnxruntime 1.30.0 arm64" },
  ];
  expect(new Set([parts, ...others].map(pipelineDigest)).size).toBe(others.length + 1);
});
