/**
 * Tag schemes: how the labels of single words (`B-PER I-PER O`) stand for spans of words.
 *
 * Spans are read from tags as conlleval reads them, so that every sequence has a reading, however ill formed,
 * and no two spans overlap. The rules are those of conlleval.pl (Tjong Kim Sang, 2004) in the form that later
 * copies and seqeval gave them, with S beside B, I and E and with an end after every E; on B, I and O alone they
 * are the original's. L and U are read as E and S.
 */
import { SpanmillError } from "../errors.js";

/**
 * - `BIO` (IOB2): every span opens with B.
 * - `IOB1`: B only where a span directly follows one of the same type. Its labels look like those of BIO, so it
 *   is declared, never detected.
 * - `IO`: `I-PER` or bare `PER`, and O. Cannot keep apart spans of one type that touch: they are read as one.
 * - `BIOES`, `BILOU`: last words and one-word spans have tags of their own.
 * - `none`: every word has a label and there are no spans, as with parts of speech.
 */
export const SCHEMES = ["BIO", "IOB1", "IO", "BIOES", "BILOU", "none"] as const;
export type Scheme = (typeof SCHEMES)[number];

/** The schemes that have spans. */
export type SpanScheme = Exclude<Scheme, "none">;

export interface Tag {
  /** "O" outside of every span; "" where the scheme is `none`. */
  readonly prefix: "B" | "I" | "E" | "S" | "L" | "U" | "O" | "";
  /** "" outside; "_" where the tag is a bare letter; the whole label where the scheme is `none`. */
  readonly type: string;
}

/** The labels of a model in index order, with what they mean. */
export interface LabelSet {
  readonly labels: readonly string[];
  readonly scheme: Scheme;
  /** One for each label. */
  readonly tags: readonly Tag[];
}

/** Words `start` up to but not including `end`. */
export interface TagSpan {
  readonly start: number;
  readonly end: number;
  readonly type: string;
}

/**
 * Parses labels by `scheme`, or by the one they show. Under a declared scheme with prefixes, a label without one
 * counts as outside.
 *
 * @throws SpanmillError MODEL_LABELS where a label does not belong to the scheme
 */
export function labelSet(labels: readonly string[], scheme: Scheme = detectScheme(labels)): LabelSet {
  if (labels.length === 0) throw misfit("there are no labels");
  const tags = labels.map((label) => parseTag(label, scheme));
  const foreign = labels.filter((_, index) => !LETTERS[scheme].includes(tags[index]!.prefix));
  if (foreign.length > 0) throw misfit(`${quoted(foreign)} cannot be labels of the scheme ${scheme}`);
  if (scheme !== "none" && labels.some((label) => label !== "O") && tags.every((tag) => tag.prefix === "O"))
    throw misfit(`${quoted(labels)} have none of the prefixes of the scheme ${scheme}`);
  return { labels: [...labels], scheme, tags };
}

/**
 * The scheme that labels show. Prefixes stand before "-" or "_", or alone where there is one type only.
 * A label set with O and without prefixes is IO over bare types; without O it has no scheme.
 *
 * @throws SpanmillError MODEL_LABELS naming the labels that fit no scheme
 */
export function detectScheme(labels: readonly string[]): Scheme {
  if (labels.length === 0) throw misfit("there are no labels");
  const inside = labels.filter((label) => label !== "O");
  const prefixed = inside.filter((label) => PREFIXED.test(label));
  const bare = inside.every((label) => BARE.test(label)) && inside.some((label) => /^[BI]$/.test(label));
  if (prefixed.length === 0 && !bare) return inside.length < labels.length ? "IO" : "none";
  if (!bare && prefixed.length < inside.length) {
    const plain = inside.filter((label) => !PREFIXED.test(label));
    throw misfit(`${quoted(plain)} without a prefix beside ${quoted(prefixed)}`);
  }
  const scheme = schemeOfPrefixes(new Set(inside.map((label) => label[0]!)));
  if (scheme === undefined) throw misfit(`the prefixes of ${quoted(inside)} belong to no one scheme`);
  return scheme;
}

/** Reads spans from tags; see the head of this file. Never throws. Empty where the scheme is `none`. */
export function spansOfTags(tags: readonly string[], scheme: Scheme): TagSpan[] {
  if (scheme === "none") return [];
  const parsed = tags.map((tag) => parseTag(tag, scheme));
  const spans: TagSpan[] = [];
  eachSpan(
    0,
    tags.length,
    (word) => parsed[word]!,
    (start, end, type) => spans.push({ start, end, type }),
  );
  return spans;
}

/**
 * Calls `found` for every span that conlleval reads in the words `from` up to `to`, in order. Since a chunk that
 * starts inside another ends it, one rule for starts is enough.
 */
