import { inWordRun, kindAt, nextCodePoint } from "./characters.js";

/** A stretch without white space while its words are cut off from the left; rules read it and call `take`. */
export interface Scan {
  readonly text: string;
  readonly start: number;
  readonly end: number;
  /** Start of what is not yet in a word. */
  at: number;
  /** What is left of here was seen to be no hyphenated code; spares reading it again at each of its parts. */
  noCodeBefore: number;
  readonly starts: number[];
  readonly ends: number[];
}

/** Takes `scan.at` to `end` as one word. */
export function take(scan: Scan, end: number): true {
  scan.starts.push(scan.at);
  scan.ends.push(end);
  scan.at = end;
  return true;
}

/**
 * Where `sticky`, matched at `at`, ends, or -1. Patterns must not match white space, and must either take what
 * they read or read a bounded length: that keeps the splitter linear.
 */
export function matchEnd(sticky: RegExp, scan: Scan, at: number): number {
  sticky.lastIndex = at;
  return sticky.test(scan.text) ? sticky.lastIndex : -1;
}

/** True where the character at `at` is a letter or digit of a word written by runs. */
export function isWordCharacter(scan: Scan, at: number): boolean {
  return at < scan.end && inWordRun(kindAt(scan.text, at));
}

/** True where no letter or digit stands right before `scan.at`. */
export function atWordStart(scan: Scan): boolean {
  return scan.at === scan.start || !inWordRun(kindAt(scan.text, scan.at - 1));
}

/** End of the run of letters, digits and inner underscores from `from`. */
export function wordRunEnd(scan: Scan, from: number): number {
  const { text, end } = scan;
  let at = from;
  while (at < end) {
    if (inWordRun(kindAt(text, at))) at = nextCodePoint(text, at);
    else if (text.charCodeAt(at) === UNDERSCORE && at > from) {
      let after = at + 1;
      while (after < end && text.charCodeAt(after) === UNDERSCORE) after++;
      if (!isWordCharacter(scan, after)) return at;
      at = after;
    } else return at;
  }
  return at;
}

export function isApostrophe(unit: number): boolean {
  return unit === 0x27 || unit === 0x2019 || unit === 0x60 || unit === 0xb4;
}

export function isDigit(unit: number): boolean {
  return unit >= 0x30 && unit <= 0x39;
}

const UNDERSCORE = 0x5f;
