/** Sends dead letters back to where their documents came from, each with its name and revision. */
import { SpanmillError } from "../errors.js";
import type { Sink } from "../ports/sink.js";
import type { SourceMessage } from "../ports/source.js";
import { type DeadLetter, replayOf } from "./dead-letters.js";
import { type LetterChoice, type LetterCounts, letterSieve } from "./letter-choice.js";

export interface ReplaySettings {
  readonly choice: LetterChoice;
  /** Documents that failed so often, or oftener, stay where they are. */
  readonly maxFailures: number;
  /** Instead of the topic that the document came from. */
  readonly to: string | undefined;
}

export interface ReplayCounts extends LetterCounts {
  readonly sent: number;
  /** By topic. */
  readonly sentTo: Readonly<Record<string, number>>;
  readonly failedTooOften: number;
  /** The letter holds a part of the document only. */
  readonly incomplete: number;
  /** The topic does not take the document. */
  readonly tooLarge: number;
}

export interface Replayer {
  /**
   * Kept when all that is to be sent of these is acknowledged, in their order where keys are the same.
   *
   * @throws SpanmillError USAGE where a document has no topic to go back to; what the sink cannot go on after.
   */
  take(messages: readonly (SourceMessage | undefined)[]): Promise<void>;
  counts(): ReplayCounts;
}

/** @param send sends to the topic; for a trial, nothing. */
export function replayer(
  { choice, maxFailures, to }: ReplaySettings,
  send: (topic: string, message: Parameters<Sink["send"]>[0]) => Promise<void>,
): Replayer {
  const sieve = letterSieve(choice);
  const sentTo = new Map<string, number>();
  let [failedTooOften, incomplete, tooLarge] = [0, 0, 0];

  async function sendBack(letter: DeadLetter): Promise<void> {
    const replay = replayOf(letter);
    if (letter.failures >= maxFailures) failedTooOften++;
    else if (replay === undefined) incomplete++;
    else {
      if (to === undefined && letter.isFromFile) throw noTopic();
      const topic = to ?? letter.place.topic;
      try {
        await send(topic, { channel: "documents", ...replay });
        sentTo.set(topic, (sentTo.get(topic) ?? 0) + 1);
      } catch (error) {
        if (!(error instanceof SpanmillError) || error.code !== "SINK_TOO_LARGE") throw error;
        tooLarge++;
      }
    }
  }

  return {
    async take(messages) {
      const letters = messages.flatMap((message) => sieve.sift(message) ?? []);
      // Every answer is waited for, so that none comes unheard.
      const answers = await Promise.allSettled(letters.map(sendBack));
      for (const answer of answers) if (answer.status === "rejected") throw answer.reason;
    },
    counts: () => ({
      ...sieve.counts(),
      sent: [...sentTo.values()].reduce((sum, count) => sum + count, 0),
      sentTo: Object.fromEntries(sentTo),
      failedTooOften,
      incomplete,
      tooLarge,
    }),
  };
}

export function noTopic(): SpanmillError {
  return new SpanmillError(
    "USAGE",
    "documents that came from files have no topic to go back to: name one with --to-topic TOPIC",
  );
}
