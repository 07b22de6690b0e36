/** From the moment a ticket is produced to the moment its record is read, far below what the worker could do. */
import { setTimeout as sleep } from "node:timers/promises";
import { BUILT_IN_MODEL } from "../../src/adapters/model-folder/built-in.js";
import type { OutputMessage } from "../../src/ports/sink.js";
import { freshGroup } from "../support/servers/topics.js";
import { NO_CORPUS, tickets } from "./corpus.js";
import { type Bench, inTurn } from "./harness.js";
import { openPipeline, windowRecorder } from "./in-process.js";
import {
  client,
  documentsOf,
  nameOf,
  openBareSide,
  openBroker,
  openWorkerSide,
  produceAll,
} from "./kafka-parts.js";

const MOST_PIECES = 64;
const TEXTS = 500;
/** Documents of one round. */
const DOCUMENTS = 1_500;
const TENTH = 0.1;

export const bench: Bench = {
  question: "produce to record at a tenth of the full rate, tickets of up to 64 pieces, against a bare loop",
  missing: () => NO_CORPUS,
  async run({ rounds, scale }, report) {
    const count = Math.ceil(DOCUMENTS * scale);
    const texts = await shortTexts();
    const { tagger } = await openPipeline(BUILT_IN_MODEL, 2);
    const broker = await openBroker();
    const { bootstrap } = broker;
    const written = new Map<number, OutputMessage[]>();
    const channels = ["documents"] as const;
    const ours = await openWorkerSide({
      ...{ bootstrap, tagger, channels, compression: "none" },
      tap: (message) => {
        const document = Number(message.key);
        if (document < TEXTS) written.set(document, [...(written.get(document) ?? []), message]);
      },
    });
    const bare = await openBareSide(
      bootstrap,
      channels,
      "none",
      // A bare record has the key of another document of the same text; the next one is its own.
      (document) => written.get(document % TEXTS)!.map((message) => ({ ...message, key: keyOf(document) })),
    );
    const observers = {
      ours: await observe(bootstrap, ours.topics.documents!),
      bare: await observe(bootstrap, bare.topics.documents!),
    };
    const producer = client(bootstrap).producer();
    await producer.connect();
    try {
      // The full rate, which also warms both up and shows what a record of each text is.
      const warm = Math.max(TEXTS, count);
      const start = performance.now();
      const reached = ours.done.expect(warm);
      await produceAll(bootstrap, ours.input, documentsOf(texts, 0, warm));
      await reached;
      const rate = (warm / ((performance.now() - start) / 1000)) * TENTH;
      await observers.ours.seen(warm);
      observers.ours.take();
      report({ name: "rate", unit: "documents/s", values: [rate] });
      let next = warm;
      const latencies = { ours: [] as number[][], bare: [] as number[][] };
      const measured = async (side: keyof typeof latencies, input: string, round: number) => {
        const documents = documentsOf(texts, next, count);
        const from = next;
        next += count;
        const sent = new Map<number, number>();
        const begin = performance.now();
        const sends: Promise<unknown>[] = [];
        for (const [i, message] of documents.entries()) {
          const wait = begin + (i / rate) * 1000 - performance.now();
          if (wait > 1) await sleep(wait);
          sent.set(from + i, performance.now());
          sends.push(producer.send({ topic: input, messages: [message], acks: 1 }));
        }
        await Promise.all(sends);
        await observers[side].seen(count);
        const came = observers[side].take();
        const all = [...sent].map(([document, at]) => came.get(document)! - at).sort((a, b) => a - b);
        if (round > 0) latencies[side].push(all);
      };
      await inTurn(rounds, {
        ours: (round) => measured("ours", ours.input, round),
        bare: (round) => measured("bare", bare.input, round),
      });
      const at = (share: number) => (all: readonly number[]) => all[Math.floor(share * (all.length - 1))]!;
      const p50 = { ours: latencies.ours.map(at(0.5)), bare: latencies.bare.map(at(0.5)) };
      report({
        name: "p50, worker minus bare loop",
        unit: "ms",
        values: p50.ours.map((value, i) => value - p50.bare[i]!),
        aim: "within 15 ms",
      });
      report({ name: "p50, worker", unit: "ms", values: p50.ours });
      report({ name: "p50, bare loop", unit: "ms", values: p50.bare });
      report({ name: "p99, worker", unit: "ms", values: latencies.ours.map(at(0.99)) });
      report({ name: "p99, bare loop", unit: "ms", values: latencies.bare.map(at(0.99)) });
    } finally {
      await producer.disconnect();
      ours.worker.drain();
      await Promise.allSettled([
        ours.worker.ended,
        bare.close(),
        observers.ours.close(),
        observers.bare.close(),
      ]);
      await tagger.close();
      await broker.stop();
    }
  },
};

/** Tickets that are one window of few pieces each. */
async function shortTexts(): Promise<string[]> {
  const { windowsOf } = await windowRecorder(BUILT_IN_MODEL);
  const short: string[] = [];
  for (const text of tickets()) {
    const windows = await windowsOf([text]);
    if (windows.length === 1 && windows[0]!.length <= MOST_PIECES) short.push(text);
    if (short.length === TEXTS) break;
  }
  return short;
}

function keyOf(document: number): Buffer {
  return Buffer.from(nameOf(document));
}

/** When each record was read. */
async function observe(bootstrap: string, topic: string) {
  const consumer = client(bootstrap).consumer({ groupId: freshGroup(), maxWaitTimeInMs: 100 });
  let came = new Map<number, number>();
  let wanted = Number.POSITIVE_INFINITY;
  let arrive = () => {};
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  await consumer.run({
    partitionsConsumedConcurrently: 8,
    async eachBatch({ batch }) {
      const now = performance.now();
      for (const { key } of batch.messages) came.set(Number(key), now);
      if (came.size >= wanted) arrive();
    },
  });
  return {
    seen: (count: number) =>
      new Promise<void>((resolve) => {
        wanted = count;
        arrive = resolve;
        if (came.size >= wanted) resolve();
      }),
    take: () => {
      const all = came;
      came = new Map();
      return all;
    },
    close: () => consumer.disconnect(),
  };
}
