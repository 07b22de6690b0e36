/**
 * A record that is too large for one message, in numbered parts. Each is a record with some of the items of every list;
 * lists and texts of all parts, one after the other, are those of the whole, and offsets and the words' sentences count
 * as in the whole. Where parts end depends on the record and on the room alone.
 */
import { SpanmillError } from "../errors.js";

type Columns = Readonly<Record<string, readonly unknown[]>>;

/** What can be shared out; of whatever else a record has, every part has all. */
export interface Divisible {
  readonly text?: string | undefined;
  readonly segments?: readonly unknown[];
  readonly coverage?: { readonly ranges: readonly unknown[] };
  readonly lenses?: Readonly<Record<string, { readonly spans: readonly unknown[] }>>;
  readonly words?: {
    readonly start: readonly number[];
    readonly end: readonly number[];
    readonly sentences: readonly number[];
    readonly labels: Columns;
    readonly scores: Columns;
  };
}

/**
 * @param room bytes of JSON that a part may have.
 * `PART_FIELDS` of them are left for its numbers.
 * @throws SpanmillError SINK_TOO_LARGE where a single item has no room.
 */
export function divide<Whole extends Divisible>(whole: Whole, room: number): Whole[] {
  const parts: Whole[] = [];
  let budget = 0;
  let open: Whole | undefined;
  const base = bytes(emptied(whole)) + PART_FIELDS;
  for (const { size, put } of itemsOf(whole, room)) {
    if (base + size > room) throw noRoom(base + size, room);
    if (open === undefined || size > budget) {
      open = emptied(whole);
      parts.push(open);
      budget = room - base;
    }
    put(open);
    budget -= size;
  }
  if (parts.length === 0) throw noRoom(base, room);
  return parts;
}

/** Bytes of `"part":1234567,"parts":1234567,` and some. */
const PART_FIELDS = 64;

interface Item<Whole> {
  readonly size: number;
  readonly put: (part: Whole) => void;
}

function* itemsOf<Whole extends Divisible>(whole: Whole, room: number): Generator<Item<Whole>> {
  const { text, segments, coverage, lenses, words } = whole;
  // A character of JSON has at most six bytes; parts need not be full to the last.
  for (const piece of text === undefined ? [] : pieces(text, Math.max(2, Math.floor(room / 24)))) {
    const put = (part: Whole) => {
      (part as { text: string }).text += piece;
    };
    yield { size: bytes(piece), put };
  }
  for (const segment of segments ?? []) yield into(segment, (part) => part.segments);
  for (const range of coverage?.ranges ?? []) yield into(range, (part) => part.coverage?.ranges);
  for (const [name, { spans }] of Object.entries(lenses ?? {})) {
    for (const span of spans) yield into(span, (part) => part.lenses?.[name]?.spans);
  }
  if (words !== undefined) yield* wordItems(words);
}

function into<Whole extends Divisible>(
  item: unknown,
  listOf: (part: Divisible) => readonly unknown[] | undefined,
): Item<Whole> {
  return { size: bytes(item) + 1, put: (part) => (listOf(part) as unknown[]).push(item) };
}

function* wordItems<Whole extends Divisible>(words: NonNullable<Divisible["words"]>): Generator<Item<Whole>> {
  let sentence = 0;
  for (let i = 0; i < words.start.length; i++) {
    const opens = words.sentences[sentence] === i;
    if (opens) sentence++;
    const put = ({ words: into }: Divisible) => {
      const to = into as {
        start: number[];
        end: number[];
        sentences: number[];
        labels: Columns;
        scores: Columns;
      };
      to.start.push(words.start[i]!);
      to.end.push(words.end[i]!);
      if (opens) to.sentences.push(i);
      for (const columns of ["labels", "scores"] as const) {
        for (const [name, column] of Object.entries(words[columns]))
          (to[columns][name] as unknown[]).push(column[i]);
      }
    };
    const cells = [words.start[i], words.end[i], opens ? i : 0];
    for (const columns of [words.labels, words.scores]) {
      for (const column of Object.values(columns)) cells.push(column[i] as number);
    }
    yield { size: bytes(cells), put };
  }
}

/** Copies with nothing in any list. */
function emptied<Whole extends Divisible>(whole: Whole): Whole {
  const { text, segments, coverage, lenses, words } = whole;
  const columns = (of: Columns) => Object.fromEntries(Object.keys(of).map((name) => [name, []]));
  return {
    ...whole,
    ...(text === undefined ? {} : { text: "" }),
    ...(segments === undefined ? {} : { segments: [] }),
    ...(coverage === undefined ? {} : { coverage: { ...coverage, ranges: [] } }),
    ...(lenses === undefined
      ? {}
      : {
          lenses: Object.fromEntries(
            Object.entries(lenses).map(([name, lens]) => [name, { ...lens, spans: [] }]),
          ),
        }),
    ...(words === undefined
      ? {}
      : {
          words: {
            start: [],
            end: [],
            sentences: [],
            labels: columns(words.labels),
            scores: columns(words.scores),
          },
        }),
  };
}

function* pieces(text: string, length: number): Generator<string> {
  for (let start = 0; start < text.length; ) {
    let end = Math.min(text.length, start + length);
    const last = text.charCodeAt(end - 1);
    if (end < text.length && last >= 0xd800 && last <= 0xdbff) end--;
    yield text.slice(start, end);
    start = end;
  }
}

function bytes(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}

function noRoom(needed: number, room: number): SpanmillError {
  return new SpanmillError(
    "SINK_TOO_LARGE",
    `A part of a record needs ${needed} bytes, and its output takes ${room}: raise the size limit of the topic`,
  );
}
