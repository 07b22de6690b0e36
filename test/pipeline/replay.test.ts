import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { envelopeOf } from "../../src/document/envelope.js";
import { type ErrorCode, SpanmillError } from "../../src/errors.js";
import { deadLetter } from "../../src/pipeline/dead-letters.js";
import { type LetterChoice, letterSieve } from "../../src/pipeline/letter-choice.js";
import { replayer } from "../../src/pipeline/replay.js";
import type { OutputMessage } from "../../src/ports/sink.js";
import type { SourceMessage } from "../../src/ports/source.js";
import { message } from "../support/worker-parts.js";

const REPORTER = { source: "/s", version: "1", pipelineDigest: "d" };
const EVERY: LetterChoice = { codes: [], origin: undefined, since: undefined };

/** As whoever consumes the topic gets it. */
function received(
  { key, value, headers }: Omit<OutputMessage, "channel">,
  topic: string,
  offset: number,
): SourceMessage {
  return {
    place: { topic, partition: 0, offset: String(offset) },
    key,
    value,
    headers: headers.map(([name, content]) => [name, Buffer.from(content)] as const),
    timestamp: 9_000_000_000_000 + offset,
  };
}

function letter(from: SourceMessage, code: ErrorCode = "DOCUMENT_NOT_JSON", at = 0, limit?: number) {
  const failure = { code, reason: "why", stage: "VALUE_CONVERTER", attempts: 0 } as const;
  return received(deadLetter(from, failure, REPORTER, at, limit), "dlq", 0);
}

function collecting() {
  const sent: { topic: string; message: OutputMessage }[] = [];
  return { sent, send: async (topic: string, message: OutputMessage) => void sent.push({ topic, message }) };
}

describe("letters that are chosen", () => {
  it("are those of the code, the origin and the time; the rest is counted as read", () => {
    const letters = [
      letter(message(0, ""), "DOCUMENT_NOT_JSON", 1_000),
      letter(message(1, ""), "DOCUMENT_TOO_LARGE", 2_000),
      letter(message(2, ""), "DOCUMENT_TOO_LARGE", 3_000),
    ];
    const chosen = (choice: Partial<LetterChoice>) => {
      const sieve = letterSieve({ ...EVERY, ...choice });
      const offsets = letters.map((one) => sieve.sift(one)?.place.offset).filter(Boolean);
      sieve.sift(message(3, ""));
      sieve.sift(undefined);
      return { offsets, ...sieve.counts() };
    };
    expect(chosen({})).toMatchObject({ offsets: ["0", "1", "2"], read: 5, chosen: 3, foreign: 2 });
    expect(Object.entries(chosen({}).byCode)).toEqual([
      ["DOCUMENT_TOO_LARGE", 2],
      ["DOCUMENT_NOT_JSON", 1],
    ]);
    expect(chosen({ codes: ["DOCUMENT_TOO_LARGE"] }).offsets).toEqual(["1", "2"]);
    expect(chosen({ since: 2_000 }).offsets).toEqual(["1", "2"]);
    expect(chosen({ origin: "tickets" }).chosen).toBe(3);
    expect(chosen({ origin: "mails" })).toMatchObject({ chosen: 0, byCode: {} });
  });
});

describe("a replay", () => {
  it("keeps bytes, headers, name, time and revision, however often it fails", async () => {
    const bytes = fc.uint8Array({ maxLength: 40 }).map((list) => Buffer.from(list));
    const given = fc.record({
      key: fc.option(bytes, { nil: undefined }),
      value: bytes,
      rounds: fc.integer({ min: 1, max: 4 }),
    });
    await fc.assert(
      fc.asyncProperty(given, async ({ key, value, rounds }) => {
        const headers = [["origin", Buffer.from("mail")]] as const;
        const first = message(7, "", { key, value, headers: [...headers] });
        let current: SourceMessage = first;
        for (let round = 1; round <= rounds; round++) {
          const { sent, send } = collecting();
          await replayer({ choice: EVERY, maxFailures: 10, to: undefined }, send).take([letter(current)]);
          expect(sent.map(({ topic }) => topic)).toEqual(["tickets"]);
          current = received(sent[0]!.message, "tickets", 100 + round);
        }
        expect(current).toMatchObject({ key, value });
        expect(current.headers[0]).toEqual(headers[0]);
        expect(envelopeOf(current)).toEqual(envelopeOf(first));
      }),
    );
  });

  it("ends after so many failures", async () => {
    let current: SourceMessage = message(0, "");
    let rounds = 0;
    for (;;) {
      const { sent, send } = collecting();
      const replay = replayer({ choice: EVERY, maxFailures: 3, to: undefined }, send);
      await replay.take([letter(current)]);
      if (sent.length === 0) {
        expect(replay.counts()).toMatchObject({ sent: 0, failedTooOften: 1 });
        break;
      }
      rounds++;
      current = received(sent[0]!.message, "tickets", rounds);
    }
    expect(rounds).toBe(2);
  });

  it("leaves what is not whole, and what the topic does not take, and says so", async () => {
    const large = letter(message(0, "", { value: Buffer.alloc(9_000) }), "DOCUMENT_TOO_LARGE", 0, 5_000);
    const replay = replayer({ choice: EVERY, maxFailures: 3, to: "repaired" }, async (topic, { value }) => {
      expect(topic).toBe("repaired");
      if (value!.length > 100) throw new SpanmillError("SINK_TOO_LARGE", "too large");
    });
    await replay.take([large, letter(message(1, "", { value: Buffer.alloc(200) })), letter(message(2, "x"))]);
    expect(replay.counts()).toMatchObject({ sent: 1, incomplete: 1, tooLarge: 1, sentTo: { repaired: 1 } });
  });

  it("of what came from files needs a topic, however much the file's name is like one", async () => {
    const fromFile = letter(message(0, "", { origin: "file" }));
    const { sent, send } = collecting();
    await expect(
      replayer({ choice: EVERY, maxFailures: 3, to: undefined }, send).take([fromFile]),
    ).rejects.toMatchObject({ code: "USAGE", message: expect.stringContaining("--to-topic") });
    expect(sent).toEqual([]);
    await replayer({ choice: EVERY, maxFailures: 3, to: "repaired" }, send).take([fromFile]);
    const again = letter(received(sent[0]!.message, "repaired", 0));
    await replayer({ choice: EVERY, maxFailures: 3, to: undefined }, send).take([again]);
    expect(sent.map(({ topic }) => topic)).toEqual(["repaired", "repaired"]);
  });

  it("ends where the sink cannot go on", async () => {
    const replay = replayer({ choice: EVERY, maxFailures: 3, to: undefined }, async () => {
      throw new SpanmillError("SINK_TOPIC_MISSING", "no topic");
    });
    await expect(replay.take([letter(message(0, ""))])).rejects.toMatchObject({ code: "SINK_TOPIC_MISSING" });
  });
});
