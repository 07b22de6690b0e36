/** Sends what became of a delivery. All that it sends of a document is on its way when the call returns. */
import { placeName } from "../document/place.js";
import { SpanmillError } from "../errors.js";
import type { Clock } from "../ports/clock.js";
import type { OutputMessage, Sink } from "../ports/sink.js";
import type { Delivery, Place, SourceMessage } from "../ports/source.js";
import { deadLetterShare, type ShareSettings } from "./dead-letter-share.js";
import { deadLetter, type Failure, type Reporter } from "./dead-letters.js";
import type { Worked } from "./document-work.js";
import type { WorkerEvent } from "./worker-events.js";

export interface Published {
  readonly outcome: "record" | "tombstone" | "dead-letter";
  readonly messages: number;
}

export interface Publisher {
  /**
   * Kept when all is acknowledged. A message that is too large for its channel makes a dead letter of its document.
   *
   * @throws SpanmillError DEAD_LETTER_SHARE, and what the sink cannot go on after.
   */
  publish(delivery: Delivery, worked: Worked): Promise<Published>;
}

export interface PublisherParts {
  readonly sink: Sink;
  readonly share: ShareSettings;
  readonly reporter: Reporter;
  readonly clock: Clock;
  readonly events: (event: WorkerEvent) => void;
}

export function publisher({ sink, share, reporter, clock, events }: PublisherParts): Publisher {
  const { admits } = deadLetterShare(share, clock.now);

  async function setAside(message: SourceMessage, failure: Failure): Promise<Published> {
    if (!admits(true)) throw tooMany(share, failure, message.place);
    const { code, reason, attempts } = failure;
    events({ kind: "dead-letter", place: message.place, code, reason, attempts });
    const write = (limit?: number) => deadLetter(message, failure, reporter, clock.wall(), limit);
    const letter = write(sink.limit("dead-letters"));
    try {
      await sink.send(letter);
    } catch (error) {
      if (!isTooLarge(error)) throw error;
      // The limit was not known: the smallest letter there is.
      await sink.send(write(0));
    }
    return { outcome: "dead-letter", messages: 1 };
  }

  return {
    async publish({ message }, worked) {
      if (worked.kind === "failed") return setAside(message, worked.failure);
      const { messages, attempts, revision } = worked;
      for (const part of worked.reduced) events({ kind: "reduced", place: message.place, ...part });
      const refused = await sendAll(sink, messages);
      if (refused !== undefined) {
        const { code, message: reason } = refused;
        return setAside(message, { code, reason, stage: "TASK_PUT", attempts, revision });
      }
      admits(false);
      return { outcome: worked.kind, messages: messages.length };
    },
  };
}

/** Waits for every answer, so that none comes unheard. @returns the error of a message that is too large. */
async function sendAll(sink: Sink, messages: readonly OutputMessage[]): Promise<SpanmillError | undefined> {
  const answers = await Promise.allSettled(messages.map(async (message) => sink.send(message)));
  let refused: SpanmillError | undefined;
  for (const answer of answers) {
    if (answer.status === "fulfilled") continue;
    if (!isTooLarge(answer.reason)) throw answer.reason;
    refused ??= answer.reason;
  }
  return refused;
}

function isTooLarge(error: unknown): error is SpanmillError {
  return error instanceof SpanmillError && error.code === "SINK_TOO_LARGE";
}

function tooMany({ share, window }: ShareSettings, { code }: Failure, place: Place): SpanmillError {
  const document = `the document ${placeName(place)} (${code})`;
  return new SpanmillError(
    "DEAD_LETTER_SHARE",
    share === 0
      ? `No dead letter is allowed, and ${document} would be one. It is not set aside and will be read again: give ` +
          "--channel-dead-letters and a --limit-dead-letter-share, or mend the cause"
      : `More than ${Math.round(share * 1000) / 10} % of the documents of the last ${Math.round(window / 1000)} s would be dead ` +
          `letters, the last one ${document}. It is not set aside and will be read again: mend the cause, or raise ` +
          "--limit-dead-letter-share",
  );
}
