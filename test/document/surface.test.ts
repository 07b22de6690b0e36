import { createHmac } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type SurfaceSettings, surfaceWriter } from "../../src/document/surface.js";
import { SpanmillError } from "../../src/errors.js";

const spanOf = (settings: SurfaceSettings, label = "PER", slice = "Zoë\n> Smith", canonical = "Zoë Smith") =>
  surfaceWriter(settings).span(label, slice, canonical);

describe("the text of a span", () => {
  test("is its slice by default", () => {
    expect(spanOf({})).toEqual({ text: "Zoë\n> Smith" });
  });

  test("is decided per label, else by the default", () => {
    const settings: SurfaceSettings = { default: "none", labels: { PER: "masked" } };
    expect(spanOf(settings, "PER")).toEqual({ text_masked: "Z*** S***" });
    expect(spanOf(settings, "LOC")).toEqual({});
    expect(spanOf(settings, "toString")).toEqual({});
  });

  test("is digested under the key without its layout", () => {
    const expected = `hmac-sha256:${createHmac("sha256", "secret").update("Zoë Smith").digest("hex")}`;
    expect(spanOf({ default: "hmac", key: "secret" })).toEqual({ text_digest: expected });
    expect(spanOf({ default: "hmac", key: Buffer.from("secret") }, "PER", "Zoë  Smith")).toEqual({
      text_digest: expected,
    });
  });

  test.each([
    ["Jane Smith-Jones", "J*** S***"],
    ["X", "***"],
    ["J. R.\nEwing", "J*** R*** E***"],
    ["👩‍👩‍👧", "***"],
    ["e\u0301mile", "e\u0301***"],
    ["李小龙", "李***"],
    ["\ud83dabc", "\ufffd***"],
  ])("is masked: %j as %j", (canonical, masked) => {
    expect(spanOf({ default: "masked" }, "PER", canonical, canonical)).toEqual({ text_masked: masked });
  });

  test("does not show by its mask how long a stretch is", () => {
    const mask = (text: string) => surfaceWriter({ default: "masked" }).span("PER", text, text).text_masked;
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 40 }), (length) => {
        expect(mask("a".repeat(length))).toBe("a***");
      }),
    );
  });

  test("holds no lone surrogate", () => {
    expect(spanOf({}, "PER", "\ud83dabc", "\ud83dabc")).toEqual({ text: "\ufffdabc" });
  });
});

describe("the digest of a text", () => {
  test("is of its UTF-8 bytes, lone surrogates as U+FFFD, keyed where there is a key", () => {
    const { digest } = surfaceWriter({});
    expect(digest("")).toBe("sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    expect(digest("a\ud83d")).toBe(digest("a\ufffd"));
    expect(surfaceWriter({ key: "k" }).digest("a")).toBe(
      `hmac-sha256:${createHmac("sha256", "k").update("a").digest("hex")}`,
    );
  });
});

test.each<[string, SurfaceSettings, RegExp]>([
  ["hmac without a key", { labels: { PER: "hmac" } }, /label PER is hmac.*no key/],
  ["an empty key", { key: "" }, /key.*empty/],
  [
    "a policy that does not exist",
    { default: "secret" as "none" },
    /default is not one of none, hmac, masked, full/,
  ],
  [
    "the whole text beside a masked label",
    { labels: { PER: "masked" }, wholeText: true },
    /PER is masked.*whole text/,
  ],
])("refuses %s", (_name, settings, message) => {
  expect(() => surfaceWriter(settings)).toThrow(SpanmillError);
  expect(() => surfaceWriter(settings)).toThrow(expect.objectContaining({ code: "CONFIG_INVALID" }));
  expect(() => surfaceWriter(settings)).toThrow(message);
});

test("allows the whole text beside spans without text", () => {
  expect(surfaceWriter({ default: "none", wholeText: true }).wholeText).toBe(true);
});
