/**
 * Foreign text made fit for a terminal. Documents, ids, labels and paths come from outside: an escape sequence in
 * them could move the cursor, retitle the window or rewrite what was printed; a bidi override could make a label
 * stand at the wrong word. So nothing foreign is printed but what went through `cells` or `printable`.
 */
import stringWidth from "string-width";

/** A grapheme of the text, or a white space, as it will stand on the terminal. */
export interface Cell {
  readonly kind: "text" | "space" | "newline";
  /** What is printed; empty for a line end. */
  readonly text: string;
  /** Columns. */
  readonly width: number;
  /** The UTF-16 range of the document that it stands for. */
  readonly start: number;
  readonly end: number;
}

/**
 * Splits a document into cells, in order. Control characters become control pictures; bidi overrides, embeddings and
 * isolates, lone surrogates and the like become U+FFFD (`?` without Unicode). Characters that show nothing
 * (soft hyphen, zero-width space, byte order mark) have no cell. Left-to-right and right-to-left marks stay,
 * since they reach no further than the isolate they are printed in.
 */
export function cells(text: string, unicode: boolean): Cell[] {
  const out: Cell[] = [];
  for (const { segment, index } of graphemesOf(neutralise(text, unicode))) {
    const end = index + segment.length;
    if (NEWLINE.test(segment)) {
      out.push({ kind: "newline", text: "", width: 0, start: index, end });
    } else if (SPACE.test(segment)) {
      const width = segment === "\t" ? TAB_WIDTH : columns(segment);
      out.push({ kind: "space", text: " ".repeat(width), width, start: index, end });
    } else {
      // A blank that carries a mark is text: it must not be taken for one that parts words.
      const shown = columns(segment) > 0 ? segment.replace(" ", "\u00a0") : standIn(segment, unicode);
      if (shown !== "") out.push({ kind: "text", text: shown, width: columns(shown), start: index, end });
    }
  }
  return out;
}

/** A name (id, label, path) on one line: as `cells`, but white space of any kind is one space. */
export function printable(text: string, unicode: boolean): string {
  let out = "";
  for (const cell of cells(text, unicode)) {
    if (cell.kind === "text") out += cell.text;
    else if (out !== "" && !out.endsWith(" ")) out += " ";
  }
  return out.trimEnd();
}

/** `text` cut to `width` columns, with an ellipsis where something is left out. `text` is already printable. */
export function cut(text: string, width: number, unicode: boolean): string {
  if (columns(text) <= width) return text;
  const ellipsis = unicode ? "…" : "~";
  let out = "";
  let used = 1;
  for (const { segment } of graphemes.segment(text)) {
    used += columns(segment);
    if (used > width) break;
    out += segment;
  }
  return out + ellipsis;
}

/**
 * Columns that a terminal gives to `text`, as string-width counts: wide East Asian characters and emoji take two.
 * Terminals disagree on joined emoji and Indic conjuncts; no count is right for all of them.
 */
export function columns(text: string): number {
  if (/^[\x20-\x7e]*$/.test(text)) return text.length;
  return BARE.test(text) ? 0 : stringWidth(text);
}

/** Letters of right-to-left scripts, and the marks that act like one. */
export const RIGHT_TO_LEFT =
  /[\u0590-\u08ff\u200f\ufb1d-\ufdff\ufe70-\ufefe\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;

/** Whether a line of text runs right to left: its first strong character does (UAX #9, P2 and P3). */
export function runsRightToLeft(line: string): boolean {
  const strong = /[\p{L}\u200e\u200f\u061c]/u.exec(line)?.[0];
  return strong !== undefined && RIGHT_TO_LEFT.test(strong);
}

const TAB_WIDTH = 4;

const graphemes = new Intl.Segmenter("und", { granularity: "grapheme" });

const NEWLINE = /^(?:\r\n|[\n\r\f\u0085\u2028\u2029])$/;
const SPACE = /^[\t\p{Zs}]$/u;

/** All are single UTF-16 units, and so is what replaces them: offsets stay. */
const UNSAFE =
  /[\x00-\x08\x0b\x0e-\x1f\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u206f\ufff9-\ufffb]|\p{Surrogate}/gu;

function neutralise(text: string, unicode: boolean): string {
  return text.replace(UNSAFE, (character) => {
    if (!unicode) return "?";
    const code = character.charCodeAt(0);
    if (code < 0x20) return String.fromCharCode(0x2400 + code);
    return code === 0x7f ? "\u2421" : "\ufffd";
  });
}

/**
 * Intl.Segmenter takes time quadratic in the text that it is given (Node 20), so it is given little at a time.
 * The last grapheme of a stretch may go on after it, so it opens the next one; only what is longer than a stretch
 * is cut.
 */
function* graphemesOf(text: string): Generator<{ segment: string; index: number }> {
  let at = 0;
  while (at < text.length) {
    const end = endOfStretch(text, at);
    const segments = [...graphemes.segment(text.slice(at, end))];
    if (end < text.length && segments.length > 1) segments.pop();
    for (const { segment, index } of segments) yield { segment, index: at + index };
    const last = segments.at(-1)!;
    at += last.index + last.segment.length;
  }
}

const STRETCH = 256;

/** Never between the halves of a surrogate pair; none stands alone here. */
function endOfStretch(text: string, at: number): number {
  const end = Math.min(text.length, at + STRETCH);
  const unit = text.charCodeAt(end - 1);
  return unit >= 0xd800 && unit <= 0xdbff ? end + 1 : end;
}

/** Nothing to stand on, only marks, format and invisible characters; string-width throws on some of these. */
const BARE = /^[\p{Cf}\p{M}\p{Default_Ignorable_Code_Point}]+$/u;

/** A combining mark with nothing to stand on would climb onto our label: it gets a dotted circle. */
function standIn(segment: string, unicode: boolean): string {
  if (/^\p{Default_Ignorable_Code_Point}+$/u.test(segment)) return "";
  if (!unicode) return "?";
  return /^\p{M}/u.test(segment) ? `\u25cc${segment}` : `\ufffd${segment.replace(/\p{Cf}/gu, "")}`;
}
