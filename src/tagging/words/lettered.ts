import { endsAbbreviation, endsSentence, followingWord } from "./abbreviations.js";
import { isApostrophe, isDigit, isWordCharacter, matchEnd, type Scan, take, wordRunEnd } from "./scan.js";
import {
  AFTER_IT_IS,
  CLITICS,
  ELIDED,
  HYPHEN_PREFIXES,
  HYPHEN_SUFFIXES,
  LONGEST_MERGED,
  MERGED,
  SLASHED,
} from "./tables.js";

/** A word that starts with a letter, with what belongs to it across punctuation, and its clitic beside it. */
export function lettered(scan: Scan): boolean {
  const { text, at } = scan;
  if (initials(scan) || language(scan) || slashed(scan) || currencyCode(scan)) return true;
  let end = wordRunEnd(scan, at);
  if (end === at) return false;
  for (;;) {
    const unit = end < scan.end ? text.charCodeAt(end) : 0;
    let next = end;
    if (unit === HYPHEN) next = afterHyphen(scan, end);
    else if (unit === AMPERSAND) next = afterAmpersand(scan, end);
    else if (unit === ASTERISK || unit === DOLLAR) next = afterCensor(scan, end);
    else if (isApostrophe(unit)) {
      const split = cliticAfter(scan, end);
      if (split !== undefined) {
        take(scan, split.start);
        return take(scan, split.end);
      }
      next = afterApostrophe(scan, end);
    } else if (unit === PERIOD && endsAbbreviation(scan, end)) return take(scan, end + 1);
    if (next === end) break;
    end = next;
  }
  return merged(scan, end) || take(scan, end);
}

const INITIALS = /(?:Ph\.|[A-Za-z]\.)(?:[A-Za-z]\.){1,12}(?:[A-Za-z](?![A-Za-z0-9]))?/y;

/** `U.S.`, `p.m.`, `U.S.A`, `L.L.C`; the last period is the sentence's where one ends. */
function initials(scan: Scan): boolean {
  const { text, at } = scan;
  if (text.charCodeAt(at + 1) !== PERIOD && text.charCodeAt(at + 2) !== PERIOD) return false;
  let end = matchEnd(INITIALS, scan, scan.at);
  if (end < 0) end = matchEnd(/[A-Za-z]\.[A-Za-z](?![A-Za-z0-9.])/y, scan, scan.at);
  if (end < 0) return false;
  const closed = scan.text.charCodeAt(end - 1) === PERIOD;
  if (closed && scan.text.charCodeAt(end) === PERIOD) return take(scan, end - 1);
  return take(scan, closed && endsSentence(scan, scan.at, end - 1) ? end - 1 : end);
}

const SLASHED_SHAPE = /[A-Za-z]\/[A-Za-z]{0,3}(?![A-Za-z0-9/])/y;

/** `w/o`, `N/A`; `w/` before anything. */
function slashed(scan: Scan): boolean {
  const { text, at } = scan;
  if (text.charCodeAt(at + 1) !== SLASH) return false;
  const end = matchEnd(SLASHED_SHAPE, scan, at);
  if (end > 0 && SLASHED.has(text.slice(at, end).toLowerCase())) return take(scan, end);
  return (text[at] === "w" || text[at] === "W") && take(scan, at + 2);
}

