import { expect, test } from "vitest";
import { isWhiteSpace } from "../src/whitespace.js";

test("white space is what Unicode calls so, controls, and three signs that nobody sees", () => {
  const unseen = new Set([0x200b, 0x2060, 0xfeff]);
  const wrong: string[] = [];
  for (let unit = 0; unit <= 0xffff; unit++) {
    const expected = /[\p{White_Space}\p{Cc}]/u.test(String.fromCharCode(unit)) || unseen.has(unit);
    if (isWhiteSpace(unit) !== expected) wrong.push(unit.toString(16));
  }
  expect(wrong).toEqual([]);
});

test("joiners are not white space: emoji and Indic words need them", () => {
  for (const unit of [0x200c, 0x200d]) expect(isWhiteSpace(unit)).toBe(false);
});

test("no character beyond the basic plane is white space", () => {
  for (let point = 0x10000; point <= 0x10ffff; point++) {
    if (/\p{White_Space}/u.test(String.fromCodePoint(point))) throw new Error(point.toString(16));
  }
  for (let unit = 0xd800; unit <= 0xdfff; unit++) expect(isWhiteSpace(unit)).toBe(false);
});
