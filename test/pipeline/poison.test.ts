import { describe, expect, it, vi } from "vitest";
import { memorySink } from "../../src/adapters/memory/sink.js";
import { emptyLedger, type Ledger, memorySource } from "../../src/adapters/memory/source.js";
import { SpanmillError } from "../../src/errors.js";
import type { OutputMessage } from "../../src/ports/sink.js";
import type { Source } from "../../src/ports/source.js";
import type { BlockInput } from "../../src/tagging/protocol.js";
import { scriptedTagger, textOfBlock } from "../support/scripted-tagger.js";
import { message, startWorker } from "../support/worker-parts.js";

const died = () => new SpanmillError("THREAD_DIED", "A worker thread died");
const holds = (blocks: readonly BlockInput[], word: string) =>
  blocks.some((block) => textOfBlock(block).includes(word));
/** All that it hands over may have ended the process before, and is to run alone. */
function unsure(plain: Source): Source {
  const run: Source["run"] = (intake) =>
    plain.run({ ...intake, take: (delivery) => intake.take({ ...delivery, unsure: true }) });
  return { ...plain, run };
}
const header = (letter: OutputMessage, name: string) =>
  String(letter.headers.findLast(([given]) => given === name)?.[1]);
const neighbours = (count: number, poison: number) =>
  Array.from({ length: count }, (_, i) => message(i, i === poison ? "deadly" : `fine ${i}`));

describe("a document that its thread dies of", () => {
  it("goes to the dead letters after two deaths alone, and its neighbours are unharmed", async () => {
    const sink = memorySink();
    const ledger = emptyLedger();
    const tagger = scriptedTagger((blocks) => {
      if (holds(blocks, "deadly")) throw died();
    });
    await startWorker({ messages: neighbours(20, 7), ledger, sink, tagger }).ended;
    const letters = sink.messages.filter(({ channel }) => channel === "dead-letters");
    expect(letters.map((letter) => header(letter, "__connect.errors.offset"))).toEqual(["7"]);
    expect(header(letters[0]!, "spanmill.error-code")).toBe("DOCUMENT_POISON");
    expect(sink.messages).toHaveLength(20);
    expect(ledger.done.size).toBe(20);
    const alone = tagger.requests.filter((blocks) => blocks.length === 1 && holds(blocks, "deadly"));
    expect(alone).toHaveLength(2);
  });

  it("is on record as a suspect before it runs alone, while nothing else runs", async () => {
    const ledger = emptyLedger();
    const source = memorySource(neighbours(20, 7), ledger);
    const log: string[] = [];
    let running = 0;
    const tagger = scriptedTagger(async (blocks) => {
      const isAlone = blocks.length === 1 && holds(blocks, "deadly");
      if (isAlone) log.push(`runs ${ledger.suspects.get("tickets/0/7")} beside ${running}`);
      running++;
      await new Promise((resolve) => setImmediate(resolve));
      running--;
      if (holds(blocks, "deadly")) throw died();
    });
    await startWorker({ source, sink: memorySink(), tagger }).ended;
    expect(log).toEqual(["runs 1 beside 0", "runs 1 beside 0"]);
    expect(ledger.suspects.size).toBe(0);
  });

  it("is off record before others run, though its record is not acknowledged yet", async () => {
    const ledger = emptyLedger();
    ledger.suspects.set("tickets/0/0", 1);
    ledger.suspects.set("tickets/0/1", 1);
    const seen: string[] = [];
    const tagger = scriptedTagger(() => {
      seen.push([...ledger.suspects].map(([name, deaths]) => `${name}=${deaths}`).join(" "));
    });
    let acknowledge = () => {};
    const held = new Promise<void>((resolve) => {
      acknowledge = resolve;
    });
    const sink = { ...memorySink(), send: () => held };
    const worker = startWorker({ messages: neighbours(3, -1), ledger, sink, tagger });
    await vi.waitUntil(() => tagger.requests.length === 3);
    expect(seen).toEqual([
      "tickets/0/0=2 tickets/0/1=1",
      "tickets/0/0=1 tickets/0/1=2",
      "tickets/0/0=1 tickets/0/1=1",
    ]);
    acknowledge();
    await worker.ended;
  });

  it("is read like any other when it does not happen again", async () => {
    let deaths = 0;
    const sink = memorySink();
    const tagger = scriptedTagger(() => {
      if (deaths++ === 0) throw died();
    });
    await startWorker({ messages: neighbours(10, -1), sink, tagger }).ended;
    expect(sink.messages.map(({ channel }) => channel)).toEqual(Array(10).fill("documents"));
  });

  it("is not blamed where threads die of anything", async () => {
    const sink = memorySink();
    const tagger = scriptedTagger(() => {
      throw died();
    });
    await expect(startWorker({ messages: neighbours(10, -1), sink, tagger }).ended).rejects.toMatchObject({
      code: "THREAD_DIED",
    });
    expect(sink.messages).toEqual([]);
  });

  it("takes no block of its own neighbours' request along when only one of its blocks is bad", async () => {
    const sink = memorySink();
    const paragraphs = Array.from({ length: 30 }, (_, i) => (i === 17 ? "deadly " : "fine ").repeat(60)).join(
      "\n\n",
    );
    const tagger = scriptedTagger((blocks) => {
      if (holds(blocks, "deadly")) throw died();
    });
    const messages = [message(0, "fine"), message(1, paragraphs), message(2, "fine")];
    await startWorker({ messages, sink, tagger }).ended;
    expect(sink.messages.map(({ channel }) => channel).sort()).toEqual([
      "dead-letters",
      "documents",
      "documents",
    ]);
  });
});

