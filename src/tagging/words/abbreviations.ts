import { isWhiteSpace } from "../../whitespace.js";
import { isDigit, type Scan } from "./scan.js";
import { ABBREVIATIONS, BEFORE_NUMBER, OPENERS, STATES, TITLES } from "./tables.js";

const LONGEST = 6;

/** True where the period at `period` belongs to the abbreviation that runs from `scan.at` up to it. */
export function endsAbbreviation(scan: Scan, period: number): boolean {
  const { text, at } = scan;
  if (period - at > LONGEST || text.charCodeAt(period + 1) === PERIOD) return false;
  if (period === at + 1) return isCapital(text.charCodeAt(at)) && !endsSentence(scan, at, period);
  const word = text.slice(at, period).toLowerCase();
  if (BEFORE_NUMBER.has(word) && isDigit(text.charCodeAt(afterSpace(text, period + 1)))) return true;
  if (TITLES.has(word)) return !endsText(text, period + 1);
  const known = ABBREVIATIONS.has(word) || (STATES.has(word) && isCapital(text.charCodeAt(at)));
  return known && !endsSentence(scan, at, period);
}

/** True where the period after an abbreviation (`scan.at` to `period`) is a sentence's as well. */
export function endsSentence(scan: Scan, start: number, period: number): boolean {
  const { text } = scan;
  const after = period + 1;
  if (after < scan.end) return false;
  if (endsText(text, after)) return true;
  const next = afterSpace(text, after);
  if (!isCapital(text.charCodeAt(next))) return false;
  if (period === start + 1) return text[start] === "I";
  return OPENERS.has(followingWord(text, after));
}

/** The word of ASCII letters, lower-cased, that follows `at` on the same line, after a blank or none. */
export function followingWord(text: string, at: number): string {
  const start = afterSpace(text, at);
  let end = start;
  while (end < text.length && end < start + LONGEST_WORD && isLetter(text.charCodeAt(end))) end++;
  return text.slice(start, end).toLowerCase();
}

/** Longer than any word that is looked up. */
const LONGEST_WORD = 12;

/** True where a line or the text ends right after `at`. */
function endsText(text: string, at: number): boolean {
  return at >= text.length || text.charCodeAt(at) === LINE_FEED;
}

/**
 * Looks over one white-space character only: canonical forms have no more, and any length stays linear. Never
 * looks over a line's end, so that lines do not influence each other.
 */
function afterSpace(text: string, at: number): number {
  return !endsText(text, at) && isWhiteSpace(text.charCodeAt(at)) ? at + 1 : at;
}

function isCapital(unit: number): boolean {
  return unit >= 0x41 && unit <= 0x5a;
}

function isLetter(unit: number): boolean {
  return isCapital(unit) || (unit >= 0x61 && unit <= 0x7a);
}

const PERIOD = 0x2e;
const LINE_FEED = 0x0a;
