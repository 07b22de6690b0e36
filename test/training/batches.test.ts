import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { WORD_SHAPES } from "../../src/tagging/shapes.js";
import { type Batching, batchesOf, tensorsOf } from "../../src/training/batches.js";
import { UNLABELLED } from "../../src/training/document.js";
import type { EncodedDocument, EncodedSentence } from "../../src/training/encoded.js";

const BATCHING: Batching = {
  seed: 11,
  room: 20,
  labelledPieces: "first",
  lenses: 2,
  batchPieces: 66,
  prefix: [2],
  suffix: [3],
  wordShapes: true,
  lowerCased: 0,
  upperCased: 0,
  wordDropout: 0,
  unknown: 1,
};

/** Every piece has an id of its own, and a word's answer in lens 0 is the id of its first piece modulo 1000. */
let nextId = 10;
function sentence(pieces: readonly number[], newParagraph = true, second = false): EncodedSentence {
  const offsets = [0];
  for (const count of pieces) offsets.push(offsets.at(-1)! + count);
  const ids = Int32Array.from({ length: offsets.at(-1)! }, () => nextId++);
  const answers = Int16Array.from(pieces, (_, i) => ids[offsets[i]!]! % 1000);
  return {
    ids,
    offsets: Int32Array.from(offsets),
    shapes: Uint8Array.from(pieces, () => WORD_SHAPES.indexOf("title")),
    answers: [answers, second ? answers : undefined],
    newParagraph,
    length: pieces.length * 5,
  };
}

const documents = fc
  .array(
    fc.array(
      fc.tuple(fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 30 }), fc.boolean()),
      {
        minLength: 1,
        maxLength: 6,
      },
    ),
    { minLength: 1, maxLength: 5 },
  )
  .map((all) =>
    all.map(
      (one): EncodedDocument => ({ sentences: one.map(([pieces, own]) => sentence(pieces, own, own)) }),
    ),
  );

function wordsOf({ sentences }: EncodedDocument): number[] {
  return sentences.flatMap(({ ids, offsets }) => [...offsets.slice(0, -1)].map((at) => ids[at]!));
}

describe("the batches of an epoch", () => {
  test("hold every word's answer exactly once, at its first piece", () => {
    fc.assert(
      fc.property(documents, fc.nat(5), (docs, epoch) => {
        const answered: number[] = [];
        for (const batch of batchesOf([{ documents: docs, passes: 1 }], epoch, BATCHING)) {
          for (const { ids, answers } of batch) {
            ids.forEach((id, i) => {
              if (answers[0]![i] === UNLABELLED) return;
              expect(answers[0]![i]).toBe(id % 1000);
              answered.push(id);
            });
          }
        }
        expect(answered.sort((a, b) => a - b)).toEqual(docs.flatMap(wordsOf).sort((a, b) => a - b));
      }),
    );
  });

  test("hold it at every piece of the word where all are labelled", () => {
    fc.assert(
      fc.property(documents, fc.nat(5), (docs, epoch) => {
        const answerOf = new Map<number, number>();
        for (const { ids, offsets } of docs.flatMap(({ sentences }) => sentences)) {
          for (let word = 0; word + 1 < offsets.length; word++)
            for (const id of ids.slice(offsets[word], offsets[word + 1]))
              answerOf.set(id, ids[offsets[word]!]! % 1000);
        }
        const answered: number[] = [];
        const all = { ...BATCHING, labelledPieces: "all" } as const;
        for (const { ids, answers } of batchesOf([{ documents: docs, passes: 1 }], epoch, all).flat()) {
          ids.forEach((id, i) => {
            if (answers[0]![i] === UNLABELLED) return;
            expect(answers[0]![i]).toBe(answerOf.get(id));
            answered.push(id);
          });
        }
        expect(answered.sort((a, b) => a - b)).toEqual([...answerOf.keys()].sort((a, b) => a - b));
      }),
    );
  });

  test("have windows of like length, so that little is padding", () => {
    const docs = Array.from({ length: 400 }, (_, i) => ({
      sentences: [sentence(Array.from({ length: 1 + ((i * 7) % 18) }, () => 1))],
    }));
    const batching = { ...BATCHING, batchPieces: 200 };
    let [pieces, size] = [0, 0];
    for (const batch of batchesOf([{ documents: docs, passes: 1 }], 0, batching)) {
      const tensors = tensorsOf(batch, 0, batching);
      pieces += tensors.pieces;
      size += tensors.windows * tensors.sequence;
    }
    // In the order in which they are drawn a third would be.
    expect(1 - pieces / size).toBeLessThan(0.05);
  });

  test("keep to the pieces of a batch and of a window, padding included", () => {
    fc.assert(
      fc.property(documents, (docs) => {
        for (const batch of batchesOf([{ documents: docs, passes: 1 }], 0, BATCHING)) {
          const { windows, sequence } = tensorsOf(batch, 0, BATCHING);
          expect(sequence).toBeLessThanOrEqual(22);
          expect(windows * sequence).toBeLessThanOrEqual(66);
        }
      }),
    );
  });

  test("are the same for the same seed and epoch, and others for another", () => {
    const docs = Array.from({ length: 20 }, () => ({
      sentences: [sentence([1, 2, 3]), sentence([4, 4]), sentence([1])],
    }));
    const sets = [{ documents: docs, passes: 1 }];
    const first = batchesOf(sets, 3, BATCHING);
    expect(batchesOf(sets, 3, BATCHING)).toEqual(first);
    expect(batchesOf(sets, 4, BATCHING)).not.toEqual(first);
    expect(batchesOf(sets, 3, { ...BATCHING, seed: 12 })).not.toEqual(first);
  });

  test("read each document as often as the set's passes say, in turns", () => {
    const docs = Array.from({ length: 10 }, () => ({ sentences: [sentence([1])] }));
    const read = (passes: number, epoch: number) =>
      batchesOf([{ documents: docs, passes }], epoch, BATCHING)
        .flat()
        .map(({ ids }) => ids[0]!);
    expect(read(0.5, 0)).toHaveLength(5);
    expect(new Set([...read(0.5, 0), ...read(0.5, 1)]).size).toBe(10);
    expect(read(2, 0)).toHaveLength(20);
    expect(new Set(read(2, 0)).size).toBe(10);
  });

  test("leave a lens without labels alone", () => {
    const docs = [{ sentences: [sentence([1, 1])] }];
    const { answers, answered } = tensorsOf(
      batchesOf([{ documents: docs, passes: 1 }], 0, BATCHING)[0]!,
      0,
      BATCHING,
    );
    expect(answered).toEqual([2, 0]);
    expect(new Set(answers[1])).toEqual(new Set([BigInt(UNLABELLED)]));
  });
});

