/**
 * What of one partition was handed over, what of it is done, and so how far the durable position may move.
 *
 * Offsets come in the partition's order, with gaps (compaction, transaction markers) and are done in any order. The
 * watermark is the first offset that is not done. Offsets are compared, never counted: the distance is a number of
 * documents.
 */

/** Offsets of a Kafka partition go beyond what a number holds. */
export type Offset = bigint;

export interface Tracker {
  /** The offset that is read next: all before it was handed over, was no document, or was skipped by a rule. */
  readonly next: Offset;
  /** All before it is done. */
  readonly watermark: Offset;
  /** Documents handed over from the watermark on, done ones among them. */
  readonly distance: number;
  /** Bytes of those documents. */
  readonly bytes: number;
  /** Documents handed over and not done. */
  readonly open: number;
  /** True where the offset was handed over, or passed over, before. */
  alreadySeen(offset: Offset): boolean;
  /** @param offset at or after `next`. */
  add(offset: Offset, bytes: number): void;
  /** @returns true where the watermark moved. Offsets that are not open are ignored. */
  done(offset: Offset): boolean;
  /** Passes over all before `offset`, where no document is. Never goes back. */
  moveTo(offset: Offset): void;
}

interface Entry {
  readonly offset: Offset;
  readonly bytes: number;
  done: boolean;
}

/** @param start the first offset that is not yet done. */
export function createTracker(start: Offset): Tracker {
  let next = start;
  let bytes = 0;
  let open = 0;
  /** Entries from `head` on are those from the watermark on; the part before it is cut off now and then. */
  let queue: Entry[] = [];
  let head = 0;
  const entries = new Map<Offset, Entry>();

  return {
    get next() {
      return next;
    },
    get watermark() {
      return queue[head]?.offset ?? next;
    },
    get distance() {
      return queue.length - head;
    },
    get bytes() {
      return bytes;
    },
    get open() {
      return open;
    },
    alreadySeen: (offset) => offset < next,
    add: (offset, size) => {
      if (offset < next) return;
      const entry = { offset, bytes: size, done: false };
      queue.push(entry);
      entries.set(offset, entry);
      bytes += size;
      open += 1;
      next = offset + 1n;
    },
    done: (offset) => {
      const entry = entries.get(offset);
      if (entry === undefined || entry.done) return false;
      entry.done = true;
      open -= 1;
      if (entry !== queue[head]) return false;
      for (let first = queue[head]; first?.done; first = queue[head]) {
        entries.delete(first.offset);
        bytes -= first.bytes;
        head += 1;
      }
      if (head > CUT_AT && head * 2 > queue.length) {
        queue = queue.slice(head);
        head = 0;
      }
      return true;
    },
    moveTo: (offset) => {
      if (offset > next) next = offset;
    },
  };
}

const CUT_AT = 256;
