import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { firstInvalidUtf8 } from "../../../src/adapters/files/utf8.js";

/** The longest prefix that a fatal decoder takes as the start of something well-formed, from the other side. */
function byDecoder(bytes: Uint8Array): number | undefined {
  for (let end = 0; end <= bytes.length; end++) {
    const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    try {
      decoder.decode(bytes.subarray(0, end), { stream: end < bytes.length });
    } catch {
      return startOfLast(bytes.subarray(0, end));
    }
  }
  return undefined;
}

/** The last place up to which all is whole: the ill-formed sequence starts there. */
function startOfLast(bytes: Uint8Array): number {
  for (let end = bytes.length - 1; end >= 0; end--) {
    try {
      new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(0, end));
      return end;
    } catch {}
  }
  return 0;
}

describe("firstInvalidUtf8", () => {
  test("names the byte that a strict decoder stops at", () => {
    const nasty = fc.constantFrom(
      0x41,
      0x7f,
      0x80,
      0xbf,
      0xc0,
      0xc2,
      0xe0,
      0xed,
      0xef,
      0xf0,
      0xf4,
      0xf5,
      0xff,
    );
    const bytes = fc.array(fc.oneof(nasty, fc.integer({ min: 0, max: 255 })), { maxLength: 12 });
    const text = fc.string({ unit: "grapheme", maxLength: 8 }).map((value) => [...Buffer.from(value)]);
    fc.assert(
      fc.property(text, bytes, text, (before, middle, after) => {
        const all = Uint8Array.from([...before, ...middle, ...after]);
        expect(firstInvalidUtf8(all)).toBe(byDecoder(all));
      }),
      { numRuns: 2000 },
    );
  });

  test.each([
    ["overlong", [0x41, 0xc0, 0x80], 1],
    ["surrogate", [0xed, 0xa0, 0x80], 0],
    ["above U+10FFFF", [0xf4, 0x90, 0x80, 0x80], 0],
    ["cut at the end", [0x41, 0x42, 0xe2, 0x82], 2],
    ["last code point", [0xf4, 0x8f, 0xbf, 0xbf], undefined],
  ])("%s", (_, bytes, expected) => {
    expect(firstInvalidUtf8(Uint8Array.from(bytes))).toBe(expected);
  });
});
