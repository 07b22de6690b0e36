import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type DecodeOptions, decode } from "../../src/tagging/decode.js";
import { type LabelSet, labelSet, type Scheme } from "../../src/tagging/schemes.js";
import { oracleSpans } from "../evaluation/conlleval-oracle.js";

const list = (text: string) => text.split(" ");
const CONSTRAINED: DecodeOptions = { strategy: "constrained", temperature: 1 };
const ARGMAX: DecodeOptions = { strategy: "argmax", temperature: 1 };

const WHOLE: Record<Exclude<Scheme, "none">, string> = {
  BIO: "B-A I-A O B-C I-C",
  IOB1: "I-A O B-A I-C B-C",
  IO: "I-A I-C O",
  BIOES: "S-A B-A I-A E-A O B-C E-C I-C S-C",
  BILOU: "O U-A B-A I-A L-A",
};
const SETS = Object.entries(WHOLE).map(([scheme, labels]) => labelSet(list(labels), scheme as Scheme));

/** Sets that lack labels: for these only the promises hold that every set can keep. */
const PARTIAL: LabelSet[] = [
  labelSet(list("I-A B-C I-C O"), "BIO"),
  labelSet(list("B-A I-A I-C"), "BIO"),
  labelSet(list("O B-A I-C"), "IOB1"),
  labelSet(list("B-A I-A E-A O"), "BIOES"),
  labelSet(list("B-A I-A S-A O S-C"), "BIOES"),
  labelSet(list("I-A E-A"), "BIOES"),
  labelSet(list("E-A"), "BIOES"),
  labelSet(list("B-A S-A"), "BIOES"),
  labelSet(list("E-A S-A B-C"), "BIOES"),
  labelSet(list("U-A L-C B-C"), "BILOU"),
];

interface Case {
  readonly set: LabelSet;
  readonly words: number;
  readonly scores: Float32Array;
  readonly breaks: number[];
}

function cases(
  sets: readonly LabelSet[],
  maxWords: number,
  logits: fc.Arbitrary<number>,
): fc.Arbitrary<Case> {
  return fc.tuple(fc.constantFrom(...sets), fc.nat(maxWords)).chain(([set, words]) => {
    const size = words * set.labels.length;
    return fc.record({
      set: fc.constant(set),
      words: fc.constant(words),
      scores: fc.array(logits, { minLength: size, maxLength: size }).map((all) => Float32Array.from(all)),
      breaks: fc
        .uniqueArray(fc.nat(words), { maxLength: 3 })
        .map((breaks) => breaks.toSorted((a, b) => a - b)),
    });
  });
}

const NOISE = fc.float({ min: -9, max: 9, noNaN: true });
/** Whole numbers, so that sums tie and are exact. */
const TIES = fc.integer({ min: -1, max: 1 });

