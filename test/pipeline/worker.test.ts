import { describe, expect, it } from "vitest";
import { memorySink } from "../../src/adapters/memory/sink.js";
import { emptyLedger, memorySource } from "../../src/adapters/memory/source.js";
import { SpanmillError } from "../../src/errors.js";
import type { OutputMessage } from "../../src/ports/sink.js";
import { scriptedTagger, textOfBlock } from "../support/scripted-tagger.js";
import { message, startWorker, until } from "../support/worker-parts.js";

const idOf = ({ value }: OutputMessage) => JSON.parse(String(value)).document_id as string;
const many = (count: number) => Array.from({ length: count }, (_, i) => message(i, `Ada met Bob ${i}`));

/** A promise and the hand that keeps it. */
function gate() {
  let open!: () => void;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, opened };
}

describe("a worker", () => {
  it("turns every message into its record, and ends with its source", async () => {
    const ledger = emptyLedger();
    const sink = memorySink();
    const worker = startWorker({ messages: many(300), ledger, sink });
    expect(await worker.ended).toEqual({ reason: "source", abandoned: 0 });
    expect(new Set(sink.messages.map(idOf)).size).toBe(300);
    expect(ledger.done.size).toBe(300);
    expect(worker.events.filter(({ kind }) => kind === "done")).toHaveLength(300);
    expect(worker.status()).toMatchObject({ documents: 0, bytes: 0, blocked: 0, stalledFor: 0 });
  });

  it("is done with a document only when its last message is acknowledged", async () => {
    const ledger = emptyLedger();
    const last = gate();
    const sink = memorySink({ acknowledge: ({ channel }) => (channel === "pos" ? last.opened : undefined) });
    const channels = ["documents", "entities", "pos"] as const;
    const worker = startWorker({
      messages: many(1),
      ledger,
      sink,
      settings: { output: { channels, layout: "document", words: false, source: "/s" } },
    });
    await until(() => sink.messages.length === 2);
    expect(ledger.done.size).toBe(0);
    expect(worker.status().blocked).toBe(1);
    expect(worker.status().stalledFor).toBe(0);
    last.open();
    await worker.ended;
    expect(ledger.done.size).toBe(1);
  });

  it.each([
    ["documents", { documents: 3, bytes: 1 << 20 }],
    ["bytes", { documents: 100, bytes: 80 }],
  ])("holds no more in flight than the bound of %s lets it", async (_, inFlight) => {
    const sink = memorySink();
    let most = 0;
    const tagger = scriptedTagger(async () => {
      await new Promise((resolve) => setImmediate(resolve));
      most = Math.max(most, worker.status().documents);
    });
    const worker = startWorker({ messages: many(40), sink, tagger, settings: { inFlight } });
    await worker.ended;
    expect(sink.messages).toHaveLength(40);
    expect(most).toBe(3);
  });

  it("counts the messages that wait for the sink into the bound of bytes", async () => {
    const last = gate();
    const sink = memorySink({ acknowledge: () => last.opened });
    const plain = memorySource(many(40));
    const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
    let worker: ReturnType<typeof startWorker> | undefined;
    // Hands over the next one when the messages of the one before are made.
    const run: typeof plain.run = (intake) => {
      const room = () => {
        const { documents, blocked } = worker?.status() ?? { documents: 0, blocked: 0 };
        return documents > blocked ? turn() : intake.room();
      };
      return plain.run({ ...intake, room });
    };
    // A document has 40 bytes, its record and headers some 1500.
    const inFlight = { documents: 100, bytes: 4_000 };
    worker = startWorker({ source: { ...plain, run }, sink, settings: { inFlight } });
    const { status, ended } = worker;
    await until(() => status().bytes > 4_000 || status().documents === 40);
    for (let i = 0; i < 20; i++) await turn();
    expect(status().documents).toBeLessThan(5);
    last.open();
    await ended;
    expect(sink.messages).toHaveLength(40);
    expect(status()).toMatchObject({ documents: 0, bytes: 0 });
  });

  it("takes a document that is larger than the bound of bytes", async () => {
    const sink = memorySink();
    await startWorker({ messages: many(3), sink, settings: { inFlight: { documents: 9, bytes: 1 } } }).ended;
    expect(sink.messages).toHaveLength(3);
  });

  it("tries trouble that passes again, and never sets a document aside for it", async () => {
    let failures = 6;
    const sink = memorySink();
    const source = memorySource([message(0, "x"), message(1, "y")]);
    const tagger = scriptedTagger(() => {
      if (failures-- > 0) throw passing();
    });
    const worker = startWorker({ source, sink, tagger });
    await worker.ended;
    expect(sink.messages.map(({ channel }) => channel)).toEqual(["documents", "documents"]);
    expect(worker.events.some(({ kind }) => kind === "retry")).toBe(true);
  });

  it("holds the key of a document that is slow, and no other", async () => {
    const slow = gate();
    const sink = memorySink();
    const tagger = scriptedTagger((blocks) =>
      blocks.some((block) => textOfBlock(block).includes("slow")) ? slow.opened : undefined,
    );
    const long = "x".repeat(3_000);
    const [a, b] = [Buffer.from("a"), Buffer.from("b")];
    const worker = startWorker({
      messages: [
        message(0, `slow ${long}`, { key: a }),
        message(1, long, { key: a }),
        message(2, long, { key: b }),
      ],
      sink,
      tagger,
    });
    await until(() => sink.messages.length === 1 && worker.status().blocked === 1);
    expect(sink.messages.map(idOf)).toEqual(["t-0-2"]);
    slow.open();
    await worker.ended;
    expect(sink.messages.map(idOf)).toEqual(["t-0-2", "t-0-0", "t-0-1"]);
  });

  it("sends nothing of a document that went to another process meanwhile", async () => {
    const slow = gate();
    const ledger = emptyLedger();
    const plain = memorySource(
      [0, 1, 2].map((n) => message(n, `Ada ${n}`, { key: Buffer.from("k") })),
      ledger,
    );
    let hasGone = false;
    const run: typeof plain.run = (intake) =>
      plain.run({
        ...intake,
        take: (delivery) =>
          intake.take({
            ...delivery,
            isOurs: () => !(hasGone && delivery.message.place.offset === "1"),
          }),
      });
    const sink = memorySink();
    const tagger = scriptedTagger(() => slow.opened);
    const worker = startWorker({ source: { ...plain, run }, sink, tagger });
    await until(() => worker.status().documents === 3);
    hasGone = true;
    slow.open();
    expect(await worker.ended).toEqual({ reason: "source", abandoned: 0 });
    expect(sink.messages.map(idOf)).toEqual(["t-0-0", "t-0-2"]);
    expect([...ledger.done]).toEqual(["tickets/0/0", "tickets/0/2"]);
    expect(worker.events.filter(({ kind }) => kind === "lost")).toMatchObject([{ place: { offset: "1" } }]);
  });

  it("counts as stalled only what threads hold", async () => {
    const slow = gate();
    const worker = startWorker({
      messages: many(1),
      sink: memorySink(),
      tagger: scriptedTagger(() => slow.opened),
    });
    await until(() => worker.status().stalledFor > 5);
    slow.open();
    await worker.ended;
    expect(worker.status().stalledFor).toBe(0);
  });

  it("passes a tombstone on under its key, in its turn, and is done with one that has no key", async () => {
    const ledger = emptyLedger();
    const sink = memorySink();
    const key = Buffer.from("t-0-0");
    const worker = startWorker({
      messages: [
        message(0, "Ada", { key }),
        message(1, "", { key, value: undefined as never }),
        message(2, "", { value: undefined as never }),
      ],
      ledger,
      sink,
    });
    await worker.ended;
    expect(sink.messages.map(({ key, value }) => [String(key), value === undefined])).toEqual([
      ["t-0-0", false],
      ["t-0-0", true],
    ]);
    expect(ledger.done.size).toBe(3);
  });

  it("sets a tombstone aside that no message can be made of, and goes on", async () => {
    const sink = memorySink();
    const impossible = { key: Buffer.from("k"), value: undefined as never, timestamp: 1e18 };
    const worker = startWorker({ messages: [message(0, "", impossible), message(1, "Ada")], sink });
    expect(await worker.ended).toEqual({ reason: "source", abandoned: 0 });
    expect(sink.messages.map(({ channel }) => channel)).toEqual(["dead-letters", "documents"]);
  });
});

