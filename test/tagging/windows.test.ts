import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cutWindows, type Window } from "../../src/tagging/windows.js";

const ROOM = 20;

const block = fc.array(fc.array(fc.integer({ min: 1, max: ROOM }), { minLength: 1, maxLength: 40 }), {
  maxLength: 12,
});

/** Sentences of words of so many pieces, as offsets and sentence starts. */
function lay(sentences: number[][]): { offsets: number[]; starts: number[]; words: number } {
  const offsets = [0];
  const starts: number[] = [];
  for (const sentence of sentences) {
    starts.push(offsets.length - 1);
    for (const pieces of sentence) offsets.push(offsets.at(-1)! + pieces);
  }
  return { offsets, starts, words: offsets.length - 1 };
}

/** Pieces of context on the poorer side of a word in a window, as far as its sentence reaches. */
function context(offsets: number[], window: Window, word: number, from: number, to: number): number {
  const left = window.first <= from ? Number.POSITIVE_INFINITY : offsets[word]! - offsets[window.first]!;
  const right = window.end >= to ? Number.POSITIVE_INFINITY : offsets[window.end]! - offsets[word + 1]!;
  return Math.min(left, right);
}

describe("windows", () => {
  it("never hold more pieces than there is room for", () => {
    fc.assert(
      fc.property(block, (sentences) => {
        const { offsets, starts } = lay(sentences);
        for (const { first, end } of cutWindows(offsets, starts, ROOM)) {
          expect(end).toBeGreaterThan(first);
          expect(offsets[end]! - offsets[first]!).toBeLessThanOrEqual(ROOM);
        }
      }),
    );
  });

  it("give every word to exactly one window that reads it, in order", () => {
    fc.assert(
      fc.property(block, (sentences) => {
        const { offsets, starts, words } = lay(sentences);
        let next = 0;
        for (const { first, end, ownFirst, ownEnd } of cutWindows(offsets, starts, ROOM)) {
          expect(ownFirst).toBe(next);
          expect(ownFirst).toBeGreaterThanOrEqual(first);
          expect(ownEnd).toBeLessThanOrEqual(end);
          next = ownEnd;
        }
        expect(next).toBe(words);
      }),
    );
  });

  it("reach beyond the one before, each of them", () => {
    fc.assert(
      fc.property(block, (sentences) => {
        const { offsets, starts } = lay(sentences);
        const windows = cutWindows(offsets, starts, ROOM);
        for (let i = 1; i < windows.length; i++) expect(windows[i]!.end).toBeGreaterThan(windows[i - 1]!.end);
      }),
    );
  });

  it("cut no sentence that fits", () => {
    fc.assert(
      fc.property(block, (sentences) => {
        const { offsets, starts, words } = lay(sentences);
        const windows = cutWindows(offsets, starts, ROOM);
        starts.forEach((start, s) => {
          const end = starts[s + 1] ?? words;
          if (offsets[end]! - offsets[start]! > ROOM) return;
          expect(windows.some((window) => window.first <= start && end <= window.end)).toBe(true);
        });
      }),
    );
  });

  it("read each word of a long sentence where it has most context", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 30, maxLength: 80 }), (sentence) => {
        const { offsets, starts, words } = lay([sentence]);
        const windows = cutWindows(offsets, starts, ROOM);
        for (let word = 0; word < words; word++) {
          const readers = windows.filter((window) => window.first <= word && word < window.end);
          const owner = readers.find((window) => window.ownFirst <= word && word < window.ownEnd)!;
          const best = Math.max(...readers.map((window) => context(offsets, window, word, 0, words)));
          expect(context(offsets, owner, word, 0, words)).toBe(best);
        }
      }),
    );
  });

  it("overlap inside a sentence that is longer than a window", () => {
    const { offsets, starts } = lay([Array.from({ length: 100 }, () => 1)]);
    const windows = cutWindows(offsets, starts, ROOM);
    for (let i = 1; i < windows.length; i++) expect(windows[i]!.first).toBe(windows[i - 1]!.end - ROOM / 4);
  });

  it("put short sentences together", () => {
    const { offsets, starts } = lay([[5, 5], [5, 5], [5]]);
    expect(cutWindows(offsets, starts, ROOM)).toEqual([
      { first: 0, end: 4, ownFirst: 0, ownEnd: 4 },
      { first: 4, end: 5, ownFirst: 4, ownEnd: 5 },
    ]);
  });

  it("of no words are none", () => {
    expect(cutWindows([0], [], ROOM)).toEqual([]);
  });
});