/** `C++`, `C#`; a grade `A ++` is two words. */
function language(scan: Scan): boolean {
  const end = matchEnd(/[Cc](?:\+\+|#)(?![\w+#])/y, scan, scan.at);
  return end > 0 && take(scan, end);
}

const CURRENCY_CODE = /(?:US|CA|AU|NZ|HK|SG|[CAR])\$(?=\d|$)/y;

/** `US$ 5` */
function currencyCode(scan: Scan): boolean {
  const end = matchEnd(CURRENCY_CODE, scan, scan.at);
  return end > 0 && take(scan, end);
}

/** `e-mail`, `mid-1980s`, `career-wise`; every other hyphen is a word. */
function afterHyphen(scan: Scan, hyphen: number): number {
  const { text, at } = scan;
  const end = wordRunEnd(scan, hyphen + 1);
  if (end === hyphen + 1) return hyphen;
  const first = at === scan.start || text.charCodeAt(at - 1) !== HYPHEN;
  if (first && hyphen - at <= 7 && HYPHEN_PREFIXES.has(text.slice(at, hyphen).toLowerCase())) return end;
  return end - hyphen <= 8 && HYPHEN_SUFFIXES.has(text.slice(hyphen + 1, end).toLowerCase()) ? end : hyphen;
}

const AMPERSANDED = /&[A-Z]{1,4}(?![A-Za-z0-9;])|&[a-z](?![A-Za-z0-9;])/y;

/** `AT&T`, `p&l` */
function afterAmpersand(scan: Scan, ampersand: number): number {
  const end = ampersand - scan.at <= 4 ? matchEnd(AMPERSANDED, scan, ampersand) : -1;
  return end > 0 ? end : ampersand;
}

const CENSOR = /\*+(?=[A-Za-z])|\*{3,}|\$+(?=[A-Za-z])/y;

/** `sh*t`, `b****`, `me$$age` */
function afterCensor(scan: Scan, mark: number): number {
  const end = matchEnd(CENSOR, scan, mark);
  return end > 0 && !(end - mark > 2 && mark - scan.at > 2) ? wordRunEnd(scan, end) : mark;
}

/** The clitic around the apostrophe that ends `scan.at` to `apostrophe`: `do n't`, `John 's`. */
function cliticAfter(scan: Scan, apostrophe: number): { start: number; end: number } | undefined {
  const { text, at } = scan;
  const end = wordRunEnd(scan, apostrophe + 1);
  const length = end - apostrophe - 1;
  if (length < 1 || length > 2) return undefined;
  const tail = text.slice(apostrophe + 1, end).toLowerCase();
  if (tail === "t") {
    const n = apostrophe - 1;
    return n > at && (text[n] === "n" || text[n] === "N") ? { start: n, end } : undefined;
  }
  if (tail === "ma" && apostrophe === at + 1) return { start: apostrophe, end: end - 1 };
  return CLITICS.has(tail) ? { start: apostrophe, end } : undefined;
}

/** `O'Connell`, `Sha'lan`, `cookin'` */
function afterApostrophe(scan: Scan, apostrophe: number): number {
  const { text, at } = scan;
  const after = apostrophe + 1;
  if (isWordCharacter(scan, after) && !isDigit(text.charCodeAt(after))) return wordRunEnd(scan, after);
  const dropped = after === scan.end && at === scan.start && apostrophe - at > 4;
  return dropped &&
    /^[a-z]+in$/.test(text.slice(at, Math.min(apostrophe, at + 40))) &&
    text.startsWith("in", apostrophe - 2)
    ? after
    : apostrophe;
}

/** A clitic that a rule left standing after something else: `Q1 's`, `" 's`. */
export function clitic(scan: Scan): boolean {
  const { text, at } = scan;
  if (!isApostrophe(text.charCodeAt(at))) return false;
  const end = wordRunEnd(scan, at + 1);
  const length = end - at - 1;
  return length > 0 && length <= 2 && CLITICS.has(text.slice(at + 1, end).toLowerCase()) && take(scan, end);
}

const YEAR = /['’]\d\ds?(?!\w)/y;

/** `'em`, `'07`, `'60s` */
export function elision(scan: Scan): boolean {
  const { text, at } = scan;
  if (!isApostrophe(text.charCodeAt(at))) return false;
  const year = at === scan.start || !isDigit(text.charCodeAt(at - 1)) ? matchEnd(YEAR, scan, at) : -1;
  if (year > 0) return take(scan, year);
  const end = wordRunEnd(scan, at + 1);
  if (end - at > 7 || isApostrophe(text.charCodeAt(end))) return false;
  return ELIDED.has(text.slice(at + 1, end).toLowerCase()) && take(scan, end);
}

/** Contractions that are written as one word: `can not`, `gon na`, `do nt`. */
function merged(scan: Scan, end: number): boolean {
  const { text, at } = scan;
  if (end - at > LONGEST_MERGED || end - at < 2) return false;
  const word = text.slice(at, end).toLowerCase();
  if (word === "its" && AFTER_IT_IS.has(followingWord(text, end))) {
    take(scan, end - 1);
    return take(scan, end);
  }
  const parts = MERGED.get(word);
  if (parts === undefined) return false;
  for (const length of parts) take(scan, scan.at + length);
  return true;
}

const PERIOD = 0x2e;
const HYPHEN = 0x2d;
const AMPERSAND = 0x26;
const ASTERISK = 0x2a;
const DOLLAR = 0x24;
const SLASH = 0x2f;
