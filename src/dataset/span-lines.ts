import type { OffsetUnit } from "../offsets.js";
import type { LabelledSpan, SpanDocument } from "./document.js";
import { documentsOf, type Fail, type LabelFile, type LineParser, malformed } from "./label-file.js";
import { type TextPlace, textPlace } from "./stand-off.js";

/** The text at a place of another file; `fail` makes the error where it is not there. */
export type TextAt = (place: TextPlace, fail: Fail) => string;

export interface SpanLineOptions {
  /** What offsets count. */
  readonly unit?: OffsetUnit;
  /** Without it, each line has to hold its own text. */
  readonly textAt?: TextAt | undefined;
}

/**
 * Reads JSONL of text and spans: `{"id", "text", "spans": [{"start", "end", "label"}]}`, or doccano's
 * `{"id", "text", "label": [[start, end, "LABEL"]]}` (`labels` in some exports). In the place of `text`, stand-off spans
 * say in `of` where their text is: see `stand-off.ts`. Ids may be missing or numbers. Ends are exclusive. Blank lines
 * are passed over.
 *
 * @throws SpanmillError INPUT_MALFORMED with file and line.
 */
export function readSpanLines(
  file: LabelFile,
  { unit = "code_point", textAt }: SpanLineOptions = {},
): AsyncGenerator<SpanDocument> {
  return documentsOf<SpanDocument>(file, (emit) => spanLineParser(file, { unit, textAt }, emit));
}

function spanLineParser(
  file: LabelFile,
  options: Required<SpanLineOptions>,
  emit: (document: SpanDocument) => void,
): LineParser {
  return {
    line(line, number) {
      if (line.trim() !== "")
        emit(documentOf(line, options, number, (what) => malformed(file.name, number, what)));
    },
    end() {},
  };
}

function documentOf(
  line: string,
  { unit, textAt }: Required<SpanLineOptions>,
  number: number,
  fail: Fail,
): SpanDocument {
  const { id, text: own, of, ...rest } = parseObject(line, fail);
  if (of !== undefined && own !== undefined)
    throw fail('there are both "text" and "of": leave one of them out');
  if (of !== undefined && textAt === undefined)
    throw fail(
      '"of" names a text of another file, which is looked up for labels in a file, not for those of a pipe',
    );
  const text = of === undefined ? own : textAt!(textPlace(of, fail), fail);
  if (typeof text !== "string") throw fail('"text" is missing or no string');
  if (id != null && typeof id !== "string" && typeof id !== "number")
    throw fail('"id" is no string or number');
  const list = rest.spans ?? rest.label ?? rest.labels;
  if (!Array.isArray(list))
    throw fail('there is no list of spans: "spans", or doccano\'s "label" or "labels"');
  const raw = list.map((item, i) => rawSpan(item, i, fail));
  return {
    id: id == null ? undefined : String(id),
    line: number,
    text,
    spans: spansOver(text, raw, unit, fail),
  };
}

function parseObject(line: string, fail: Fail): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw fail("the line is not JSON");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw fail("the line is no JSON object");
  }
  return value as Record<string, unknown>;
}

/** A span as it was written: offsets in the file's unit. */
interface RawSpan extends LabelledSpan {
  /** Place in the file's list, for messages. */
  readonly index: number;
}

function rawSpan(item: unknown, index: number, fail: Fail): RawSpan {
  const isObject = typeof item === "object" && item !== null;
  const { start, end, label } = Array.isArray(item)
    ? { start: item[0] as unknown, end: item[1] as unknown, label: item[2] as unknown }
    : ((isObject ? item : {}) as Record<string, unknown>);
  if (!Number.isInteger(start) || !Number.isInteger(end) || typeof label !== "string" || label === "") {
    throw fail(`span ${index} (from 0) lacks a start, an end (whole numbers) or a label (a string)`);
  }
  return { start: start as number, end: end as number, label, index };
}

/** Turns offsets into UTF-16, in one walk over the text. */
function spansOver(text: string, raw: readonly RawSpan[], unit: OffsetUnit, fail: Fail): LabelledSpan[] {
  const borders = [...new Set(raw.flatMap(({ start, end }) => [start, end]))].sort((a, b) => a - b);
  const utf16 = new Map<number, number>();
  const walk = { at: 0, count: 0 };
  for (const border of borders) {
    while (walk.count < border && walk.at < text.length) step(text, walk, unit);
    if (walk.count === border) utf16.set(border, walk.at);
  }
  const spans = raw.map(({ start, end, label, index }) => {
    const from = utf16.get(start);
    const to = utf16.get(end);
    if (from === undefined || to === undefined || from >= to) {
      throw fail(
        `span ${index} (from 0), ${start} to ${end}, is empty, runs out of the text or cuts a character; ` +
          `offsets were counted as ${unit}`,
      );
    }
    return { start: from, end: to, label };
  });
  return spans.sort((a, b) => a.start - b.start || a.end - b.end);
}

function step(text: string, walk: { at: number; count: number }, unit: OffsetUnit): void {
  const codePoint = text.codePointAt(walk.at)!;
  const units = codePoint > 0xffff ? 2 : 1;
  if (unit === "utf16") {
    walk.at++;
    walk.count++;
    return;
  }
  walk.at += units;
  walk.count += unit === "code_point" ? 1 : Buffer.byteLength(String.fromCodePoint(codePoint));
}