describe("an end that is asked for", () => {
  it("finishes what is in flight and reads no more", async () => {
    const ledger = emptyLedger();
    const hold = gate();
    const sink = memorySink({ acknowledge: () => hold.opened });
    const worker = startWorker({
      messages: many(50),
      ledger,
      sink,
      settings: { inFlight: { documents: 5, bytes: 1 << 20 } },
    });
    await until(() => worker.status().blocked === 5);
    worker.drain();
    hold.open();
    expect(await worker.ended).toEqual({ reason: "drained", abandoned: 0 });
    expect(sink.messages).toHaveLength(5);
    expect(ledger.done.size).toBe(5);
  });

  it("waits no longer than its deadline, and is not done with what it leaves", async () => {
    const ledger = emptyLedger();
    const sink = memorySink({ acknowledge: () => new Promise(() => {}) });
    const worker = startWorker({ messages: many(4), ledger, sink, settings: { drainDeadline: 20 } });
    await until(() => worker.status().blocked === 4);
    worker.drain();
    expect(await worker.ended).toEqual({ reason: "stopped", abandoned: 4 });
    expect(ledger.done.size).toBe(0);
  });

  it("waits for nothing at the second signal", async () => {
    const worker = startWorker({
      messages: many(4),
      sink: memorySink(),
      tagger: scriptedTagger(() => new Promise(() => {})),
    });
    await until(() => worker.status().documents === 4);
    worker.drain();
    worker.stop();
    expect(await worker.ended).toEqual({ reason: "stopped", abandoned: 4 });
  });
});

