/**
 * Lines of plain text and the quote marks they start with. Positions are UTF-16 offsets of `text`; a line is
 * `[start, end)` without what ends it.
 */
import { isWhiteSpace } from "../whitespace.js";

/**
 * Where the line that holds `start` ends: at the first mandatory break of UAX #14 (LF, VT, FF, CR, NEL, LS, PS),
 * or at `limit`.
 */
export function lineEnd(text: string, start: number, limit: number): number {
  let at = start;
  while (at < limit && !endsLine(text.charCodeAt(at))) at++;
  return at;
}

/** Where the line after the one that ends at `end` starts. CR LF is one break. */
export function nextLine(text: string, end: number): number {
  return text.charCodeAt(end) === CR && text.charCodeAt(end + 1) === LF ? end + 2 : end + 1;
}

export interface QuoteMarks {
  /** How many `>` the line starts with: how often it has been quoted. */
  readonly depth: number;
  /** Where the line goes on after them; its start where it has none. */
  readonly end: number;
}

/** The quote marks of a line: optional blanks, then one or more `>`, each followed by at most one blank. */
export function quoteMarks(text: string, start: number, end: number): QuoteMarks {
  let at = start;
  while (at < end && isWhiteSpace(text.charCodeAt(at))) at++;
  if (text.charCodeAt(at) !== MARK || at === end) return { depth: 0, end: start };
  let depth = 0;
  while (at < end && text.charCodeAt(at) === MARK) {
    depth++;
    at++;
    if (at < end && isWhiteSpace(text.charCodeAt(at))) at++;
  }
  return { depth, end: at };
}

const LF = 0x0a;
const CR = 0x0d;
const MARK = 0x3e; // >

function endsLine(unit: number): boolean {
  return (unit >= LF && unit <= CR) || unit === 0x85 || unit === 0x2028 || unit === 0x2029;
}
