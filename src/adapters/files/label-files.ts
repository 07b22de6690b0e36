/** Label files by path: CoNLL, CoNLL-U, or JSONL of texts with spans, gzipped or not. */
import { readConll } from "../../dataset/conll.js";
import { readConllu } from "../../dataset/conllu.js";
import type { LabelledDocument, SpanDocument } from "../../dataset/document.js";
import { readSpanLines } from "../../dataset/span-lines.js";
import { openLines } from "./lines.js";
import { standOffTexts } from "./stand-off-texts.js";

export const LABEL_FORMATS = ["conll", "conllu", "jsonl"] as const;
export type LabelFormat = (typeof LABEL_FORMATS)[number];

/** By the file's extension; CoNLL where it says nothing. */
export function labelFormat(path: string, declared?: LabelFormat): LabelFormat {
  if (declared !== undefined) return declared;
  const name = path.replace(/\.gz$/i, "").toLowerCase();
  if (name.endsWith(".conllu")) return "conllu";
  return /\.(jsonl|ndjson)$/.test(name) ? "jsonl" : "conll";
}

const LINE_BYTES = 64 * 1024 * 1024;

/** @throws SpanmillError INPUT_* */
export async function* openLabelled(
  paths: readonly string[],
  format?: LabelFormat,
): AsyncGenerator<LabelledDocument> {
  for (const path of paths) {
    const lines = await openLines(path, LINE_BYTES);
    yield* labelFormat(path, format) === "conllu" ? readConllu(lines) : readConll(lines);
  }
}

/**
 * Stand-off spans come with their texts.
 *
 * @throws SpanmillError INPUT_*
 */
export async function* openSpanDocuments(paths: readonly string[]): AsyncGenerator<SpanDocument> {
  for (const path of paths) {
    const textAt = await standOffTexts(path, LINE_BYTES);
    yield* readSpanLines(await openLines(path, LINE_BYTES), { textAt });
  }
}