describe("a document that the process died of", () => {
  it("once, runs alone with the next death counted", async () => {
    const ledger = emptyLedger();
    ledger.suspects.set("tickets/0/1", 1);
    const sink = memorySink();
    const marks: (number | undefined)[] = [];
    const tagger = scriptedTagger((blocks) => {
      if (holds(blocks, "deadly")) marks.push(ledger.suspects.get("tickets/0/1"), blocks.length);
    });
    await startWorker({ messages: neighbours(3, 1), ledger, sink, tagger }).ended;
    expect(marks).toEqual([2, 1]);
    expect(sink.messages.map(({ channel }) => channel)).toEqual(Array(3).fill("documents"));
  });

  it("twice, goes to the dead letters without being run", async () => {
    const ledger = emptyLedger();
    ledger.suspects.set("tickets/0/1", 2);
    const sink = memorySink();
    const tagger = scriptedTagger();
    await startWorker({ messages: neighbours(3, 1), ledger, sink, tagger }).ended;
    expect(tagger.requests.some((blocks) => holds(blocks, "deadly"))).toBe(false);
    const [letter] = sink.messages.filter(({ channel }) => channel === "dead-letters");
    expect(header(letter!, "__connect.errors.offset")).toBe("1");
    expect(header(letter!, "spanmill.error-code")).toBe("DOCUMENT_POISON");
  });

  it("perhaps, is put on record with a few others, and runs alone where one of them dies", async () => {
    const ledger = emptyLedger();
    let commits = 0;
    const plain = memorySource(neighbours(40, 21), ledger);
    const source = unsure({
      ...plain,
      suspect: (...deliveries) => {
        commits++;
        return plain.suspect(...deliveries);
      },
    });
    const marks: string[] = [];
    const tagger = scriptedTagger((blocks) => {
      const own = [...ledger.suspects];
      if (!holds(blocks, "deadly")) {
        // Among few nobody is blamed.
        expect(own.filter(([name]) => name !== "tickets/0/21").every(([, deaths]) => deaths === 0)).toBe(
          true,
        );
        return;
      }
      marks.push(`${own.length} on record, this with ${ledger.suspects.get("tickets/0/21")}`);
      throw died();
    });
    const sink = memorySink();
    await startWorker({ source, sink, tagger }).ended;
    expect(marks).toEqual([
      "16 on record, this with 0",
      "1 on record, this with 1",
      "1 on record, this with 1",
    ]);
    const [letter, ...none] = sink.messages.filter(({ channel }) => channel === "dead-letters");
    expect(none).toEqual([]);
    expect(header(letter!, "__connect.errors.offset")).toBe("21");
    expect(ledger.done.size).toBe(40);
    expect(commits).toBeLessThan(12);
  });

  it("perhaps, among few, is named to the next process as one that runs alone", async () => {
    const ledger = emptyLedger();
    for (const offset of [0, 1]) ledger.suspects.set(`tickets/0/${offset}`, 0);
    const marks: string[] = [];
    const tagger = scriptedTagger(() =>
      marks.push([...ledger.suspects].map(([name, deaths]) => `${name}=${deaths}`).join(" ")),
    );
    await startWorker({ messages: neighbours(2, -1), ledger, sink: memorySink(), tagger }).ended;
    expect(marks).toEqual(["tickets/0/0=1 tickets/0/1=0", "tickets/0/1=1"]);
  });

  it("perhaps, runs alone where there is no other, and is put on record first", async () => {
    const ledger = emptyLedger();
    const source = unsure(memorySource([message(0, "deadly")], ledger));
    const marks: (number | undefined)[] = [];
    const tagger = scriptedTagger(() => marks.push(ledger.suspects.get("tickets/0/0")));
    await startWorker({ source, sink: memorySink(), tagger }).ended;
    expect(marks).toEqual([1]);
  });
});