describe("constrained decoding", () => {
  it("finds the best well-formed sequence (all sequences tried)", () => {
    fc.assert(
      fc.property(cases(SETS, 4, fc.oneof(NOISE, TIES)), (given) => {
        const { labels } = decode(given.scores, given.words, given.set, given.breaks, CONSTRAINED);
        expect(isWellFormed(labels, given)).toBe(true);
        let best = Number.NEGATIVE_INFINITY;
        for (const sequence of sequences(given.words, given.set.labels.length))
          if (isWellFormed(sequence, given)) best = Math.max(best, total(sequence, given));
        expect(total(labels, given)).toBeCloseTo(best, 9);
      }),
      { numRuns: 300 },
    );
  });

  it("breaks ties to the lowest index, from the last word of a line backwards", () => {
    fc.assert(
      fc.property(cases(SETS, 4, TIES), (given) => {
        const { labels } = decode(given.scores, given.words, given.set, [], CONSTRAINED);
        const best = sequences(given.words, given.set.labels.length)
          .filter((sequence) => isWellFormed(sequence, { ...given, breaks: [] }))
          .map((sequence) => ({ sequence, sum: total(sequence, given) }))
          .reduce((a, b) => (b.sum > a.sum || (b.sum === a.sum && isLower(b.sequence, a.sequence)) ? b : a));
        expect(labels).toEqual(best.sequence);
      }),
      { numRuns: 300 },
    );
  });

  it("is well formed on longer sequences of every scheme", () => {
    fc.assert(
      fc.property(cases(SETS, 40, NOISE), (given) => {
        const { labels } = decode(given.scores, given.words, given.set, given.breaks, CONSTRAINED);
        expect(isWellFormed(labels, given)).toBe(true);
      }),
    );
  });

  it("closes spans before a line ends and opens none with I", () => {
    const set = labelSet(list("O B-A I-A"));
    const wants = (...labels: number[]) =>
      Float32Array.from(labels.flatMap((label) => [0, 1, 2].map((index) => (index === label ? 5 : 0))));
    const scores = wants(1, 2, 2, 2);
    expect(decode(scores, 4, set, [], CONSTRAINED).spans).toMatchObject([{ start: 0, end: 4 }]);
    const broken = decode(scores, 4, set, [2], CONSTRAINED);
    expect(broken.spans.every((span) => span.end <= 2 || span.start >= 2)).toBe(true);
    expect(broken.labels[2]).not.toBe(2);
  });

  it("finds a type that has I only, as training data in IOB1 leaves it", () => {
    const set = labelSet(list("O B-LOC I-LOC I-PER"));
    const scores = Float32Array.from([0, 0, 0, 9, 0, 0, 0, 9]);
    expect(decode(scores, 2, set, [], CONSTRAINED).spans).toMatchObject([{ start: 0, end: 2, label: "PER" }]);
  });

  it("lets B stand alone where a type has no S", () => {
    const set = labelSet(list("O B-A I-A E-A"));
    const scores = Float32Array.from([9, 0, 0, 0, 0, 9, 0, 0, 9, 0, 0, 0]);
    expect(decode(scores, 3, set, [], CONSTRAINED).spans).toMatchObject([{ start: 1, end: 2, label: "A" }]);
  });
});

describe("either strategy", () => {
  const either = fc.constantFrom(CONSTRAINED, ARGMAX);

  it("gives spans as conlleval reads the labels line by line, never overlapping, whole set or not", () => {
    fc.assert(
      fc.property(cases([...SETS, ...PARTIAL], 12, fc.oneof(NOISE, TIES)), either, (given, options) => {
        const { labels, spans } = decode(given.scores, given.words, given.set, given.breaks, options);
        expect(labels.length).toBe(given.words);
        const expected = lines(given).flatMap(([from, to]) =>
          oracleSpans(labels.slice(from, to).map((label) => given.set.labels[label]!)).map((span) => {
            const [start, end, type] = span.split(":");
            return `${Number(start) + from}:${Number(end) + from}:${type}`;
          }),
        );
        expect(spans.map(({ start, end, label }) => `${start}:${end}:${label}`)).toEqual(expected);
        for (const { start, end, label, score } of spans) {
          const words = Array.from({ length: end - start }, (_, i) => start + i);
          expect(score).toBeCloseTo(Math.min(...words.map((word) => typeProbability(given, word, label))), 3);
        }
      }),
      { numRuns: 500 },
    );
  });

  it("gives the same twice, and the same alone as in a batch of lines", () => {
    fc.assert(
      fc.property(cases(SETS, 10, NOISE), either, (given, options) => {
        const whole = decode(given.scores, given.words, given.set, given.breaks, options);
        const width = given.set.labels.length;
        const parts = lines(given).map(([from, to]) =>
          decode(given.scores.slice(from * width, to * width), to - from, given.set, [], options),
        );
        expect(parts.flatMap((part) => part.labels)).toEqual(whole.labels);
        expect(parts.flatMap((part) => part.scores)).toEqual(whole.scores);
      }),
    );
  });

  it("gives probabilities after the temperature, rounded to 4 decimals", () => {
    const set = labelSet(["X", "Y"]);
    const scores = Float32Array.from([1, 3, 0, 0]);
    const at = (temperature: number) =>
      decode(scores, 2, set, [], { strategy: "argmax", temperature }).scores;
    expect(at(1)).toEqual([0.8808, 0.5]);
    expect(at(2)).toEqual([0.7311, 0.5]);
    expect(at(0.01)).toEqual([1, 0.5]);
  });

  it("keeps its feet on extreme logits", () => {
    const set = labelSet(list("O B-A I-A"));
    const scores = Float32Array.from([-3e38, 3e38, -3e38, 3e38, -3e38, -3e38]);
    for (const options of [CONSTRAINED, ARGMAX]) {
      const decoded = decode(scores, 2, set, [], options);
      expect(decoded.labels).toEqual([1, 0]);
      expect(decoded.scores).toEqual([1, 1]);
    }
  });

  it("gives labels without spans where there is no scheme", () => {
    const set = labelSet(list("NOUN VERB B"), "none");
    const decoded = decode(Float32Array.from([0, 1, 1, 2, 1, 0]), 2, set, [1], CONSTRAINED);
    expect(decoded).toEqual({ labels: [1, 0], scores: [0.4223, 0.6652], spans: [] });
  });

  it("takes no words at all", () => {
    for (const set of [...SETS, labelSet(["X"], "none")])
      expect(decode(new Float32Array(0), 0, set, [], CONSTRAINED)).toEqual({
        labels: [],
        scores: [],
        spans: [],
      });
  });
});

