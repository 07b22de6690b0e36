/**
 * A block's answer as bytes: spans and columns, never text. A value bears a seal over itself and its key, so that one
 * that was cut, changed, or put under another key is known for what it is.
 *
 * Layout: 1 byte version, 16 bytes seal, then varints. Offsets are written as distances, labels of spans by their place
 * in a table, scores as ten-thousandths where that is exact and as 8 bytes each where it is not.
 */
import type { TaggedBlock, TaggedLens, TaggedSpan } from "../tagging/protocol.js";
import type { Digest } from "./block-key.js";
import { type ByteReader, type ByteWriter, byteReader, byteWriter } from "./bytes.js";

/** Raised when the layout changes; values of another version are misses. */
export const VALUE_VERSION = 1;

const SEAL_BYTES = 16;
const HEAD_BYTES = 1 + SEAL_BYTES;

/** @returns undefined for an answer that the layout cannot hold: it is not kept. */
export function sealBlock(block: TaggedBlock, key: Buffer, digest: Digest): Buffer | undefined {
  const writer = byteWriter();
  try {
    writeBlock(writer, block);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
  const body = writer.bytes();
  return Buffer.concat([Buffer.of(VALUE_VERSION), sealOf(digest, key, body), body]);
}

/** @returns undefined for what is not a sealed value of this key and version. */
export function openBlock(value: Buffer, key: Buffer, digest: Digest): TaggedBlock | undefined {
  if (value.length < HEAD_BYTES || value[0] !== VALUE_VERSION) return undefined;
  const body = value.subarray(HEAD_BYTES);
  if (!value.subarray(1, HEAD_BYTES).equals(sealOf(digest, key, body))) return undefined;
  try {
    const reader = byteReader(body);
    const block = readBlock(reader);
    return reader.atEnd() ? block : undefined;
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function sealOf(digest: Digest, key: Buffer, body: Buffer): Buffer {
  return digest(`spanmill value ${VALUE_VERSION}\n`, key, body).subarray(0, SEAL_BYTES);
}

function writeBlock(writer: ByteWriter, block: TaggedBlock): void {
  writer.count(block.words);
  writer.count(block.windows);
  writer.count(block.truncatedWords);
  writeRanges(writer, block.starts, block.ends);
  writer.count(block.sentences.length);
  writeSteps(writer, block.sentences);
  const lenses = Object.entries(block.lenses);
  writer.count(lenses.length);
  for (const [name, lens] of lenses) {
    writer.string(name);
    writeLens(writer, lens);
  }
}

function readBlock(reader: ByteReader): TaggedBlock {
  const words = reader.count();
  const windows = reader.count();
  const truncatedWords = reader.count();
  const { starts, ends } = readRanges(reader);
  const sentences = readSteps(reader, reader.count());
  const lenses = times(reader.count(), () => [reader.string(), readLens(reader)] as const);
  return { words, starts, ends, sentences, lenses: Object.fromEntries(lenses), windows, truncatedWords };
}

function writeLens(writer: ByteWriter, { spans, labels, scores }: TaggedLens): void {
  const table = [...new Set(spans.map(({ label }) => label))];
  const places = new Map(table.map((label, place) => [label, place]));
  writer.count(table.length);
  for (const label of table) writer.string(label);
  writeRanges(
    writer,
    spans.map(({ start }) => start),
    spans.map(({ end }) => end),
  );
  for (const { label } of spans) writer.count(places.get(label)!);
  writeScores(
    writer,
    spans.map(({ score }) => score),
  );
  writer.count(labels.length);
  for (const label of labels) writer.count(label);
  writeScores(writer, scores);
}

function readLens(reader: ByteReader): TaggedLens {
  const table = times(reader.count(), () => reader.string());
  const { starts, ends } = readRanges(reader);
  const names = starts.map(() => {
    const name = table[reader.count()];
    if (name === undefined) throw new RangeError("a label that is not in the table");
    return name;
  });
  const sure = readScores(reader);
  if (sure.length !== starts.length) throw new RangeError("not as many scores as spans");
  const spans = starts.map(
    (start, i): TaggedSpan => ({ start, end: ends[i]!, label: names[i]!, score: sure[i]! }),
  );
  const labels = times(reader.count(), () => reader.count());
  return { spans, labels, scores: readScores(reader) };
}

/** Each start as the distance from the end before, each end as that from its start. */
function writeRanges(writer: ByteWriter, starts: readonly number[], ends: readonly number[]): void {
  if (starts.length !== ends.length) throw new RangeError("not as many ends as starts");
  writer.count(starts.length);
  let before = 0;
  for (let i = 0; i < starts.length; i++) {
    writer.step(starts[i]! - before);
    writer.step(ends[i]! - starts[i]!);
    before = ends[i]!;
  }
}

function readRanges(reader: ByteReader): { starts: number[]; ends: number[] } {
  const starts: number[] = [];
  const ends: number[] = [];
  let before = 0;
  for (let left = reader.count(); left > 0; left--) {
    const start = before + reader.step();
    before = start + reader.step();
    starts.push(start);
    ends.push(before);
  }
  return { starts, ends };
}

function writeSteps(writer: ByteWriter, values: readonly number[]): void {
  let before = 0;
  for (const value of values) {
    writer.step(value - before);
    before = value;
  }
}

function readSteps(reader: ByteReader, length: number): number[] {
  let before = 0;
  return times(length, () => {
    before += reader.step();
    return before;
  });
}

const ROUNDED = 10_000;

function writeScores(writer: ByteWriter, scores: readonly number[]): void {
  const isExact = scores.every((score) => {
    const rounded = Math.round(score * ROUNDED);
    return rounded >= 0 && rounded <= ROUNDED && !Object.is(score, -0) && rounded / ROUNDED === score;
  });
  writer.count(scores.length * 2 + (isExact ? 0 : 1));
  for (const score of scores) {
    if (isExact) writer.count(Math.round(score * ROUNDED));
    else writer.double(score);
  }
}

function readScores(reader: ByteReader): number[] {
  const head = reader.count();
  const isExact = head % 2 === 0;
  return times(Math.floor(head / 2), () => (isExact ? reader.count() / ROUNDED : reader.double()));
}

/** Not `Array.from({ length })`: a length that is wrong must fail at the end of the bytes, not fill memory first. */
function times<T>(count: number, read: () => T): T[] {
  const list: T[] = [];
  for (let i = 0; i < count; i++) list.push(read());
  return list;
}
