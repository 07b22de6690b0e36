import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { memorySink } from "../../src/adapters/memory/sink.js";
import { envelopeOf } from "../../src/document/envelope.js";
import { fieldPath } from "../../src/document/extract/json.js";
import { sizeOf } from "../../src/document/messages.js";
import { SpanmillError } from "../../src/errors.js";
import { deadLetter, readDeadLetter, replayOf } from "../../src/pipeline/dead-letters.js";
import type { OutputMessage } from "../../src/ports/sink.js";
import type { SourceMessage } from "../../src/ports/source.js";
import { scriptedTagger } from "../support/scripted-tagger.js";
import { message, startWorker } from "../support/worker-parts.js";

const failure = {
  code: "DOCUMENT_NOT_JSON",
  reason: "the value is not JSON",
  stage: "VALUE_CONVERTER",
  attempts: 0,
} as const;
const reporter = { source: "/s", version: "1", pipelineDigest: "d" };
const place = { topic: "dlq", partition: 3, offset: "9" };

const bytes = fc.option(
  fc.uint8Array({ maxLength: 3_000 }).map((list) => Buffer.from(list)),
  { nil: undefined },
);
const headers = fc.array(
  fc.tuple(
    fc.constantFrom("trace", "x", "traceparent"),
    fc.uint8Array({ maxLength: 20 }).map((list) => Buffer.from(list)),
  ),
  { maxLength: 4 },
);

/** As a consumer of the dead letters gets it. */
function received({ key, value, headers }: Omit<OutputMessage, "channel">, at = place): SourceMessage {
  return {
    place: at,
    key,
    value,
    headers: headers.map(([name, content]) => [name, Buffer.from(content)] as const),
    timestamp: 5,
  };
}

