/** Takes a run to where its newest checkpoint stands. */
import { SpanmillError } from "../errors.js";
import { readNewestCheckpoint } from "./checkpoint.js";
import type { Position } from "./position.js";
import type { Run } from "./run.js";

/** @throws SpanmillError CHECKPOINT_BROKEN */
export function goOn(run: Run): void {
  const { runDirectory } = run.options;
  const found = readNewestCheckpoint(runDirectory, run.events.note);
  if (found === undefined) {
    run.events.note(`${runDirectory} has no checkpoint: the training begins at its first step`);
    return;
  }
  const { identity, adjustable } = run.position;
  if (found.position.identity !== identity) {
    throw new SpanmillError(
      "CHECKPOINT_BROKEN",
      `the checkpoint in ${runDirectory} is of a training with another recipe, other data, another base, number of ` +
        "threads or ONNX Runtime, so its weights would not be those of one run: take back the change, or begin anew " +
        "without --resume",
    );
  }
  tellChanges(found.position, adjustable, run.events.note);
  const { weights, first, second } = run.learner.state;
  restore(weights, found.kinds.weight);
  restore(first, found.kinds.first);
  restore(second, found.kinds.second);
  for (const [name, numbers] of found.kinds.mean ?? []) run.mean.set(name, numbers);
  // The order of the keys stays, so that files of a run that was stopped are those of one that was not, to the byte.
  run.position = { ...run.position, ...found.position, adjustable };
}

function tellChanges(
  { step, adjustable: before }: Position,
  now: Position["adjustable"],
  note: (text: string) => void,
): void {
  for (const [key, value] of Object.entries(now)) {
    if (before[key] !== value)
      note(`${key} was ${before[key]} up to step ${step}, and is ${value} from here on`);
  }
}

function restore(
  held: ReadonlyMap<string, Float32Array>,
  kept: ReadonlyMap<string, Float32Array> | undefined,
): void {
  for (const [name, numbers] of held) numbers.set(kept!.get(name)!);
}
