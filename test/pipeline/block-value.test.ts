import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Digest, digestWith } from "../../src/pipeline/block-key.js";
import { openBlock, sealBlock } from "../../src/pipeline/block-value.js";
import type { TaggedBlock } from "../../src/tagging/protocol.js";
import { keyNamed } from "../contract/cache.js";
import { answerTo } from "../support/scripted-tagger.js";

const plain = digestWith(undefined);
const key = keyNamed("key");

const offset = fc.nat({ max: 1_000_000 });
const rounded = fc.nat({ max: 10_000 }).map((score) => score / 10_000);
const label = fc.constantFrom("PER", "B-ORG", "été", "Zeit", "", "🙂");
const lens = (score: fc.Arbitrary<number>) =>
  fc.record(
    {
      spans: fc.array(fc.record({ start: offset, end: offset, label, score }, { noNullPrototype: true }), {
        maxLength: 8,
      }),
      labels: fc.array(fc.nat({ max: 300 }), { maxLength: 20 }),
      scores: fc.array(score, { maxLength: 20 }),
    },
    { noNullPrototype: true },
  );
const name = fc.constantFrom("ner", "pos", "a lens", "__proto__", "7");
const tagged: fc.Arbitrary<TaggedBlock> = fc
  .record({
    words: offset,
    ranges: fc.array(fc.tuple(offset, offset), { maxLength: 20 }),
    sentences: fc.array(offset, { maxLength: 5 }),
    lenses: fc.dictionary(
      name,
      fc.oneof(lens(rounded), lens(fc.oneof(fc.double(), fc.constantFrom(-0, 2, Number.NaN)))),
    ),
    windows: offset,
    truncatedWords: offset,
  })
  .map(({ ranges, lenses, ...block }) => ({
    ...block,
    starts: ranges.map(([start]) => start),
    ends: ranges.map(([, end]) => end),
    lenses: Object.fromEntries(Object.entries(lenses)),
  }));

const sealed = (block: TaggedBlock, digest: Digest = plain, under = key): Buffer =>
  sealBlock(block, under, digest) ?? expect.unreachable();

describe("a sealed value", () => {
  it("gives back the very block, every score to the last bit", () => {
    fc.assert(
      fc.property(tagged, (block) => {
        expect(openBlock(sealed(block), key, plain)).toStrictEqual(block);
      }),
    );
  });

  it("is nothing when a bit is flipped, anywhere", () => {
    fc.assert(
      fc.property(tagged, fc.nat(), fc.nat({ max: 7 }), (block, where, bit) => {
        const value = sealed(block);
        const at = where % value.length;
        value[at] = value[at]! ^ (1 << bit);
        expect(openBlock(value, key, plain)).toBeUndefined();
      }),
    );
  });

  it("is nothing when it is cut, or something was added", () => {
    const value = sealed(answerTo({ kind: "text", text: "Ada met Bob in Rome" }));
    for (let length = 0; length < value.length; length++) {
      expect(openBlock(value.subarray(0, length), key, plain)).toBeUndefined();
    }
    expect(openBlock(Buffer.concat([value, Buffer.of(0)]), key, plain)).toBeUndefined();
  });

  it("is nothing under another key, or another secret", () => {
    const block = answerTo({ kind: "text", text: "Ada met Bob" });
    expect(openBlock(sealed(block), keyNamed("other"), plain)).toBeUndefined();
    const keyed = digestWith("secret");
    expect(openBlock(sealed(block, keyed), key, keyed)).toStrictEqual(block);
    expect(openBlock(sealed(block, keyed), key, plain)).toBeUndefined();
    expect(openBlock(sealed(block), key, keyed)).toBeUndefined();
  });

  it("never throws on bytes of any kind, even where the seal is right", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        const body = Buffer.from(bytes);
        expect(openBlock(body, key, plain)).toBeUndefined();
        const seal = plain("spanmill value 1\n", key, body).subarray(0, 16);
        openBlock(Buffer.concat([Buffer.of(1), seal, body]), key, plain);
      }),
      { numRuns: 500 },
    );
  });

  it("holds no text of the block", () => {
    const value = sealed(answerTo({ kind: "text", text: "Ada met Bob in Rome" })).toString("latin1");
    for (const word of ["Ada", "met", "Bob", "Rome"]) expect(value).not.toContain(word);
  });

  it.each([
    ["a negative count", { words: -1 }],
    ["a fraction", { windows: 0.5 }],
    ["starts without ends", { starts: [1] }],
    [
      "a label that is no Unicode",
      {
        lenses: {
          ner: { spans: [], labels: [], scores: [] },
          "\ud800": { spans: [], labels: [], scores: [] },
        },
      },
    ],
  ])("is not made of %s", (_what, wrong) => {
    const block = answerTo({ kind: "text", text: "" });
    expect(sealBlock({ ...block, ...wrong }, key, plain)).toBeUndefined();
  });

  it("takes a third of what JSON takes", () => {
    const block = answerTo({ kind: "text", text: "Ada met Bob in Rome, and Eve went home. ".repeat(5) });
    expect(sealed(block).length * 3).toBeLessThan(JSON.stringify(block).length);
  });
});
