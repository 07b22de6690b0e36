import { isApostrophe, isDigit, isWordCharacter, matchEnd, type Scan, take, wordRunEnd } from "./scan.js";
import { UNITS } from "./tables.js";

/** Numbers, dates, times, telephone numbers and what is written onto them: `5 pm`, `20th`, `1980s`. */
export function numeric(scan: Scan): boolean {
  for (const whole of WHOLE) {
    const end = matchEnd(whole, scan, scan.at);
    if (end > 0 && !startsFraction(scan, end)) return take(scan, end);
  }
  const end = matchEnd(NUMBER, scan, scan.at);
  if (end < 0) return false;
  if (!isDigit(scan.text.charCodeAt(scan.at)) && scan.at > scan.start && isWordCharacter(scan, scan.at - 1)) {
    return false;
  }
  return dayOfYear(scan, end) || decade(scan, end) || suffixed(scan, end) || take(scan, end);
}

/** Shapes of digits that are one word with their hyphens, slashes and points. */
const WHOLE: readonly RegExp[] = [
  /\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5}|\/\d{1,2})(?!\w)/y, // 10.0.0.1:8080, 10.0.0.0/8
  /\+?\d{1,4}([-./])\d{1,12}(?:\1\d{1,12}){1,6}(?!\w)/y, // 2001-07-30, 713-853-1696, 11/28/2000, 192.168.0.1, 2.3.1
  /\d{3}-\d{4}(?![\w-])/y, // 345-8702
  /\d{3}\/\d{3}-\d{4}(?![\w-])/y, // 713/853-5984
  /\d{5}-\d{4}(?![\w-])/y, // 77042-2016
  /\d-\d{4}(?![\w-])/y, // 3-1663
];

const NUMBER = /[+]?(?:\d+(?:,\d{3}(?!\d))*(?:[.:]\d+)*|\.\d+)/y;

function startsFraction(scan: Scan, end: number): boolean {
  return scan.text.charCodeAt(end) === 0x2f;
}

const MONTH_AND_DAY = /(?:0?[1-9]|1[0-2])\/(?:0[1-9]|[12]\d|3[01]|[1-9])(?![\w/-])/y;
const FRACTION = /(?:1\/[2-9]|2\/[35]|3\/[458]|[57]\/8|7\/24)(?!\w)/y;

/** `9/11` is one word, `1 / 2` and `24 / 7` are three. */
function dayOfYear(scan: Scan, end: number): boolean {
  if (scan.text.charCodeAt(end) !== 0x2f || matchEnd(FRACTION, scan, scan.at) > 0) return false;
  const date = matchEnd(MONTH_AND_DAY, scan, scan.at);
  return date > 0 && take(scan, date);
}

const DECADE = /\d*0['’]s(?!\w)/y;

/** `60's` */
function decade(scan: Scan, end: number): boolean {
  if (!isApostrophe(scan.text.charCodeAt(end))) return false;
  const to = matchEnd(DECADE, scan, scan.at);
  return to > 0 && take(scan, to);
}

const DIMENSIONS = /x\d/y;

/** Letters right after the digits: a unit is a word, an ordinal is not, and a code is one word. */
function suffixed(scan: Scan, end: number): boolean {
  const { text, at } = scan;
  if (!isWordCharacter(scan, end)) return false;
  if (matchEnd(DIMENSIONS, scan, end) > 0) {
    take(scan, end);
    return take(scan, end + 1);
  }
  const to = wordRunEnd(scan, end);
  const suffix = text.slice(end, to);
  if (isUnit(suffix, text, at, end) || readsAsWord(suffix, end - at)) {
    take(scan, end);
    if ((suffix === "a" || suffix === "p") && text.startsWith(".m.", to)) return take(scan, to + 3);
    return take(scan, to);
  }
  return take(scan, to);
}

function isUnit(suffix: string, text: string, at: number, end: number): boolean {
  const lower = suffix.toLowerCase();
  const money = at > 0 && "$£€¥".includes(text[at - 1]!);
  if (money) return suffix.length <= 3;
  if (text.startsWith(".m.", end + 1) && (lower === "a" || lower === "p")) return true;
  if (suffix.length > 1) return UNITS.has(lower) && lower !== "s";
  if ("kmxp".includes(suffix)) return true;
  if (suffix === "K" || suffix === "M") return end - at < 4;
  return (suffix === "F" || suffix === "C") && end - at < 5 && end - at > 1;
}

/** `20minutes`; but `4ever`, `2nite` and hexadecimal codes are one word. */
function readsAsWord(suffix: string, digits: number): boolean {
  return suffix.length > 3 && /^[a-z]+$/.test(suffix) && !/^[a-f]+$/.test(suffix) && digits > 1;
}
