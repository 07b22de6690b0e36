/**
 * How tags are read into spans before they are scored. Tools differ on ill-formed sequences, so their scores
 * differ; here are the readings of the ones that papers quote.
 */
import { SpanmillError } from "../errors.js";
import { type Scheme, spansOfTags, type TagSpan } from "../tagging/schemes.js";

/** The schemes that seqeval's strict mode knows, by its names. */
export const STRICT_SCHEMES = ["IOB1", "IOB2", "IOE1", "IOE2", "IOBES", "BILOU"] as const;
export type StrictScheme = (typeof STRICT_SCHEMES)[number];

export type TagReading =
  /** conlleval's: ill-formed sequences are repaired. The default. */
  | { readonly mode: "conlleval"; readonly scheme: Scheme }
  /**
   * seqeval's `mode="strict"`: only spans that are well formed under the scheme count. Without it an `I-PER`
   * after O scores as `B-PER` does.
   */
  | { readonly mode: "seqeval-strict"; readonly scheme: StrictScheme }
  /** seqeval's `get_entities`, in use where no mode is given. Knows no L and U, and loses spans under BILOU. */
  | { readonly mode: "seqeval-default" };

/**
 * @throws SpanmillError INPUT_MALFORMED where a tag is not one of the strict scheme (seqeval raises ValueError);
 * the other readings never throw
 */
export function readTags(tags: readonly string[], reading: TagReading): TagSpan[] {
  switch (reading.mode) {
    case "conlleval":
      return spansOfTags(tags, reading.scheme);
    case "seqeval-default":
      return seqevalDefault(tags);
    case "seqeval-strict":
      return seqevalStrict(tags, reading.scheme);
  }
}

/** Our name of a scheme to seqeval's; I- tags alone are IOB1. Undefined where seqeval has none. */
export function strictScheme(scheme: Scheme): StrictScheme | undefined {
  switch (scheme) {
    case "BIO":
      return "IOB2";
    case "BIOES":
      return "IOBES";
    case "IO":
      return "IOB1";
    case "none":
      return undefined;
    default:
      return scheme;
  }
}

/**
 * seqeval 1.2.2, metrics/sequence_labeling.py, get_entities. Ends and starts are found apart: where a start comes
 * without an end, the span before is lost. Kept so, or the figures would not be seqeval's.
 */
function seqevalDefault(tags: readonly string[]): TagSpan[] {
  const spans: TagSpan[] = [];
  let before = { prefix: "O", type: "" };
  let start = 0;
  for (let word = 0; word <= tags.length; word++) {
    const tag = splitDefault(tags[word] ?? "O");
    const changes = before.type !== tag.type;
    if (endsDefault(before.prefix, tag.prefix, changes)) spans.push({ start, end: word, type: before.type });
    if (startsDefault(before.prefix, tag.prefix, changes)) start = word;
    before = tag;
  }
  return spans;
}

function splitDefault(tag: string): { prefix: string; type: string } {
  const prefix = String.fromCodePoint(tag.codePointAt(0) ?? 0x4f);
  const rest = tag.slice(prefix.length);
  return { prefix, type: rest.slice(rest.indexOf("-") + 1) || "_" };
}

function endsDefault(before: string, now: string, changes: boolean): boolean {
  if (before === "E" || before === "S") return true;
  if ((before === "B" || before === "I") && (now === "B" || now === "S" || now === "O")) return true;
  return before !== "O" && before !== "." && changes;
}

function startsDefault(before: string, now: string, changes: boolean): boolean {
  if (now === "B" || now === "S") return true;
  if ((now === "E" || now === "I") && (before === "E" || before === "S" || before === "O")) return true;
  return now !== "O" && now !== "." && changes;
}

/** Prefixes of the tag before and of this one, and whether their types are to be the same or to differ. */
type Pattern = readonly [before: string, now: string, type: "same" | "differ" | "any"];

