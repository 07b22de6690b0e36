/** The batches of an epoch: which documents, cut how, in which order, are functions of the seed and the epoch. */
import { recased } from "../tagging/shapes.js";
import { UNLABELLED } from "./document.js";
import type { EncodedDocument } from "./encoded.js";
import { type Random, random } from "./random.js";
import { type Cutting, type TrainingWindow, windowsOf } from "./windows.js";

export interface MixedSet {
  readonly documents: readonly EncodedDocument[];
  /** How often an epoch reads each document; of a part that is not whole, documents take turns. */
  readonly passes: number;
}

export interface Batching extends Cutting {
  readonly seed: number;
  /** Most pieces of a batch, special tokens and padding included. */
  readonly batchPieces: number;
  readonly prefix: readonly number[];
  readonly suffix: readonly number[];
  readonly wordShapes: boolean;
  readonly lowerCased: number;
  readonly upperCased: number;
  /** Share of the words whose pieces are read as `unknown`. Their shapes stay. */
  readonly wordDropout: number;
  readonly unknown: number;
}

/** Windows of like length, to be padded to the longest. */
export type Batch = readonly TrainingWindow[];

/** Windows that are sorted by length together: enough that little is padded, few enough that neighbours change. */
const SORTED_TOGETHER = 2048;

/** @param epoch from 0. */
export function batchesOf(sets: readonly MixedSet[], epoch: number, batching: Batching): Batch[] {
  const chance = random(batching.seed, "epoch", epoch);
  const windows = sets.flatMap((set) =>
    chosen(set, epoch, batching.seed).flatMap((document) => windowsOf(document, batching, chance)),
  );
  chance.shuffle(windows);
  const special = batching.prefix.length + batching.suffix.length;
  const batches: Batch[] = [];
  for (let from = 0; from < windows.length; from += SORTED_TOGETHER) {
    const pool = windows.slice(from, from + SORTED_TOGETHER).sort((a, b) => a.ids.length - b.ids.length);
    while (pool.length > 0) {
      const longest = pool.at(-1)!.ids.length + special;
      batches.push(pool.splice(-Math.max(1, Math.floor(batching.batchPieces / longest))));
    }
  }
  return chance.shuffle(batches);
}

/** The documents that this epoch reads, one as often as it is read. */
function chosen({ documents, passes }: MixedSet, epoch: number, seed: number): EncodedDocument[] {
  const order = random(seed, "turns").shuffle([...documents]);
  const [from, to] = [epoch, epoch + 1].map((at) => Math.round(at * passes * order.length)) as [
    number,
    number,
  ];
  return Array.from({ length: to - from }, (_, i) => order[(from + i) % order.length]!);
}

/** What a step is fed: [windows, sequence] in row-major order. */
export interface BatchTensors {
  readonly windows: number;
  readonly sequence: number;
  readonly ids: BigInt64Array;
  readonly mask: BigInt64Array;
  readonly tokenTypes: BigInt64Array;
  /** By lens. */
  readonly answers: readonly BigInt64Array[];
  /** Pieces with an answer, by lens. */
  readonly answered: readonly number[];
  /** Pieces that are not padding. */
  readonly pieces: number;
}

/** @param step draws which windows are written in small letters or capitals, and which words are unknown. */
export function tensorsOf(batch: Batch, step: number, batching: Batching): BatchTensors {
  const { prefix, suffix } = batching;
  const chance = random(batching.seed, "case", step);
  const dropped = random(batching.seed, "word dropout", step);
  const special = prefix.length + suffix.length;
  const sequence = batch.reduce((most, { ids }) => Math.max(most, ids.length), 0) + special;
  const size = batch.length * sequence;
  const ids = new BigInt64Array(size);
  const mask = new BigInt64Array(size);
  const tokenTypes = new BigInt64Array(size);
  const answers = Array.from({ length: batching.lenses }, () =>
    new BigInt64Array(size).fill(BigInt(UNLABELLED)),
  );
  const answered = answers.map(() => 0);
  let pieces = 0;
  batch.forEach((window, row) => {
    const recase = recasing(chance, batching);
    let at = row * sequence;
    mask.fill(1n, at, at + window.ids.length + special);
    pieces += window.ids.length + special;
    for (const id of prefix) ids[at++] = BigInt(id);
    for (let i = 0; i < window.ids.length; i++) {
      ids[at + i] = BigInt(window.ids[i]!);
      if (batching.wordShapes) tokenTypes[at + i] = BigInt(recase(window.shapes[i]!));
    }
    dropWords(ids, at, window, dropped, batching);
    window.answers.forEach((own, lens) => {
      if (own === undefined) return;
      for (let i = 0; i < own.length; i++) {
        if (own[i] === UNLABELLED) continue;
        answers[lens]![at + i] = BigInt(own[i]!);
        answered[lens]!++;
      }
    });
    at += window.ids.length;
    for (const id of suffix) ids[at++] = BigInt(id);
  });
  return { windows: batch.length, sequence, ids, mask, tokenTypes, answers, answered, pieces };
}

function dropWords(
  ids: BigInt64Array,
  at: number,
  { offsets }: TrainingWindow,
  chance: Random,
  { wordDropout, unknown }: Batching,
): void {
  if (wordDropout === 0) return;
  for (let word = 0; word + 1 < offsets.length; word++) {
    if (chance.unit() < wordDropout) ids.fill(BigInt(unknown), at + offsets[word]!, at + offsets[word + 1]!);
  }
}

function recasing(chance: Random, { lowerCased, upperCased }: Batching): (shape: number) => number {
  const drawn = chance.unit();
  if (drawn < lowerCased) return (shape) => recased(shape, "lower");
  if (drawn < lowerCased + upperCased) return (shape) => recased(shape, "upper");
  return (shape) => shape;
}