describe("scores that are not", () => {
  const set = labelSet(list("O B-A I-A"));

  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
    "refuses %s and says where",
    (bad) => {
      const scores = Float32Array.from([0, 0, 0, 0, 0, bad]);
      for (const options of [CONSTRAINED, ARGMAX])
        expect(() => decode(scores, 2, set, [], options)).toThrow(
          expect.objectContaining({
            code: "MODEL_OUTPUT",
            message: expect.stringMatching(new RegExp(`\\(${bad}\\) for word 1, label "I-A"`)),
          }),
        );
    },
  );

  it("refuses the wrong number of them", () => {
    expect(() => decode(new Float32Array(5), 2, set, [], ARGMAX)).toThrow(
      /5 scores for 2 words and 3 labels/,
    );
  });
});

/** The scheme's definition, told from the tags and apart from src: pairs of neighbours and the two ends. */
function isWellFormed(labels: readonly number[], { set, words, breaks }: Case): boolean {
  return lines({ words, breaks }).every(([from, to]) => {
    const tags = ["O", ...labels.slice(from, to).map((label) => set.labels[label]!), "O"];
    return tags.slice(1).every((tag, i) => mayFollow(tags[i]!, tag, set.scheme));
  });
}

function mayFollow(last: string, now: string, scheme: Scheme): boolean {
  const same = last.slice(2) === now.slice(2);
  const pair = (last[0]! + now[0]!).replaceAll("L", "E").replaceAll("U", "S");
  switch (scheme) {
    case "BIO":
      return now[0] !== "I" || (same && last !== "O");
    case "IOB1":
      return now[0] !== "B" || (same && last !== "O");
    case "BIOES":
    case "BILOU":
      return ["BI", "BE", "II", "IE"].includes(pair)
        ? same
        : ["O", "E", "S"].includes(pair[0]!) && ["O", "B", "S"].includes(pair[1]!);
    default:
      return true;
  }
}

function lines({ words, breaks }: Pick<Case, "words" | "breaks">): [number, number][] {
  const borders = [0, ...breaks.filter((at) => at > 0 && at < words), words];
  return borders.slice(1).map((to, i): [number, number] => [borders[i]!, to]);
}

function sequences(words: number, width: number): number[][] {
  if (words === 0) return [[]];
  return sequences(words - 1, width).flatMap((head) =>
    Array.from({ length: width }, (_, label) => [...head, label]),
  );
}

/** The probability that a word has one of the labels of a type, at temperature 1. */
function typeProbability({ scores, set }: Case, word: number, type: string): number {
  const row = [...scores.slice(word * set.labels.length, (word + 1) * set.labels.length)];
  const weights = row.map((score) => Math.exp(score - Math.max(...row)));
  const sum = (all: number[]) => all.reduce((total, one) => total + one, 0);
  return sum(weights.filter((_, label) => set.tags[label]!.type === type)) / sum(weights);
}

function total(labels: readonly number[], { scores, set }: Case): number {
  return labels.reduce((sum, label, word) => sum + scores[word * set.labels.length + label]!, 0);
}

function isLower(a: readonly number[], b: readonly number[]): boolean {
  for (let i = a.length - 1; i >= 0; i--) if (a[i] !== b[i]) return a[i]! < b[i]!;
  return false;
}