describe("a dead letter", () => {
  it("holds the document as it came, and gives it back", () => {
    fc.assert(
      fc.property(
        bytes,
        bytes,
        headers,
        fc.option(fc.nat(), { nil: undefined }),
        (key, value, headers, timestamp) => {
          const given = { ...message(4, ""), key, value, headers, timestamp };
          const letter = readDeadLetter(received(deadLetter(given, failure, reporter, 0)))!;
          expect(letter.original).toEqual({ key, value, headers, timestamp });
          expect(letter).toMatchObject({
            ...failure,
            place: given.place,
            originalPlace: "tickets/0/4",
            leftOut: [],
          });
        },
      ),
    );
  });

  it("fits its channel: what is left out is named, and the document is not sent back in pieces", () => {
    fc.assert(
      fc.property(
        bytes,
        bytes,
        headers,
        fc.integer({ min: 2_200, max: 8_000 }),
        (key, value, headers, limit) => {
          const given = { ...message(4, ""), key, value, headers };
          const letter = deadLetter(given, failure, reporter, 0, limit);
          const whole = sizeOf(deadLetter(given, failure, reporter, 0));
          expect(sizeOf(letter)).toBeLessThanOrEqual(limit);
          const { leftOut, ...read } = readDeadLetter(received(letter))!;
          expect(leftOut.length > 0).toBe(whole > limit);
          expect(replayOf({ ...read, leftOut }) === undefined).toBe(whole > limit);
          expect(
            letter.value?.equals(given.value?.subarray(0, letter.value.length) ?? Buffer.alloc(0)) ?? true,
          ).toBe(true);
        },
      ),
    );
  });

  it("sent back keeps its name and its revision, also when it fails again", async () => {
    const nameless = { value: Buffer.from('{"text":"Ada"}'), key: undefined };
    const first = message(4, "", nameless);
    const replay = received(
      { ...replayOf(readDeadLetter(received(deadLetter(first, failure, reporter, 0)))!)! },
      {
        topic: "tickets",
        partition: 1,
        offset: "77",
      },
    );
    const [direct, replayed] = [memorySink(), memorySink()];
    await startWorker({ messages: [first], sink: direct }).ended;
    await startWorker({ messages: [replay], sink: replayed }).ended;
    expect(replayed.messages[0]!.value).toEqual(direct.messages[0]!.value);
    const again = readDeadLetter(received(deadLetter(replay, failure, reporter, 60_000)))!;
    const once = readDeadLetter(received(deadLetter(first, failure, reporter, 0)))!;
    expect(again).toMatchObject({
      revision: once.revision,
      originalPlace: "tickets/0/4",
      place: { topic: "tickets", partition: 1, offset: "77" },
      firstFailureAt: once.firstFailureAt,
      original: { headers: [] },
    });
    expect(again.failedAt).not.toBe(once.failedAt);
  });

  it.each(["engine", "sink"] as const)(
    "of a document that says itself when it was written keeps its revision: failed in the %s",
    async (place) => {
      const fields = { id: fieldPath("id"), text: fieldPath("text"), time: fieldPath("at") };
      const input = { format: { kind: "json", fields }, maxDocumentSize: 1 << 20 } as const;
      const value = Buffer.from('{"id":"a","text":"Ada","at":"2026-03-01T09:30:00Z"}');
      const first = { ...message(4, "", { value }), timestamp: undefined };
      const run = async (given: SourceMessage, failing?: "engine" | "sink") => {
        const tagger = scriptedTagger(() => {
          if (failing === "engine") throw new SpanmillError("DOCUMENT_POISON", "it kills");
        });
        const sink = memorySink({
          acknowledge({ channel }) {
            if (failing === "sink" && channel === "documents")
              throw new SpanmillError("SINK_TOO_LARGE", "no");
          },
        });
        await startWorker({ messages: [given], sink, tagger, settings: { input } }).ended;
        expect(sink.messages.map(({ channel }) => channel)).toEqual([failing ? "dead-letters" : "documents"]);
        return sink.messages[0]!;
      };
      const letterOf = async (given: SourceMessage) => readDeadLetter(received(await run(given, place)))!;
      const letter = await letterOf(first);
      const replay = received(replayOf(letter)!);
      expect(await run(replay)).toEqual(await run(first));
      expect((await letterOf(replay)).revision).toBe(letter.revision);
    },
  );

  it("takes no time from a replay for that of a document without one", () => {
    const given = { ...message(4, ""), timestamp: undefined };
    const sendBack = (from: SourceMessage) =>
      received(replayOf(readDeadLetter(received(deadLetter(from, failure, reporter, 0)))!)!);
    const twice = sendBack(sendBack(given));
    expect(twice.timestamp).toBe(5);
    expect(envelopeOf(twice)).toEqual(envelopeOf(given));
  });

  it("does not take over a time of no calendar", () => {
    const header = ["spanmill.original-timestamp", Buffer.from("999999999999999")] as const;
    const letter = received(deadLetter(message(4, ""), failure, reporter, 0));
    expect(readDeadLetter({ ...letter, headers: [...letter.headers, header] })!.original.timestamp).toBe(
      undefined,
    );
  });

  it("is told from other messages", () => {
    expect(readDeadLetter(message(0, "x"))).toBeUndefined();
  });
});

describe("text of documents", () => {
  it("reaches no header, no event and no error", async () => {
    const canary = "Zanzibar";
    const channels = ["documents", "entities", "pos", "chunks"] as const;
    const [set, sink] = [memorySink(), memorySink()];
    const tagger = scriptedTagger(() => {
      throw new Error(`cannot read ${canary}`);
    });
    const texts = [canary, `{"text":["${canary}"]}`, `{"text":"${canary} Ada"}`, `\0\0\0\0\0${canary}`];
    const messages = texts.map((text, i) => message(i, "", { value: Buffer.from(text) }));
    const bad = startWorker({ messages, sink: set, tagger });
    const good = startWorker({
      messages: [message(0, `${canary} met Ada`, { key: Buffer.from("k") })],
      sink,
      settings: { output: { channels, layout: "rows", words: true, source: "/s" } },
    });
    await Promise.all([bad.ended, good.ended]);
    expect(set.messages.map(({ channel }) => channel)).toEqual(Array(4).fill("dead-letters"));
    expect(sink.messages.some(({ value }) => String(value).includes(canary))).toBe(true);
    const seen = JSON.stringify([
      bad.events,
      good.events,
      [...set.messages, ...sink.messages].map(({ headers }) => headers.map(String)),
    ]);
    expect(seen).not.toContain(canary);
  });
});