interface StrictRules {
  readonly allowed: string;
  readonly starts: readonly Pattern[];
  readonly inside: readonly Pattern[];
  readonly ends: readonly Pattern[];
}

const ANY = "IOBESUL";

/** seqeval 1.2.2, scheme.py, its tables as they are, gaps included (IOE1 is unfinished there). */
const STRICT_RULES: Record<StrictScheme, StrictRules> = {
  IOB1: {
    allowed: "IOB",
    starts: [
      ["OB", "I", "any"],
      ["I", "I", "differ"],
      ["IB", "B", "same"],
    ],
    inside: [["BI", "I", "same"]],
    ends: [
      ["IB", "I", "differ"],
      ["IB", "O", "any"],
      ["I", "B", "any"],
      ["B", "B", "same"],
    ],
  },
  IOB2: {
    allowed: "IOB",
    starts: [[ANY, "B", "any"]],
    inside: [["BI", "I", "same"]],
    ends: [
      ["IB", "OB", "any"],
      ["IB", "I", "differ"],
    ],
  },
  IOE1: {
    allowed: "IOE",
    starts: [
      ["OE", "I", "any"],
      ["I", "I", "differ"],
      ["E", "E", "same"],
    ],
    inside: [["I", "IE", "same"]],
    ends: [
      ["I", "IE", "differ"],
      ["I", "O", "any"],
      ["E", "IE", "same"],
    ],
  },
  IOE2: {
    allowed: "IOE",
    starts: [
      ["OE", "IE", "any"],
      ["I", "IE", "differ"],
    ],
    inside: [["I", "IE", "same"]],
    ends: [["E", ANY, "any"]],
  },
  IOBES: {
    allowed: "IOBES",
    starts: [[ANY, "BS", "any"]],
    inside: [["BI", "IE", "same"]],
    ends: [["SE", ANY, "any"]],
  },
  BILOU: {
    allowed: "BILOU",
    starts: [[ANY, "BU", "any"]],
    inside: [["BI", "IL", "same"]],
    ends: [["UL", ANY, "any"]],
  },
};

interface StrictTag {
  readonly prefix: string;
  readonly type: string;
}

const STRICT_OUTSIDE: StrictTag = { prefix: "O", type: "_" };

/** seqeval 1.2.2, scheme.py, Tokens.entities. */
function seqevalStrict(tags: readonly string[], scheme: StrictScheme): TagSpan[] {
  const rules = STRICT_RULES[scheme];
  const parsed = [...tags.map((tag) => splitStrict(tag, scheme, rules)), STRICT_OUTSIDE];
  const spans: TagSpan[] = [];
  let before = STRICT_OUTSIDE;
  for (let word = 0; word < parsed.length; ) {
    const start = word++;
    if (fits(rules.starts, before, parsed[start]!)) {
      while (fits(rules.inside, parsed[word - 1]!, parsed[word] ?? STRICT_OUTSIDE)) word++;
      if (fits(rules.ends, parsed[word - 1]!, parsed[word] ?? STRICT_OUTSIDE))
        spans.push({ start, end: word, type: parsed[start]!.type });
    }
    before = parsed[word - 1]!;
  }
  return spans;
}

function splitStrict(tag: string, scheme: StrictScheme, rules: StrictRules): StrictTag {
  const prefix = tag.slice(0, 1);
  if (prefix === "" || !rules.allowed.includes(prefix))
    throw new SpanmillError(
      "INPUT_MALFORMED",
      `the tag ${JSON.stringify(tag)} is not one of ${scheme}; name the scheme the tags are in, or read them as conlleval does`,
    );
  return { prefix, type: tag.slice(1).replace(/^-+|-+$/g, "") || "_" };
}

function fits(patterns: readonly Pattern[], before: StrictTag, now: StrictTag): boolean {
  const same = before.type === now.type;
  return patterns.some(
    ([first, second, type]) =>
      first.includes(before.prefix) &&
      second.includes(now.prefix) &&
      (type === "any" || (type === "same") === same),
  );
}