describe("closing", () => {
  const slowly = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
  function closable(close: () => Promise<void>) {
    const closed: string[] = [];
    const plain = memorySource(many(3));
    const log = (name: string) => async () => {
      await close();
      closed.push(name);
    };
    const source = { ...plain, close: async () => void closed.push("source") };
    return { closed, source, sink: { ...memorySink(), close: log("sink") } };
  }

  it("is cut short by a second signal, and the end is no good one then", async () => {
    let isClosing = false;
    const { closed, source, sink } = closable(() => {
      isClosing = true;
      return new Promise(() => {});
    });
    const worker = startWorker({ source, sink, settings: { drainDeadline: 3_600_000 } });
    worker.drain();
    await until(() => isClosing);
    worker.stop();
    expect(await worker.ended).toEqual({ reason: "stopped", abandoned: 0 });
    expect(closed).toEqual(["source"]);
  }, 5_000);

  it("does not fall under the deadline of a drain that is over", async () => {
    const { closed, source, sink } = closable(() => slowly(200));
    const worker = startWorker({ source, sink, settings: { drainDeadline: 50 } });
    worker.drain();
    expect(await worker.ended).toEqual({ reason: "drained", abandoned: 0 });
    expect(closed).toEqual(["sink", "source"]);
  });

  it("has its time where a drain has none", async () => {
    const { closed, source, sink } = closable(() => slowly(20));
    const worker = startWorker({ source, sink, settings: { drainDeadline: 0 } });
    expect(await worker.ended).toEqual({ reason: "source", abandoned: 0 });
    expect(closed).toEqual(["sink", "source"]);
  });
});

