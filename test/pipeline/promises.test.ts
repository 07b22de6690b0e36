/** What the worker promises, under random trouble: crashes, deaths, passing errors, any order of completion. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { memorySink } from "../../src/adapters/memory/sink.js";
import { emptyLedger, type Ledger, memorySource } from "../../src/adapters/memory/source.js";
import { SpanmillError } from "../../src/errors.js";
import type { OutputMessage } from "../../src/ports/sink.js";
import type { SourceMessage } from "../../src/ports/source.js";
import { scriptedTagger, textOfBlock } from "../support/scripted-tagger.js";
import { message, startWorker } from "../support/worker-parts.js";

type Fate = "fine" | "poison" | "broken" | "flaky";

const documents = fc.array(
  fc.record({
    fate: fc.oneof(
      { weight: 8, arbitrary: fc.constant<Fate>("fine") },
      fc.constantFrom<Fate>("poison", "broken", "flaky"),
    ),
    key: fc.constantFrom("a", "b", "c", undefined),
    partition: fc.nat({ max: 1 }),
  }),
  { minLength: 1, maxLength: 30 },
);

/** Small numbers without end, from one seed. */
function dice(seed: number): () => number {
  let state = seed | 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

interface Seen {
  /** In the order of the calls. */
  readonly sent: OutputMessage[];
  /** What an independent reader finds. */
  readonly log: OutputMessage[];
}

/** One life of a process: it ends with its source, or by a crash of the sink after some acknowledgements. */
async function live(
  messages: readonly SourceMessage[],
  ledger: Ledger,
  chance: () => number,
  crashAfter: number,
): Promise<Seen & { isOver: boolean }> {
  const later = () => new Promise<void>((resolve) => setTimeout(resolve, Math.floor(chance() * 3)));
  const seen: Seen = { sent: [], log: [] };
  let calls = 0;
  const sink = memorySink({
    acknowledge: async (message) => {
      seen.sent.push(message);
      const isLate = calls++ >= crashAfter;
      if (chance() < 0.5) await later();
      // The answer to a message may be lost, and the message not.
      if (!isLate || chance() < 0.5) seen.log.push(message);
      if (isLate) throw new SpanmillError("OUTPUT_UNWRITABLE", "crash");
    },
  });
  const met = new Set<string>();
  const tagger = scriptedTagger(async (blocks) => {
    const texts = blocks.map(textOfBlock);
    await later();
    if (texts.some((text) => text.startsWith("poison"))) throw new SpanmillError("THREAD_DIED", "died");
    const flaky = texts.find((text) => text.startsWith("flaky") && !met.has(text));
    if (flaky === undefined) return;
    met.add(flaky);
    throw passing();
  });
  const source = memorySource(messages, ledger);
  const settings = { inFlight: { documents: 8, bytes: 1 << 20 } };
  const { ended } = startWorker({ source, sink, tagger, settings });
  const isOver = await ended.then(
    () => true,
    () => false,
  );
  return { ...seen, isOver };
}

function passing(): SpanmillError {
  return Object.defineProperty(new SpanmillError("INFERENCE_FAILED", "busy"), "retryable", { value: true });
}

const isBad = (fate: Fate) => fate === "poison" || fate === "broken";

describe("whatever happens", () => {
  it("no document is lost, none is done before its output, keys keep their order, the bad are set aside", async () => {
    await fc.assert(
      fc.asyncProperty(
        documents,
        fc.integer(),
        fc.array(fc.nat({ max: 25 }), { maxLength: 3 }),
        async (given, seed, crashes) => {
          const next = [0, 0];
          const messages = given.map(({ fate, key, partition }) => {
            const offset = next[partition]!++;
            return message(offset, `${fate} ${partition} ${offset}`, {
              partition,
              key: key === undefined ? undefined : Buffer.from(`${partition}${key}`),
              ...(fate === "broken" ? { value: Buffer.from("{") } : {}),
            });
          });
          const chance = dice(seed);
          const ledger = emptyLedger();
          const log: OutputMessage[] = [];
          let lives = 0;
          for (const crashAfter of [...crashes, Number.POSITIVE_INFINITY]) {
            const life = await live(messages, ledger, chance, crashAfter);
            lives++;
            log.push(...life.log);
            // I2: what is done is in the log.
            const found = new Set(log.map(nameOf));
            expect([...ledger.done].filter((place) => !found.has(place))).toEqual([]);
            keysInOrder(life.sent, messages);
            if (life.isOver) break;
          }
          // I1, and each on its channel; the same bytes however often.
          for (let i = 0; i < given.length; i++) {
            const own = log.filter((sent) => nameOf(sent) === placeOf(messages[i]!));
            expect(new Set(own.map(({ channel }) => channel))).toEqual(
              new Set([isBad(given[i]!.fate) ? "dead-letters" : "documents"]),
            );
            expect(new Set(own.map(({ value }) => String(value))).size).toBe(1);
            if (lives === 1) expect(own).toHaveLength(1);
          }
        },
      ),
      { numRuns: 60 },
    );
  }, 120_000);
});

function placeOf({ place: { topic, partition, offset } }: SourceMessage): string {
  return `${topic}/${partition}/${offset}`;
}

/** The place of the document that a message is of. */
function nameOf({ channel, value, headers }: OutputMessage): string {
  const find = (name: string) => String(headers.findLast(([given]) => given === name)?.[1]);
  if (channel === "dead-letters") {
    return ["topic", "partition", "offset"].map((part) => find(`__connect.errors.${part}`)).join("/");
  }
  const [, partition, offset] = String(JSON.parse(String(value)).document_id).split("-");
  return `tickets/${partition}/${offset}`;
}

function keysInOrder(sent: readonly OutputMessage[], messages: readonly SourceMessage[]): void {
  const order = new Map(messages.map((one, i) => [placeOf(one), i]));
  const last = new Map<string, number>();
  for (const one of sent.filter(({ key }) => key !== undefined)) {
    const at = order.get(nameOf(one))!;
    expect(at).toBeGreaterThan(last.get(String(one.key)) ?? -1);
    last.set(String(one.key), at);
  }
}
