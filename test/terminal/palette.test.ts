import { describe, expect, it } from "vitest";
import { labelStyle, muted, paint } from "../../src/terminal/palette.js";

/** Enough labels to meet every hue. */
const LABELS = ["PER", "ORG", "LOC", "MISC", ...Array.from({ length: 60 }, (_, i) => `LABEL_${i}`)];
const BLACK = [0, 0, 0];
const WHITE = [255, 255, 255];

describe.each(["truecolor", "256"] as const)("the palette in %s", (color) => {
  it("reaches a contrast of 4.5 between text and ground", () => {
    for (const label of LABELS) {
      const { surface, badge } = labelStyle(label, color);
      for (const sgr of [surface, badge]) {
        expect(contrast(colorAfter(sgr, 38), colorAfter(sgr, 48)), `${label} ${sgr}`).toBeGreaterThanOrEqual(
          4.5,
        );
      }
    }
  });

  it("reads on black and on white where it sets no ground", () => {
    for (const sgr of [muted(color), ...LABELS.map((label) => labelStyle(label, color).ink)]) {
      // The cube of 256 colours holds no even middle: 3 is what WCAG 2 asks of large text and graphics.
      const least = color === "256" ? 3 : 4.5;
      expect(contrast(colorAfter(sgr, 38), BLACK), sgr).toBeGreaterThanOrEqual(least);
      expect(contrast(colorAfter(sgr, 38), WHITE), sgr).toBeGreaterThanOrEqual(least);
    }
  });

  it("gives the labels of CoNLL-2003 four hues, whatever their case or length of name", () => {
    const surface = (label: string) => labelStyle(label, color).surface;
    expect(new Set(["PER", "ORG", "LOC", "MISC"].map(surface)).size).toBe(4);
    expect(["person", "organization", "Location"].map(surface)).toEqual(["PER", "ORG", "LOC"].map(surface));
  });

  it("uses all seven hues for other labels", () => {
    expect(new Set(LABELS.map((label) => labelStyle(label, color).surface)).size).toBe(7);
  });
});

it("a label keeps its colour from release to release", () => {
  expect(["DATE", "PRODUCT", "EMAIL"].map((label) => labelStyle(label, "16").ink)).toEqual([
    "34",
    "33",
    "32",
  ]);
});

it("no colour means no sequences", () => {
  expect(labelStyle("PER", "none")).toEqual({ surface: "", badge: "", ink: "" });
  expect(paint("", "x")).toBe("x");
  expect(paint(muted("none"), "x")).toBe("x");
  expect(paint("1", "")).toBe("");
});

function colorAfter(sgr: string, parameter: number): number[] {
  const codes = sgr.split(";").map(Number);
  const at = codes.indexOf(parameter);
  if (codes[at + 1] === 2) return codes.slice(at + 2, at + 5);
  const index = codes[at + 2]!;
  if (index >= 232) return Array(3).fill(8 + 10 * (index - 232)) as number[];
  return [Math.floor((index - 16) / 36), Math.floor((index - 16) / 6) % 6, (index - 16) % 6].map(
    (level) => [0, 95, 135, 175, 215, 255][level]!,
  );
}

/** WCAG 2.2, contrast ratio. */
function contrast(a: readonly number[], b: readonly number[]): number {
  const [dark, light] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (light! + 0.05) / (dark! + 0.05);
}

function luminance(rgb: readonly number[]): number {
  const linear = rgb.map((value) =>
    value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4,
  );
  return 0.2126 * linear[0]! + 0.7152 * linear[1]! + 0.0722 * linear[2]!;
}