describe("a failure", () => {
  it("of the sink ends the worker with its error; what was not acknowledged is not done", async () => {
    const ledger = emptyLedger();
    let acknowledged = 0;
    const sink = memorySink({
      acknowledge: () => {
        if (++acknowledged > 3) throw new SpanmillError("OUTPUT_FULL", "no space is left");
      },
    });
    const worker = startWorker({ messages: many(50), ledger, sink });
    await expect(worker.ended).rejects.toMatchObject({ code: "OUTPUT_FULL" });
    expect(ledger.done.size).toBe(3);
  });

  it("of the dead letters' channel ends the worker rather than skip the document", async () => {
    const ledger = emptyLedger();
    const sink = memorySink({
      acknowledge: ({ channel }) => {
        if (channel === "dead-letters") throw new SpanmillError("OUTPUT_UNWRITABLE", "no such topic");
      },
    });
    const broken = message(0, "", { value: Buffer.from("{") });
    const worker = startWorker({ messages: [broken], ledger, sink });
    await expect(worker.ended).rejects.toMatchObject({ code: "OUTPUT_UNWRITABLE" });
    expect(ledger.done.size).toBe(0);
  });

  it("of the source ends the worker, and closes the sink", async () => {
    const closed: string[] = [];
    const sink = { ...memorySink(), close: async () => void closed.push("sink") };
    const source = {
      ...memorySource([]),
      run: () => Promise.reject(new SpanmillError("INPUT_UNREADABLE", "gone")),
      close: async () => void closed.push("source"),
    };
    await expect(startWorker({ source, sink }).ended).rejects.toMatchObject({ code: "INPUT_UNREADABLE" });
    expect(closed).toEqual(["sink", "source"]);
  });

  it("of the model ends the worker: no document is to blame", async () => {
    const sink = memorySink();
    const tagger = scriptedTagger(() => {
      throw new SpanmillError("MODEL_BROKEN", "broken");
    });
    await expect(startWorker({ messages: many(3), sink, tagger }).ended).rejects.toMatchObject({
      code: "MODEL_BROKEN",
    });
    expect(sink.messages).toEqual([]);
  });

  it("to answer within the deadline names the suspects, puts them on record and ends the worker", async () => {
    const ledger = emptyLedger();
    const tagger = scriptedTagger((blocks) =>
      blocks.some((block) => textOfBlock(block).includes("hang")) ? new Promise(() => {}) : undefined,
    );
    const worker = startWorker({
      messages: [message(0, "fine ".repeat(500)), message(1, "hang ".repeat(500))],
      ledger,
      sink: memorySink(),
      tagger,
      settings: { taskDeadline: 10 },
    });
    await expect(worker.ended).rejects.toMatchObject({
      code: "TASK_STUCK",
      message: expect.stringContaining("tickets/0/1"),
    });
    expect([...ledger.suspects]).toEqual([["tickets/0/1", 1]]);
    expect([...ledger.done]).toEqual(["tickets/0/0"]);
  });

  it("of too many documents ends the worker before the letter that would be too many", async () => {
    const sink = memorySink();
    const worker = startWorker({
      messages: Array.from({ length: 30 }, (_, i) => message(i, "", { value: Buffer.from("{") })),
      sink,
      settings: {
        deadLetters: { share: 0.2, window: 60_000, least: 10 },
        inFlight: { documents: 1, bytes: 1 },
      },
    });
    await expect(worker.ended).rejects.toMatchObject({
      code: "DEAD_LETTER_SHARE",
      // Where it is, and what helps.
      message: expect.stringMatching(/tickets\/0\/9.*--limit-dead-letter-share/),
    });
    expect(sink.messages).toHaveLength(9);
  });
});

/** A code that is retryable and no death. There is none yet, so a death is dressed up as one. */
function passing(): SpanmillError {
  return Object.defineProperty(new SpanmillError("INFERENCE_FAILED", "busy"), "retryable", { value: true });
}
