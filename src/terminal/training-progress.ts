/** How far a training has come, on standard error: a line that is redrawn on a terminal, a plain line now and then elsewhere. */
import { clock as asClock, compact, rate } from "./numbers.js";
import { ERASE, fitted, type LinePart, PLAIN_MS, REDRAW_MS } from "./progress.js";
import type { TerminalTraits } from "./traits.js";

export interface TrainingStep {
  readonly step: number;
  readonly steps: number;
  readonly epoch: number;
  readonly loss: number;
  readonly pieces: number;
}

export interface TrainingEpoch {
  readonly epoch: number;
  readonly scores: readonly { readonly set: string; readonly lens: string; readonly f1: number }[];
  readonly best: boolean;
}

export interface TrainingProgressOptions {
  readonly write: (text: string) => void;
  /** Milliseconds that never go back. */
  readonly clock: { now(): number };
  readonly traits: TerminalTraits;
  /** Whether the line can be erased: see `canRedraw`. */
  readonly redraw: boolean;
  readonly quiet: boolean;
  readonly epochs: number;
}

export interface TrainingProgress {
  step(step: TrainingStep): void;
  /** Writes the scores, above the line. */
  epoch(epoch: TrainingEpoch): void;
  clear(): void;
}

/** The loss of single batches jumps: what is shown is a mean in which the last fifty or so count. */
const LOSS_MEMORY = 0.98;
/** The rate is of the last minute: validation and checkpoints come now and then. */
const WINDOW_MS = 60_000;

export function trainingProgress(options: TrainingProgressOptions): TrainingProgress {
  const { write, clock, redraw, quiet, traits } = options;
  if (quiet) return { step() {}, epoch() {}, clear() {} };
  const samples = [{ at: clock.now(), step: -1, pieces: 0 }];
  let due = clock.now() + (redraw ? REDRAW_MS : PLAIN_MS);
  let [pieces, loss, weight] = [0, 0, 0];
  let drawn = false;
  const clear = () => {
    if (drawn) write(ERASE);
    drawn = false;
  };
  return {
    step(event) {
      const now = clock.now();
      // A run that goes on begins at some step: what came before took none of this time.
      if (samples[0]!.step < 0) samples[0]!.step = event.step - 1;
      pieces += event.pieces;
      loss = LOSS_MEMORY * loss + (1 - LOSS_MEMORY) * event.loss;
      weight = LOSS_MEMORY * weight + (1 - LOSS_MEMORY);
      if (now - samples.at(-1)!.at >= REDRAW_MS) {
        samples.push({ at: now, step: event.step, pieces });
        while (samples.length > 2 && samples[1]!.at <= now - WINDOW_MS) samples.shift();
      }
      if (now < due) return;
      due = now + (redraw ? REDRAW_MS : PLAIN_MS);
      const seconds = (now - samples[0]!.at) / 1000;
      const speed = {
        steps: (event.step - samples[0]!.step) / seconds,
        pieces: (pieces - samples[0]!.pieces) / seconds,
      };
      const parts = lineParts(event, loss / weight, speed, options);
      write(
        redraw ? `${ERASE}${fitted(parts, traits.width - 1)}` : `${parts.map(({ text }) => text).join("")}\n`,
      );
      drawn = redraw;
    },
    epoch(event) {
      clear();
      write(`${epochText(event, traits)}\n`);
    },
    clear,
  };
}

function lineParts(
  { step, steps, epoch }: TrainingStep,
  loss: number,
  speed: { readonly steps: number; readonly pieces: number },
  { epochs, traits }: TrainingProgressOptions,
): LinePart[] {
  const dot = traits.unicode ? " · " : ", ";
  const percent = Math.min(100, Math.floor((100 * step) / steps));
  const parts = [
    { text: `${String(percent).padStart(2)} %  `, keep: 6 },
    { text: `epoch ${epoch}/${epochs}`, keep: 3 },
    { text: `${dot}step ${compact(step)}/${compact(steps)}`, keep: 1 },
    { text: `${dot}loss ${loss.toFixed(4)}`, keep: 5 },
    { text: `${dot}${rate(speed.pieces)} pieces/s`, keep: 2 },
  ];
  if (speed.steps > 0)
    parts.push({ text: `${dot}${asClock(Math.max(0, steps - step) / speed.steps)} left`, keep: 4 });
  return parts;
}

function epochText({ epoch, scores, best }: TrainingEpoch, { unicode }: TerminalTraits): string {
  const dot = unicode ? " · " : ", ";
  const shown = scores.map(({ set, lens, f1 }) => `${lens} ${(100 * f1).toFixed(2)} (${set})`);
  return `epoch ${epoch}: ${shown.length === 0 ? "done" : shown.join(dot)}${best && shown.length > 0 ? `${dot}best so far` : ""}`;
}
