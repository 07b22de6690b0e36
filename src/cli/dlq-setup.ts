/** What the commands of `dlq` make of their options alike. */
import type { LetterSource } from "../compose/dead-letters.js";
import { DEAD_LETTERS } from "../config/lint-kafka.js";
import type { DlqListOptions, DlqShowOptions } from "../config/options.js";
import type { Moment } from "../config/values.js";
import type { LetterChoice } from "../pipeline/letter-choice.js";
import type { Place } from "../ports/source.js";
import { connectionOf } from "./run-setup.js";

export function letterSource(
  files: readonly string[],
  options: Omit<DlqShowOptions, "value">,
  topic = options.channelDeadLetters ?? DEAD_LETTERS,
): LetterSource {
  if (files.length > 0) return { kind: "files", paths: files };
  return {
    kind: "kafka",
    connection: connectionOf(options),
    topic,
    group: options.kafkaGroup ?? "spanmill",
  };
}

export function letterChoice(
  { code, origin, since }: Pick<DlqListOptions, "code" | "origin" | "since">,
  now: number,
): LetterChoice {
  return { codes: code, origin, since: timeOf(since, now) };
}

function timeOf(since: Moment | undefined, now: number): number | undefined {
  switch (since?.kind) {
    case undefined:
      return undefined;
    case "at":
      return since.time;
    case "ago":
      return now - since.milliseconds;
  }
}

/** As `dlq show` takes it. */
export function placeText(source: LetterSource, { topic, partition, offset }: Place): string {
  return source.kind === "files" ? `${topic}:${offset}` : `${topic}/${partition}/${offset}`;
}
