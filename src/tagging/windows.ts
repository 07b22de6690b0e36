/**
 * Pieces to windows: runs of whole words that fit the encoder. A cut falls on a sentence border where it can;
 * a sentence that is longer than a window is read through overlapping ones.
 */

export interface Window {
  /** Half-open range of words that the encoder reads. */
  readonly first: number;
  readonly end: number;
  /**
   * Half-open range of words whose labels are taken from this window: where it has the most context for them.
   * These ranges partition the words, in order.
   */
  readonly ownFirst: number;
  readonly ownEnd: number;
}

/**
 * Cuts words into windows of at most `room` pieces. Linear in the number of words.
 *
 * @param offsets piece offsets of the words (length: words + 1); no word has more than `room` pieces.
 * @param sentences index of the first word of each sentence, ascending.
 */
export function cutWindows(offsets: readonly number[], sentences: readonly number[], room: number): Window[] {
  const words = offsets.length - 1;
  const windows: Window[] = [];
  let first = 0;
  let end = 0;
  const flush = () => {
    if (end > first) windows.push({ first, end, ownFirst: first, ownEnd: end });
    first = end;
  };
  for (let s = 0; s < sentences.length; s++) {
    const sentenceStart = sentences[s]!;
    const sentenceEnd = sentences[s + 1] ?? words;
    if (offsets[sentenceEnd]! - offsets[sentenceStart]! > room) {
      flush();
      overlap(offsets, sentenceStart, sentenceEnd, room, windows);
      first = sentenceEnd;
    } else if (offsets[sentenceEnd]! - offsets[first]! > room) {
      flush();
    }
    end = sentenceEnd;
  }
  flush();
  return windows;
}

/** Share of a window that is read again by the next one, where a sentence does not fit. */
const OVERLAP = 0.25;

function overlap(
  offsets: readonly number[],
  sentenceStart: number,
  sentenceEnd: number,
  room: number,
  windows: Window[],
): void {
  let first = sentenceStart;
  let ownFirst = sentenceStart;
  for (;;) {
    let end = first + 1;
    while (end < sentenceEnd && offsets[end + 1]! - offsets[first]! <= room) end++;
    if (end === sentenceEnd) {
      windows.push({ first, end, ownFirst, ownEnd: end });
      return;
    }
    let next = end;
    while (next - 1 > first && offsets[end]! - offsets[next - 1]! <= room * OVERLAP) next--;
    // The next window must reach beyond this one.
    while (offsets[end + 1]! - offsets[next]! > room) next++;
    const ownEnd = middle(offsets, next, end);
    windows.push({ first, end, ownFirst, ownEnd });
    first = next;
    ownFirst = ownEnd;
  }
}

/**
 * The first word of the overlap [next, end) that has more pieces before it in the next window than after it in
 * this one; `end` where there is none.
 */
function middle(offsets: readonly number[], next: number, end: number): number {
  let word = next;
  while (word < end && offsets[word]! - offsets[next]! <= offsets[end]! - offsets[word + 1]!) word++;
  return word;
}
