/**
 * Index of the first word of each sentence, by rules over the words as EWT's sentences run: a line feed ends a
 * sentence; so does a drawn line, and closing punctuation with the brackets, quotes and emoticons after it,
 * unless what follows says otherwise. Abbreviations need no rule here: where one ends a sentence its period is
 * a word of its own.
 */
export function sentenceStarts(text: string, starts: readonly number[], ends: readonly number[]): number[] {
  const sentences: number[] = [];
  let first = 0;
  for (let word = 0; word < starts.length; ) {
    if (word === first) sentences.push(word);
    const next = borderAfter(text, starts, ends, first, word);
    if (next > 0) first = next;
    word = next > 0 ? next : word + 1;
  }
  return sentences;
}

/** The first word of the next sentence, where one ends after `word` and what closes it, or 0. */
function borderAfter(
  text: string,
  starts: readonly number[],
  ends: readonly number[],
  first: number,
  word: number,
): number {
  const next = word + 1;
  if (next >= starts.length) return 0;
  if (lineEnds(text, ends[word]!, starts[next]!)) return next;
  const end = ending(text, starts[word]!, ends[word]!);
  if (end === undefined) return isDrawnLine(text, starts[next]!, ends[next]!) ? next : 0;
  if (end === "line") return next;
  let closed = next;
  if (end === "stop" || end === "ellipsis") {
    while (closed < starts.length && closes(text, starts, ends, closed)) closed++;
    if (closed >= starts.length) return 0;
    if (lineEnds(text, ends[closed - 1]!, starts[closed]!)) return closed;
    if (end === "stop" && isEnumerator(text, starts, ends, first, word)) return 0;
  }
  const spaced = starts[closed]! > ends[closed - 1]!;
  const shape = shapeOf(text, starts[closed]!, spaced && end === "stop");
  if (shape === "bound") return 0;
  if (end === "stop" && (closed === next || shape !== "lower")) return closed;
  return shape === "capital" ? closed : 0;
}

type Ending = "stop" | "ellipsis" | "weak" | "line";

/** `weak` endings end a sentence only before a capital. */
function ending(text: string, start: number, end: number): Ending | undefined {
  const unit = text.charCodeAt(start);
  if (isAlphanumeric(unit)) return undefined;
  if (unit === PERIOD || unit === QUESTION || unit === EXCLAMATION || unit === ELLIPSIS) {
    if (end - start === 1) return unit === ELLIPSIS ? "ellipsis" : "stop";
    for (let i = start; i < end; i++) {
      const mark = text.charCodeAt(i);
      if (mark === QUESTION || mark === EXCLAMATION) return "stop";
      if (mark !== PERIOD && mark !== ELLIPSIS) return undefined;
    }
    return "ellipsis";
  }
  if (STOPS.includes(text[start]!)) return "stop";
  if (isDrawnLine(text, start, end)) return "line";
  if (unit === GREATER || isEmoticon(text, start, end)) return "weak";
  return undefined;
}

/** Full stops of other scripts. */
const STOPS = "。！？｡؟۔।॥";

/** True for a word that belongs to the sentence that has just ended. */
function closes(text: string, starts: readonly number[], ends: readonly number[], word: number): boolean {
  const start = starts[word]!;
  if (isEmoticon(text, start, ends[word]!)) return !text.slice(ends[word - 1]!, start).includes("\n");
  if (start !== ends[word - 1]!) return false;
  return ")]}\"'”’»*」』）".includes(text[start]!) && ends[word]! - start <= 3;
}

const CLOSED_EMOTICON = /^(?:[:;=8>][^\s\w]{1,4}|[:;=]['’]?-?[DPpO]|\^_*\^|-_+-|<\/?3+)$/;

function isEmoticon(text: string, start: number, end: number): boolean {
  const length = end - start;
  if (length < 2 || length > 5) return false;
  return (
    ":;=8>^-<".includes(text[start]!) &&
    CLOSED_EMOTICON.test(text.slice(start, end)) &&
    /[)(DPpO3^_]/.test(text.slice(start, end))
  );
}

/** A rule of at least five marks across the page. */
function isDrawnLine(text: string, start: number, end: number): boolean {
  if (end - start < 5) return false;
  return "-=_*~+#|".includes(text[start]!) && !isAlphanumeric(text.charCodeAt(start + 1));
}

const MAX_ENUMERATOR = 3;

/** `1 .`, `# 2 .`, `iv .` at the start of a sentence. */
function isEnumerator(
  text: string,
  starts: readonly number[],
  ends: readonly number[],
  first: number,
  word: number,
): boolean {
  if (word === first || word - first > MAX_ENUMERATOR) return false;
  if (text.slice(starts[word], ends[word]) !== ".") return false;
  for (let i = first; i < word - 1; i++) {
    if (ends[i]! - starts[i]! > 2 || isAlphanumeric(text.charCodeAt(starts[i]!))) return false;
  }
  return /^(?:\d{1,3}(?:\.\d{1,2})*|[a-zA-Z]|[ivxIVX]{1,5})$/.test(
    text.slice(starts[word - 1], ends[word - 1]),
  );
}

/** How the next sentence would begin; `bound` words never begin one. An ellipsis may, after a stop and a blank. */
function shapeOf(text: string, start: number, apart: boolean): "capital" | "lower" | "bound" | "other" {
  const char = text[start]!;
  if (apart && (char === "…" || text.startsWith("..", start))) return "other";
  if (",;:.!?)]}%/…".includes(char)) return "bound";
  if (char >= "a" && char <= "z") return "lower";
  if (char >= "A" && char <= "Z") return "capital";
  return char > "\x7f" && char !== char.toLowerCase() ? "capital" : "other";
}

function lineEnds(text: string, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (text.charCodeAt(i) === LINE_FEED) return true;
  return false;
}

function isAlphanumeric(unit: number): boolean {
  return (unit >= 0x61 && unit <= 0x7a) || (unit >= 0x41 && unit <= 0x5a) || (unit >= 0x30 && unit <= 0x39);
}

const LINE_FEED = 0x0a;
const PERIOD = 0x2e;
const QUESTION = 0x3f;
const EXCLAMATION = 0x21;
const ELLIPSIS = 0x2026;
const GREATER = 0x3e;
