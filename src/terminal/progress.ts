/**
 * How far a run has come, on standard error: one line that is redrawn on a terminal, a plain line now and then
 * elsewhere. Nothing here holds a timer: the caller ticks, after documents and from a timer of its own.
 */
import { clock as asClock, compact, rate } from "./numbers.js";
import type { TerminalTraits } from "./traits.js";
import { columns } from "./visible.js";

/** Running totals. */
export interface ProgressCounts {
  readonly documents: number;
  readonly bytes: number;
  readonly spans: number;
  readonly rejected: number;
}

/** What is known of the whole: sizes of files, but not of standard input. */
export interface ProgressTotals {
  readonly documents?: number | undefined;
  readonly bytes?: number | undefined;
}

export interface ProgressOptions {
  readonly write: (text: string) => void;
  /** Milliseconds that never go back. */
  readonly clock: { now(): number };
  readonly traits: TerminalTraits;
  /** Whether the line can be erased: see `canRedraw`. */
  readonly redraw: boolean;
  readonly quiet: boolean;
  readonly totals: ProgressTotals;
}

export interface Progress {
  /** Says what has been done so far; draws when it is time. Cheap: may be called for every document. */
  tick(counts: ProgressCounts): void;
  /** Erases the line, before other output and at the end. The next tick that is due draws it again. */
  clear(): void;
}

export const REDRAW_MS = 200;
export const PLAIN_MS = 10_000;
/** Rates are of the last seconds, so that they follow the run; long enough not to jitter. */
const WINDOW_MS = 10_000;

interface Sample {
  readonly at: number;
  readonly counts: ProgressCounts;
}

/** The run begins now. A run shorter than 10 s prints nothing where the line cannot be redrawn. */
export function progress(options: ProgressOptions): Progress {
  const { write, clock, redraw, quiet } = options;
  if (quiet) return { tick() {}, clear() {} };
  const began = clock.now();
  const none = { documents: 0, bytes: 0, spans: 0, rejected: 0 };
  const samples: Sample[] = [{ at: began, counts: none }];
  let due = began + (redraw ? REDRAW_MS : PLAIN_MS);
  let sampled = began;
  let drawn = false;
  return {
    tick(counts) {
      const now = clock.now();
      if (now - sampled >= REDRAW_MS) {
        sampled = now;
        samples.push({ at: now, counts: { ...counts } });
        while (samples.length > 2 && samples[1]!.at <= now - WINDOW_MS) samples.shift();
      }
      if (now < due) return;
      due = now + (redraw ? REDRAW_MS : PLAIN_MS);
      const text = progressText(counts, now, began, samples[0]!, options);
      // One column stays free: a full line makes some terminals wrap, and what is wrapped is not erased.
      write(
        redraw
          ? `${ERASE}${fitted(text, options.traits.width - 1)}`
          : `${text.map((part) => part.text).join("")}\n`,
      );
      drawn = redraw;
    },
    clear() {
      if (drawn) write(ERASE);
      drawn = false;
    },
  };
}

export const ERASE = "\r\u001b[2K";

/** A part of the line, with what parts it from the one before; the lowest `keep` goes first on a narrow terminal. */
export interface LinePart {
  readonly text: string;
  readonly keep: number;
}

function progressText(
  counts: ProgressCounts,
  now: number,
  began: number,
  oldest: Sample,
  { totals, traits }: ProgressOptions,
): LinePart[] {
  const seconds = (now - oldest.at) / 1000;
  const perSecond = (of: (counts: ProgressCounts) => number) =>
    seconds > 0 ? (of(counts) - of(oldest.counts)) / seconds : 0;
  const unit = totals.bytes !== undefined ? "bytes" : "documents";
  const total = totals[unit];
  const dot = traits.unicode ? " · " : ", ";
  const of = totals.documents === undefined ? "" : `/${compact(totals.documents)}`;
  const parts: LinePart[] = [{ text: `${compact(counts.documents)}${of} docs`, keep: 5 }];
  if (total !== undefined && total > 0) {
    const percent = Math.min(100, Math.floor((100 * counts[unit]) / total));
    parts.unshift({ text: `${String(percent).padStart(2)} %  `, keep: 6 });
  }
  parts.push({ text: `${dot}${rate(perSecond((c) => c.documents))}/s`, keep: 2 });
  parts.push({ text: `${dot}${rate(perSecond((c) => c.spans))} spans/s`, keep: 1 });
  if (counts.rejected > 0) parts.push({ text: `${dot}${compact(counts.rejected)} rejected`, keep: 3 });
  const speed = perSecond((c) => c[unit]);
  if (total === undefined) parts.push({ text: `${dot}${asClock((now - began) / 1000)}`, keep: 4 });
  else if (speed > 0) {
    parts.push({ text: `${dot}${asClock(Math.max(0, total - counts[unit]) / speed)} left`, keep: 4 });
  }
  return parts;
}

export function fitted(parts: readonly LinePart[], width: number): string {
  let kept = [...parts];
  const line = () => kept.map((part) => part.text).join("");
  while (kept.length > 1 && columns(line()) > width) {
    const least = Math.min(...kept.map((part) => part.keep));
    kept = kept.filter((part) => part.keep !== least);
  }
  return line().slice(0, Math.max(0, width));
}
