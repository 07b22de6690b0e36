/**
 * Plain text to segments: stretches of one quote depth.
 *
 * The text view of plain text is the text itself, so that offsets slice the caller's own string. Quote marks stay
 * in it, and are no part of any word: blocks leave them out as they leave out white space.
 */
import type { Utf16Offset } from "../offsets.js";
import { isWhiteSpace } from "../whitespace.js";
import { lineEnd, nextLine, quoteMarks } from "./lines.js";

export const SEGMENT_KINDS = ["body", "quote", "subject"] as const;
export type SegmentKind = (typeof SEGMENT_KINDS)[number];

/** A labelled stretch of the text view. */
export interface Segment {
  /** Start of the first line, before its quote marks. */
  readonly start: Utf16Offset;
  /** After the last character that is not white space. */
  readonly end: Utf16Offset;
  readonly kind: SegmentKind;
  /** How often the stretch has been quoted: 1 and more for `quote`, 0 for the others. */
  readonly depth: number;
}

/**
 * Gives the segments of plain text in order; what lies outside them is white space and quote marks. A line that
 * is blank but for quote marks belongs to no depth and parts no segment: mail programs quote blank lines or not
 * as they like.
 */
export function segmentsOf(text: string): Segment[] {
  const segments: Segment[] = [];
  let open: { start: number; end: number; depth: number } | undefined;
  for (let start = 0; start < text.length; ) {
    const end = lineEnd(text, start, text.length);
    const marks = quoteMarks(text, start, end);
    const last = lastCharacter(text, marks.end, end);
    if (last > marks.end) {
      if (open?.depth !== marks.depth) {
        if (open !== undefined) segments.push(segment(open));
        open = { start, end: last, depth: marks.depth };
      }
      open.end = last;
    }
    start = nextLine(text, end);
  }
  if (open !== undefined) segments.push(segment(open));
  return segments;
}

/** After the last character of a line that is not white space; `start` where there is none. */
function lastCharacter(text: string, start: number, end: number): number {
  let at = end;
  while (at > start && isWhiteSpace(text.charCodeAt(at - 1))) at--;
  return at;
}

function segment({ start, end, depth }: { start: number; end: number; depth: number }): Segment {
  return {
    start: start as Utf16Offset,
    end: end as Utf16Offset,
    kind: depth === 0 ? "body" : "quote",
    depth,
  };
}