describe("on the main thread, a document that runs alone", () => {
  /** Suspects on record each time that a document is read, and each time that one is written. */
  function watched(ledger: Ledger) {
    const log: string[] = [];
    const record = () => [...ledger.suspects].map(([name, deaths]) => `${name}=${deaths}`).join(" ");
    const plain = memorySink();
    const sink: typeof plain = {
      ...plain,
      limit: (channel) => {
        log.push(`written: ${record()}`);
        return plain.limit(channel);
      },
    };
    const input = {
      maxDocumentSize: 1_000,
      get format() {
        log.push(`read: ${record()}`);
        return { kind: "text" as const };
      },
    };
    return { log, sink, settings: { input } };
  }

  it("is read and written while it is on record, and no other one is", async () => {
    const ledger = emptyLedger();
    ledger.suspects.set("tickets/0/1", 0);
    const { log, sink, settings } = watched(ledger);
    await startWorker({ messages: neighbours(3, -1), ledger, sink, settings }).ended;
    expect(log).toHaveLength(6);
    const marked = log.filter((line) => line.endsWith("tickets/0/1=1"));
    expect(marked).toEqual(["read: tickets/0/1=1", "written: tickets/0/1=1"]);
  });

  it("has its turn among those of its key, though its key is known only once it is read", async () => {
    const ledger = emptyLedger();
    for (const offset of [1, 3]) ledger.suspects.set(`tickets/0/${offset}`, 0);
    const value = (n: number) => ({ value: Buffer.from(JSON.stringify({ id: "same", text: `Ada ${n}` })) });
    const messages = Array.from({ length: 6 }, (_, n) => message(n, "", value(n)));
    const sink = memorySink();
    await startWorker({ messages, ledger, sink }).ended;
    const revisions = sink.messages.map(({ value }) => JSON.parse(String(value)).revision);
    expect(revisions).toHaveLength(6);
    expect(revisions).toEqual(revisions.toSorted());
  });
});

describe("a suspect that its source gave to another process", () => {
  it("is left to it: not run, not set aside, not done, and nobody waits for it", async () => {
    const ledger = emptyLedger();
    const plain = memorySource(
      [0, 1, 2, 3].map((n) => message(n, n === 1 ? "elsewhere" : `fine ${n}`, { key: Buffer.from("k") })),
      ledger,
    );
    const source = unsure({
      ...plain,
      suspect: (...deliveries) =>
        deliveries.some(({ message: { place } }) => place.offset === "1")
          ? Promise.reject(new SpanmillError("DELIVERY_LOST", "went to another member"))
          : plain.suspect(...deliveries),
    });
    const sink = memorySink();
    const tagger = scriptedTagger();
    const worker = startWorker({ source, sink, tagger });
    expect(await worker.ended).toEqual({ reason: "source", abandoned: 0 });
    expect(sink.messages.map(({ channel }) => channel)).toEqual(Array(3).fill("documents"));
    expect([...ledger.done]).toEqual(["tickets/0/0", "tickets/0/2", "tickets/0/3"]);
    expect(tagger.requests.some((blocks) => holds(blocks, "elsewhere"))).toBe(false);
    const told = worker.events.flatMap(({ kind, ...event }) => (kind === "lost" ? [event] : []));
    expect(told).toEqual([{ place: { topic: "tickets", partition: 0, offset: "1" } }]);
    expect(worker.events.some(({ kind }) => kind === "retry")).toBe(false);
    expect(ledger.suspects.size).toBe(0);
  });
});
