/** Files and standard input as documents on their way: the source of `annotate`. */
import { statSync } from "node:fs";
import { readConll } from "../../dataset/conll.js";
import { readConllu } from "../../dataset/conllu.js";
import type { LabelledDocument } from "../../dataset/document.js";
import { prepareWords } from "../../dataset/prepare.js";
import { extractJson, type FieldPath } from "../../document/extract/json.js";
import { prepareText } from "../../document/prepare.js";
import type { Arrived, Rejected } from "../../pipeline/annotate.js";
import { STDIN } from "./bytes.js";
import { type Line, type LineSource, openLines } from "./lines.js";
import { requireFiles } from "./paths.js";
import { readText } from "./text.js";

export const INPUT_FORMATS = ["text", "lines", "jsonl", "conll", "conllu"] as const;
export type InputFormat = (typeof INPUT_FORMATS)[number];

export interface DocumentSettings {
  /** Undefined: by each file's extension. */
  readonly format?: InputFormat | undefined;
  readonly text: FieldPath;
  readonly id: FieldPath;
  /** Bytes. */
  readonly maxDocumentSize: number;
  /** Documents, rejected ones counted, that an earlier run has done. */
  readonly skip: number;
}

export interface DocumentSource {
  readonly items: AsyncIterable<Arrived | Rejected>;
  /** Bytes on disk, where all inputs are files. */
  readonly size: number | undefined;
}

/**
 * Opens files (`-` is standard input) one after the other. That they exist is checked at once.
 *
 * @throws SpanmillError INPUT_NOT_FOUND, INPUT_IS_DIRECTORY naming every input that cannot be read; INPUT_UNREADABLE,
 * INPUT_MALFORMED while reading.
 */
export function openDocuments(paths: readonly string[], settings: DocumentSettings): DocumentSource {
  const size = requireFiles(paths);

  async function* items(): AsyncGenerator<Arrived | Rejected> {
    let documents = 0;
    let finished = 0;
    for (const path of paths) {
      const format = settings.format ?? formatOf(path);
      const opened = await openPath(path, format, settings);
      for await (const found of opened.items) {
        if (documents++ < settings.skip) continue;
        yield { ...placed(found, path, documents), consumed: finished + found.consumed };
      }
      finished += opened.consumed();
    }
  }

  return { items: items(), size };
}

/**
 * A document in its file, before it has its identity. `position` is what people look for: a line, or 1. `consumed`:
 * bytes of the file up to its end, about.
 */
type Found = { readonly position: number; readonly id?: string | undefined; readonly consumed: number } & (
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "words"; readonly document: LabelledDocument }
  | { readonly kind: "rejected"; readonly code: Rejected["code"]; readonly reason: string }
);

interface Opened {
  readonly items: AsyncIterable<Found>;
  consumed(): number;
}

async function openPath(path: string, format: InputFormat, settings: DocumentSettings): Promise<Opened> {
  if (format === "text") return wholeFile(path, settings.maxDocumentSize);
  const limit = format === "jsonl" || format === "lines" ? settings.maxDocumentSize : LABEL_LINE_BYTES;
  const lines = await openLines(path, limit);
  return { items: documentsIn(lines, format, settings), consumed: lines.consumed };
}

/** A line of a label file is a word and its labels. */
const LABEL_LINE_BYTES = 1 << 20;

function wholeFile(path: string, limit: number): Opened {
  const consumed = path === STDIN ? 0 : sizeOf(path);
  async function* items(): AsyncGenerator<Found> {
    yield { ...(await readText(path, limit)), position: 1, consumed, id: path };
  }
  return { items: items(), consumed: () => consumed };
}

function documentsIn(
  lines: LineSource,
  format: Exclude<InputFormat, "text">,
  settings: DocumentSettings,
): AsyncIterable<Found> {
  switch (format) {
    case "jsonl":
      return jsonDocuments(lines, settings);
    case "lines":
      return lineDocuments(lines);
    case "conll":
      return labelled(readConll(lines), lines.consumed);
    case "conllu":
      return labelled(readConllu(lines), lines.consumed);
  }
}

async function* jsonDocuments(lines: LineSource, fields: DocumentSettings): AsyncGenerator<Found> {
  for await (const { line, consumed } of placedLines(lines)) {
    const position = line.number;
    if (line.kind === "rejected") {
      yield { kind: "rejected", position, consumed, code: line.code, reason: line.reason };
    } else if (line.text.trim() !== "") {
      const extracted = extractJson(line.text, fields);
      if (extracted.kind === "rejected") yield { ...extracted, position, consumed };
      else yield { kind: "text", position, consumed, id: extracted.id, text: extracted.text };
    }
  }
}

async function* lineDocuments(lines: LineSource): AsyncGenerator<Found> {
  for await (const { line, consumed } of placedLines(lines)) {
    const position = line.number;
    if (line.kind === "rejected") {
      yield { kind: "rejected", position, consumed, code: line.code, reason: line.reason };
    } else if (line.text.trim() !== "") yield { kind: "text", position, consumed, text: line.text };
  }
}

/** A batch of lines is read at once and worked off one by one, so what is consumed is shared out among its lines. */
async function* placedLines(lines: LineSource): AsyncGenerator<{ line: Line; consumed: number }> {
  let before = 0;
  for await (const batch of lines.batches) {
    const after = lines.consumed();
    for (let i = 0; i < batch.length; i++) {
      yield { line: batch[i]!, consumed: before + ((after - before) * (i + 1)) / batch.length };
    }
    before = after;
  }
}

async function* labelled(
  documents: AsyncIterable<LabelledDocument>,
  consumed: () => number,
): AsyncGenerator<Found> {
  for await (const document of documents) {
    yield { kind: "words", position: document.line, consumed: consumed(), id: document.id, document };
  }
}

/** Gives a document its identity: its own id or its place, and its place among all documents as its revision. */
function placed(found: Found, path: string, count: number): Arrived | Rejected {
  const source = path === STDIN ? "standard input" : path;
  const { position, id } = found;
  if (found.kind === "rejected") {
    const { kind, code, reason } = found;
    return { kind, source, position, ...(id === undefined ? {} : { id }), code, reason };
  }
  const identity = {
    id: id ?? `${path}:${position}`,
    revision: String(count).padStart(REVISION_DIGITS, "0"),
  };
  const document =
    found.kind === "text"
      ? prepareText({ ...identity, text: found.text })
      : prepareWords(identity, found.document, "block");
  return { kind: "document", source, position, document };
}

const REVISION_DIGITS = 12;

function formatOf(path: string): InputFormat {
  const extension = /\.([^./\\]+)$/.exec(path.replace(/\.gz$/i, ""))?.[1]?.toLowerCase();
  return EXTENSIONS[extension ?? ""] ?? "text";
}

const EXTENSIONS: Readonly<Record<string, InputFormat>> = {
  jsonl: "jsonl",
  ndjson: "jsonl",
  conll: "conll",
  iob: "conll",
  iob2: "conll",
  bio: "conll",
  conllu: "conllu",
};

function sizeOf(path: string): number {
  try {
    return statSync(path).size;
  } catch {
    return 0;
  }
}
