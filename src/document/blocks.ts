/**
 * Segments to blocks: the unit that is inferred, cached and shared, in a form that has no layout.
 *
 * Invariant: the canonical forms are a function of the words and of where lines really ended. Quote marks, blanks,
 * tabs, the width a paragraph was wrapped to and the kind of line break never change them. So nothing that follows
 * (key, words, labels) can depend on layout.
 */
import { type Range, range } from "../offsets.js";
import { type Paragraph, readParagraph } from "./paragraphs.js";
import type { Segment } from "./segments.js";

/** Canonical length below which a paragraph is joined with the short ones after it. */
export const JOIN_TO = 200;

/** A paragraph of a segment, joined with the short ones after it. */
export interface Block {
  /** Index of its segment. */
  readonly segment: number;
  /** Canonical form: stretches without white space, joined by one space, or one line feed where a line ended. */
  readonly canonical: string;
  /**
   * The map back, linear between anchors: the character at `canonicalAnchors[i] + n` of the canonical form stands
   * at `viewAnchors[i] + n` of the text view, up to the next anchor. Only the gaps that were folded need one.
   */
  readonly canonicalAnchors: readonly number[];
  readonly viewAnchors: readonly number[];
}

/**
 * Cuts the segments of `text` into blocks, in order. Every character that is neither white space nor a quote mark
 * is in exactly one block. A block starts at a paragraph and takes the next one while both it and that one are
 * shorter than `joinTo`; it never leaves its segment. Linear in the text.
 */
export function blocksOf(text: string, segments: readonly Segment[], joinTo = JOIN_TO): Block[] {
  const blocks: Block[] = [];
  segments.forEach(({ start, end }, segment) => {
    let open: Draft | undefined;
    for (let at: number = start; at < end; ) {
      const paragraph = readParagraph(text, at, end);
      at = paragraph.next;
      if (paragraph.starts.length === 0) continue;
      if (open === undefined || open.length >= joinTo || paragraph.length >= joinTo) {
        if (open !== undefined) blocks.push(finish(text, segment, open));
        open = newDraft(paragraph);
      }
      addParagraph(text, open, paragraph);
    }
    if (open !== undefined) blocks.push(finish(text, segment, open));
  });
  return blocks;
}

/**
 * Maps a range of a block's canonical form back to the text view: from its first character to after its last, with
 * the gaps between them. An empty range stays empty.
 */
export function toView(block: Block, start: number, end: number): Range {
  const first = viewAt(block, start);
  return range(first, end > start ? viewAt(block, end - 1) + 1 : first);
}

function viewAt({ canonicalAnchors, viewAnchors }: Block, offset: number): number {
  let low = 0;
  let high = canonicalAnchors.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if (canonicalAnchors[middle]! <= offset) low = middle;
    else high = middle - 1;
  }
  return viewAnchors[low]! + offset - canonicalAnchors[low]!;
}

/** A block being written. The last run, `[runStart, runEnd)` of the view, is copied as it stands when it ends. */
interface Draft {
  readonly pieces: string[];
  readonly canonicalAnchors: number[];
  readonly viewAnchors: number[];
  runStart: number;
  runEnd: number;
  /** Canonical length so far. */
  length: number;
}

function newDraft({ starts }: Paragraph): Draft {
  const start = starts[0]!;
  return {
    pieces: [],
    canonicalAnchors: [0],
    viewAnchors: [start],
    runStart: start,
    runEnd: start,
    length: 0,
  };
}

function addParagraph(text: string, draft: Draft, { starts, ends, breaks }: Paragraph): void {
  let nextBreak = 0;
  for (let i = 0; i < starts.length; i++) {
    const ended = i === 0 || breaks[nextBreak] === i;
    if (breaks[nextBreak] === i) nextBreak++;
    addStretch(text, draft, starts[i]!, ends[i]!, ended ? "\n" : " ");
  }
}

function addStretch(text: string, draft: Draft, start: number, end: number, joiner: string): void {
  if (draft.length > 0) {
    const gap = start - draft.runEnd;
    draft.length++;
    if (gap !== 1 || text[draft.runEnd] !== joiner) {
      draft.pieces.push(text.slice(draft.runStart, draft.runEnd), joiner);
      draft.runStart = start;
    }
    if (gap !== 1) {
      draft.canonicalAnchors.push(draft.length);
      draft.viewAnchors.push(start);
    }
  }
  draft.length += end - start;
  draft.runEnd = end;
}

function finish(text: string, segment: number, draft: Draft): Block {
  const { pieces, canonicalAnchors, viewAnchors } = draft;
  pieces.push(text.slice(draft.runStart, draft.runEnd));
  return { segment, canonical: pieces.join(""), canonicalAnchors, viewAnchors };
}
