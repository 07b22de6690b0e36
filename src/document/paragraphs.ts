/**
 * Paragraphs of a segment: runs of lines that are not blank, with the places where a line really ended.
 */
import { isWhiteSpace } from "../whitespace.js";
import { lineEnd, nextLine, quoteMarks } from "./lines.js";

/** The stretches without white space of a paragraph, quote marks left out. All offsets are of the text. */
export interface Paragraph {
  readonly starts: readonly number[];
  readonly ends: readonly number[];
  /** Indexes of the stretches, ascending, before which a line really ended; elsewhere it was only wrapped. */
  readonly breaks: readonly number[];
  /** Length of the canonical form: the stretches joined by one character. */
  readonly length: number;
  /** Where to go on reading. */
  readonly next: number;
}

/** Reads from `start`, which begins a line, to the first blank line or `limit`. Blank lines alone: no stretches. */
export function readParagraph(text: string, start: number, limit: number): Paragraph {
  const starts: number[] = [];
  const ends: number[] = [];
  const lines: number[] = []; // first stretch of each line
  let next = start;
  while (next < limit) {
    const end = lineEnd(text, next, limit);
    const first = starts.length;
    readStretches(text, quoteMarks(text, next, end).end, end, starts, ends);
    next = nextLine(text, end);
    if (starts.length === first) break;
    lines.push(first);
  }
  let length = Math.max(0, starts.length - 1);
  for (let i = 0; i < starts.length; i++) length += ends[i]! - starts[i]!;
  return { starts, ends, breaks: realLineEnds(starts, ends, lines), length, next };
}

function readStretches(text: string, from: number, to: number, starts: number[], ends: number[]): void {
  let at = from;
  while (at < to) {
    while (at < to && isWhiteSpace(text.charCodeAt(at))) at++;
    if (at === to) return;
    starts.push(at);
    while (at < to && !isWhiteSpace(text.charCodeAt(at))) at++;
    ends.push(at);
  }
}

/**
 * Tells real line ends from wrapping. Whoever wraps at a width breaks a line only where the next word would not
 * have fitted. So a line ended for good where the next line's first stretch would have fitted with room to spare:
 * within the longest line less `SLACK`, and never past `NARROWEST`, since nobody wraps mail below it. Wrapped
 * lines are thus always joined, whatever the width; the lines of addresses, lists and signatures stay lines.
 *
 * Lengths are those of canonical forms, in UTF-16 code units, so that quote marks, indentation and blanks do not
 * count. A line of one stretch tells no width: a long address overflows every wrapper.
 */
function realLineEnds(
  starts: readonly number[],
  ends: readonly number[],
  lines: readonly number[],
): number[] {
  const lengths = lines.map((first, line) => {
    const after = lines[line + 1] ?? starts.length;
    let length = after - first - 1;
    for (let i = first; i < after; i++) length += ends[i]! - starts[i]!;
    return length;
  });
  let longest = 0;
  lines.forEach((first, line) => {
    if ((lines[line + 1] ?? starts.length) - first > 1) longest = Math.max(longest, lengths[line]!);
  });
  const width = Math.max(longest - SLACK, NARROWEST);
  return lines.filter(
    (first, line) => line > 0 && lengths[line - 1]! + 1 + ends[first]! - starts[first]! <= width,
  );
}

/** Room for indentation that the wrapper counted, for wide characters, and for lines wrapped to even lengths. */
const SLACK = 8;

const NARROWEST = 40;
