import { clusterEnd, Kind, kindAt } from "./characters.js";
import { atWordStart, isDigit, isWordCharacter, matchEnd, type Scan, take } from "./scan.js";

/** `:-)`, `;)`, `:D`, `(:`, `^_^`, `<3`. */
export function emoticon(scan: Scan): boolean {
  const { text, at } = scan;
  const unit = text.charCodeAt(at);
  if (unit >= 0x80 || EMOTICON_STARTS[unit] === 0) return false;
  if (at > scan.start && isDigit(text.charCodeAt(at - 1))) return false;
  const open = atWordStart(scan);
  for (const shape of open ? SHAPES : SHAPES_AFTER_WORDS) {
    const end = matchEnd(shape, scan, at);
    if (end > 0 && !isWordCharacter(scan, end)) return take(scan, end);
  }
  if (at !== scan.start) return false;
  const end = matchEnd(WHOLE_STRETCH, scan, at);
  return end === scan.end && take(scan, end);
}

const SMILE = /[>]?[:;=]['’]?[-o^]?(?:\)+|\(+|\]|\[|\\(?!\w)|\/(?![\w/])|\*|\|)/y;
const SHAPES_AFTER_WORDS: readonly RegExp[] = [/[:;=]['’]?-?(?:\)+|\(+)/y];
const SHAPES: readonly RegExp[] = [
  SMILE,
  /[:;=]['’]?-?[DPpO](?!\w)/y,
  /8-[)(]/y,
  /\^_*\^/y,
  /-_+-/y,
  /<\/?3+/y,
];
/** Emoticons that could be anything unless they stand alone. */
const WHOLE_STRETCH = /\(['’]?[-o]?[:;=]|[oO0]_+[oO0]|T_+T|>[._]+<|\\[oO]\/|D:|¯\\_\(ツ\)_\/¯|:3/y;
const EMOTICON_STARTS = new Uint8Array(0x80);
for (const mark of ":;=8^-<(>oO0TD\\") EMOTICON_STARTS[mark.charCodeAt(0)] = 1;

/** `$ 5`: the sign is a word; a run of signs is one. */
export function currency(scan: Scan): boolean {
  const end = matchEnd(/[$£€¥]+/y, scan, scan.at);
  return end > 0 && take(scan, end);
}

/** Punctuation and symbols: runs that belong together are one word, all else is a word each. */
export function marks(scan: Scan): boolean {
  for (const run of RUNS) {
    const end = matchEnd(run, scan, scan.at);
    if (end > 0) return take(scan, end);
  }
  return take(scan, sameEnd(scan));
}

const RUNS: readonly RegExp[] = [
  /[.!?…]+/y, // "...", "?!", ".?"
  /[-=|+><*_~#^}{](?=[-=|+><*_~#^}{]{4})(?!([<>*])\1+[-_~#])[-=|+><*_~#^}{]+/y, // drawn lines
  /<?[-=]+>|<[-=]+(?!\w)|[<>!]=/y, // arrows and comparisons
  /''|``|’’|‘’|‘‘/y,
];

/** End of the run of one and the same mark, but brackets and pictographs are a word each. */
function sameEnd(scan: Scan): number {
  const { text, at, end } = scan;
  const first = clusterEnd(text, at, end);
  const unit = text.charCodeAt(at);
  if (first > at + 1 || '()[]{}"“”'.includes(text[at]!) || kindAt(text, at) !== Kind.mark || unit >= 0x2190)
    return first;
  let to = first;
  while (to < end && text.charCodeAt(to) === unit) to++;
  return to;
}