export function eachSpan(
  from: number,
  to: number,
  tagAt: (word: number) => Tag,
  found: (start: number, end: number, type: string) => void,
): void {
  let before: Tag = OUTSIDE;
  let start = -1;
  for (let word = from; word < to; word++) {
    const tag = tagAt(word);
    const outside = tag.prefix === "O" || tag.prefix === "";
    if (start >= 0 && (outside || startsSpan(before, tag))) {
      found(start, word, before.type);
      start = -1;
    }
    if (start < 0 && !outside) start = word;
    before = tag;
  }
  if (start >= 0) found(start, to, before.type);
}

/**
 * Writes spans as tags, `<prefix>-<type>` and O. Spans may come in any order.
 *
 * @throws SpanmillError INPUT_MALFORMED where spans overlap, are empty or reach beyond `length` words
 */
export function tagsOfSpans(spans: readonly TagSpan[], length: number, scheme: SpanScheme): string[] {
  const tags = new Array<string>(length).fill("O");
  let last: TagSpan | undefined;
  for (const span of spans.toSorted((a, b) => a.start - b.start)) {
    const { start, end, type } = span;
    if (start < (last?.end ?? 0) || end <= start || end > length)
      throw new SpanmillError(
        "INPUT_MALFORMED",
        `the span of words ${start} to ${end} cannot be written as tags: it overlaps another, is empty, or is ` +
          `outside the ${length} words`,
      );
    const touches = last !== undefined && last.end === start && last.type === type;
    for (let word = start; word < end; word++)
      tags[word] = `${prefixFor(scheme, word === start, word === end - 1, touches)}-${type}`;
    last = span;
  }
  return tags;
}

export function parseTag(label: string, scheme: Scheme): Tag {
  if (scheme === "none") return { prefix: "", type: label };
  if (label === "O") return OUTSIDE;
  const match = (scheme === "IO" ? IO_TAG : TAG).exec(label);
  if (match === null) return scheme === "IO" ? { prefix: "I", type: label } : OUTSIDE;
  const letter = match[1] as "B" | "I" | "E" | "S" | "L" | "U" | "M";
  return { prefix: letter === "M" ? "I" : letter, type: match[2] || "_" };
}

const OUTSIDE: Tag = { prefix: "O", type: "" };
const TAG = /^([BIESLUM])(?:[-_](.*))?$/s;
const IO_TAG = /^(I)(?:[-_](.*))?$/s;
const PREFIXED = /^[BIESLUM][-_]/;
const BARE = /^[BIESLUM]$/;

const LETTERS: Record<Scheme, readonly Tag["prefix"][]> = {
  BIO: ["B", "I", "O"],
  IOB1: ["B", "I", "O"],
  IO: ["I", "O"],
  BIOES: ["B", "I", "E", "S", "O"],
  BILOU: ["B", "I", "L", "U", "O"],
  none: [""],
};

/** Sets may be partial where they still point to one scheme. M is the I of Chinese word segmentation (BMES). */
function schemeOfPrefixes(letters: ReadonlySet<string>): Scheme | undefined {
  const within = (allowed: string) => [...letters].every((letter) => allowed.includes(letter));
  if (within("I")) return "IO";
  if (within("S")) return "BIOES";
  if (within("U")) return "BILOU";
  if (!letters.has("B")) return undefined;
  if (within("BI")) return "BIO";
  if ((letters.has("E") || letters.has("S")) && (within("BIES") || within("BMES"))) return "BIOES";
  if ((letters.has("L") || letters.has("U")) && within("BILU")) return "BILOU";
  return undefined;
}

/** For tags that are both inside spans. */
function startsSpan(before: Tag, tag: Tag): boolean {
  return (
    tag.type !== before.type ||
    tag.prefix === "B" ||
    tag.prefix === "S" ||
    tag.prefix === "U" ||
    before.prefix === "E" ||
    before.prefix === "L" ||
    before.prefix === "S" ||
    before.prefix === "U"
  );
}

/** The prefix of a word of a span; `touches`: the span directly follows one of the same type. */
export function prefixFor(scheme: SpanScheme, first: boolean, last: boolean, touches: boolean): string {
  switch (scheme) {
    case "IO":
      return "I";
    case "IOB1":
      return first && touches ? "B" : "I";
    case "BIO":
      return first ? "B" : "I";
    case "BIOES":
      return first ? (last ? "S" : "B") : last ? "E" : "I";
    case "BILOU":
      return first ? (last ? "U" : "B") : last ? "L" : "I";
  }
}

function misfit(what: string): SpanmillError {
  return new SpanmillError(
    "MODEL_LABELS",
    `labels fit no scheme: ${what}. Declare the scheme ("scheme" in spanmill.json, or --scheme): ${SCHEMES.join(", ")}`,
  );
}

const NAMED_LABELS = 5;

function quoted(labels: readonly string[]): string {
  const named = labels.slice(0, NAMED_LABELS).map((label) => JSON.stringify(label));
  const rest = labels.length - named.length;
  return named.join(", ") + (rest > 0 ? ` and ${rest} more` : "");
}