describe("the tensors of a batch", () => {
  const windows = [
    {
      ids: Int32Array.of(10, 11, 12),
      offsets: Int32Array.of(0, 2, 3),
      shapes: Uint8Array.of(2, 2, 1),
      answers: [Int16Array.of(5, UNLABELLED, 6), undefined],
    },
    {
      ids: Int32Array.of(13),
      offsets: Int32Array.of(0, 1),
      shapes: Uint8Array.of(3),
      answers: [Int16Array.of(7), Int16Array.of(8)],
    },
  ];

  test("are padded, masked and framed by special tokens without shape or answer", () => {
    const tensors = tensorsOf(windows, 0, BATCHING);
    const none = BigInt(UNLABELLED);
    expect(tensors.ids).toEqual(BigInt64Array.of(2n, 10n, 11n, 12n, 3n, 2n, 13n, 3n, 0n, 0n));
    expect(tensors.mask).toEqual(BigInt64Array.of(1n, 1n, 1n, 1n, 1n, 1n, 1n, 1n, 0n, 0n));
    expect(tensors.tokenTypes).toEqual(BigInt64Array.of(0n, 2n, 2n, 1n, 0n, 0n, 3n, 0n, 0n, 0n));
    expect(tensors.answers[0]).toEqual(
      BigInt64Array.of(none, 5n, none, 6n, none, none, 7n, none, none, none),
    );
    expect(tensors.answered).toEqual([3, 1]);
    expect(tensors.pieces).toBe(8);
  });

  test("have the shapes of small letters or capitals as often as asked for, else their own", () => {
    const many = Array.from({ length: 3000 }, () => windows[1]!);
    const { tokenTypes, sequence } = tensorsOf(many, 4, { ...BATCHING, lowerCased: 0.3, upperCased: 0.2 });
    const counts = new Map<bigint, number>();
    for (let row = 0; row < 3000; row++) {
      const shape = tokenTypes[row * sequence + 1]!;
      counts.set(shape, (counts.get(shape) ?? 0) + 1);
    }
    // The word is written in capitals, so these rows and the unchanged ones look alike.
    const lower = BigInt(WORD_SHAPES.indexOf("lower"));
    const upper = BigInt(WORD_SHAPES.indexOf("upper"));
    expect(Math.abs(counts.get(lower)! - 900)).toBeLessThan(130);
    expect(counts.get(lower)! + counts.get(upper)!).toBe(3000);
  });

  test("have whole words unknown as often as asked for, with their shapes and answers", () => {
    const many = Array.from({ length: 3000 }, () => windows[0]!);
    const batching = { ...BATCHING, wordDropout: 0.3 };
    const dropped = tensorsOf(many, 4, batching);
    const rows = Array.from({ length: 3000 }, (_, row) =>
      [...dropped.ids.subarray(row * dropped.sequence, (row + 1) * dropped.sequence)].map(Number),
    );
    const unknown = BATCHING.unknown;
    const forms = new Map<string, number>();
    for (const row of rows) forms.set(row.join(), (forms.get(row.join()) ?? 0) + 1);
    const expected = {
      "2,10,11,12,3": 0.49,
      [`2,${unknown},${unknown},12,3`]: 0.21,
      [`2,10,11,${unknown},3`]: 0.21,
    };
    for (const [form, share] of Object.entries(expected))
      expect(Math.abs(forms.get(form)! / 3000 - share)).toBeLessThan(0.04);
    expect(forms.size).toBe(4);
    const { ids: _, ...rest } = dropped;
    expect(rest).toEqual((({ ids: _, ...kept }) => kept)(tensorsOf(many, 4, BATCHING)));
    expect(tensorsOf(many, 4, batching).ids).toEqual(dropped.ids);
    expect(tensorsOf(many, 5, batching).ids).not.toEqual(dropped.ids);
  });
});
