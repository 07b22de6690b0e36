/** Label files of any format as documents of words, all of them or one part. */
import { labelFormat, openLabelled, openSpanDocuments } from "../adapters/files/label-files.js";
import type { LabelledDocument } from "../dataset/document.js";
import { spanWords } from "../dataset/span-words.js";
import { SpanmillError } from "../errors.js";
import { random } from "./random.js";
import type { DataPart } from "./recipe.js";

export interface FileDocument {
  readonly file: string;
  readonly document: LabelledDocument;
}

/**
 * In the order of the files.
 *
 * @param note takes what a person should know of the files.
 * @throws SpanmillError INPUT_*; TRAINING_DATA where there is nothing to part
 */
export async function* openDocuments(
  files: readonly string[],
  part?: DataPart,
  note?: (text: string) => void,
): AsyncGenerator<FileDocument> {
  if (part === undefined) return yield* openAll(files, note);
  const heldBack = await draw(files, part);
  const wanted = (index: number) => heldBack.units.has(index) === (part.side === "held back");
  let index = 0;
  for await (const { file, document } of openAll(files, note)) {
    if (document.sentences.length === 0) continue;
    if (heldBack.of === "documents") {
      if (wanted(index++)) yield { file, document };
    } else {
      const sentences = document.sentences.filter(() => wanted(index++));
      if (sentences.length > 0) yield { file, document: { ...document, sentences } };
    }
  }
}

async function* openAll(
  files: readonly string[],
  note: ((text: string) => void) | undefined,
): AsyncGenerator<FileDocument> {
  for (const file of files) {
    if (labelFormat(file) !== "jsonl") {
      for await (const document of openLabelled([file])) yield { file, document };
      continue;
    }
    let [widened, dropped] = [0, 0];
    for await (const spans of openSpanDocuments([file])) {
      const found = spanWords(spans);
      widened += found.widened;
      dropped += found.dropped;
      yield { file, document: found.document };
    }
    if (widened + dropped > 0) {
      note?.(
        `${file}: ${widened} spans cut words and were widened, ${dropped} overlap others or hold no word and were left out`,
      );
    }
  }
}

/** Fewer would make parts that are too unlike. */
const ENOUGH_DOCUMENTS = 10;

/** A first pass counts, so that the share is kept whatever is drawn. */
async function draw(
  files: readonly string[],
  { share, seed }: DataPart,
): Promise<{ of: "documents" | "sentences"; units: ReadonlySet<number> }> {
  let [documents, sentences] = [0, 0];
  for await (const { document } of openAll(files, undefined)) {
    if (document.sentences.length > 0) documents++;
    sentences += document.sentences.length;
  }
  const of = documents < ENOUGH_DOCUMENTS ? "sentences" : "documents";
  const count = of === "sentences" ? sentences : documents;
  if (count < 2) {
    throw new SpanmillError(
      "TRAINING_DATA",
      `${files.join(", ")}: ${count} sentences cannot be parted for validation: give other data for it (--dev)`,
    );
  }
  return { of, units: drawn(count, Math.max(1, Math.round(share * count)), seed) };
}

function drawn(count: number, wanted: number, seed: number): ReadonlySet<number> {
  const all = Array.from({ length: count }, (_, index) => index);
  return new Set(random(seed, "held back").shuffle(all).slice(0, wanted));
}
