import { createHash } from "node:crypto";
import { offsetsIn } from "../offsets.js";
import { isWhiteSpace } from "../whitespace.js";
import type { AnnotatedDocument, LabelledSpan } from "./document.js";

export interface BratFiles {
  /** For `<name>.txt`: the text itself. */
  readonly txt: string;
  /** For `<name>.ann`: a line for each span, lens after lens. */
  readonly ann: string;
}

/**
 * Writes the spans of a document in brat's standoff format (https://brat.nlplab.org/standoff.html):
 * `T1 TAB PER 0 5 TAB surface`, offsets in code points. A span over a line break is written in parts,
 * `0 4;5 9`, whose texts are joined by one blank. Signs that a type of brat cannot have become `_`.
 */
export function toBrat({ text, lenses }: AnnotatedDocument): BratFiles {
  const lines: string[] = [];
  for (const { spans } of lenses) {
    // One counter a lens: inside a lens offsets only ascend, which keeps this linear.
    const codePoints = offsetsIn(text, "code_point");
    for (const span of spans) {
      const parts = partsOf(text, span);
      const ranges = parts.map(({ start, end }) => `${codePoints(start)} ${codePoints(end)}`).join(";");
      const surface = parts.map(({ start, end }) => text.slice(start, end)).join(" ");
      lines.push(`T${lines.length + 1}\t${bratType(span.label)} ${ranges}\t${surface}\n`);
    }
  }
  return { txt: text, ann: lines.join("") };
}

/**
 * The name (without ending) of a document's two files: letters, digits and `._-%` only, at most 200 of them, and
 * different for different ids.
 */
export function bratName(id: string): string {
  const name = id.toWellFormed().replace(/[^A-Za-z0-9._-]|^[.-]/gu, percentEncoded);
  if (name === "") return "%";
  if (name.length <= MAX_NAME) return name;
  return `${name.slice(0, MAX_NAME - 33)}-${createHash("sha256").update(id).digest("hex").slice(0, 32)}`;
}

const MAX_NAME = 200;

/** Cuts a span at white space that a line of the file cannot hold: line breaks and TAB. */
function partsOf(text: string, { start, end }: LabelledSpan): { start: number; end: number }[] {
  const parts: { start: number; end: number }[] = [];
  let from = start;
  for (let at = start; at < end; ) {
    if (!isWhiteSpace(text.charCodeAt(at))) {
      at++;
      continue;
    }
    const space = at;
    while (at < end && isWhiteSpace(text.charCodeAt(at))) at++;
    if (!BREAKS.test(text.slice(space, at))) continue;
    if (space > from) parts.push({ start: from, end: space });
    from = at;
  }
  if (end > from) parts.push({ start: from, end });
  return parts;
}

const BREAKS = /[\t-\r\x1c-\x1e\x85\u2028\u2029]/;

function bratType(label: string): string {
  return label.replace(/[^\p{L}\p{N}_-]/gu, "_");
}

function percentEncoded(sign: string): string {
  return [...Buffer.from(sign)]
    .map((byte) => `%${byte.toString(16).padStart(2, "0").toUpperCase()}`)
    .join("");
}
