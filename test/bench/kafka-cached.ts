/** What the worker costs where no model has to run: every block is in the cache of the process. */
import { memoryCache } from "../../src/adapters/memory/cache.js";
import { BUILT_IN_MODEL } from "../../src/adapters/model-folder/built-in.js";
import { answerDigest } from "../../src/document/answer-digest.js";
import { cachedTagger } from "../../src/pipeline/block-cache.js";
import type { OutputMessage } from "../../src/ports/sink.js";
import { NO_CORPUS, tickets } from "./corpus.js";
import { type Bench, divide, inTurn, type Taken } from "./harness.js";
import { openPipeline } from "./in-process.js";
import {
  CLOCK,
  documentsOf,
  gate,
  openBareSide,
  openBroker,
  openWorkerSide,
  produceAll,
} from "./kafka-parts.js";

const DOCUMENTS = 20_000;
/** Different ones, each of which is in the cache after round 0. */
const TEXTS = 500;

export const bench: Bench = {
  question:
    "the worker with every block cached against a bare kafkajs loop with lanes that writes the same bytes, gzip",
  missing: () => NO_CORPUS,
  async run({ rounds, scale }, report) {
    const count = Math.ceil(DOCUMENTS * scale);
    const texts = tickets().slice(0, TEXTS);
    const { tagger } = await openPipeline(BUILT_IN_MODEL, 1);
    const cache = memoryCache({ maxBytes: 64 << 20, ttlMs: 3_600_000, clock: CLOCK });
    let computed = 0;
    const cached = cachedTagger(tagger, cache, {
      pipeline: answerDigest(tagger, { decode: "constrained", columns: false }),
      observe: (what, blocks) => {
        if (what === "computed") computed += blocks;
      },
    });
    const broker = await openBroker();
    const { bootstrap } = broker;
    const channels = ["documents", "entities"] as const;
    const written = new Map<number, OutputMessage[]>();
    const hold = gate();
    const bareHold = gate();
    const ours = await openWorkerSide({
      ...{ bootstrap, tagger: cached, channels, compression: "gzip", gate: hold },
      tap: (message) => {
        const document = Number(message.key);
        if (document < TEXTS) written.set(document, [...(written.get(document) ?? []), message]);
      },
    });
    const outputs = (document: number) => written.get(document % TEXTS)!;
    const bare = await openBareSide(bootstrap, channels, "gzip", outputs, bareHold);
    try {
      const through = async (side: { readonly done: typeof ours.done }, open: () => void) => {
        const reached = side.done.expect(count);
        open();
        await reached;
      };
      let before = 0;
      const taken = await inTurn(
        rounds,
        { ours: () => through(ours, hold.open), bare: () => through(bare, bareHold.open) },
        async (round) => {
          if (round === 1) before = computed;
          for (const { close } of [hold, bareHold]) close();
          const documents = documentsOf(texts, round * count, count);
          for (const { input } of [ours, bare]) await produceAll(bootstrap, input, documents);
        },
      );
      if (computed > before) throw new Error(`${computed - before} blocks were not in the cache`);
      const per = ({ wall }: Taken) => wall.map((seconds) => count / seconds);
      report({
        name: "bare time / worker time",
        unit: "",
        values: divide(taken.bare.wall, taken.ours.wall),
        aim: "at least 0.5",
      });
      report({
        name: "bare CPU time / worker CPU time",
        unit: "",
        values: divide(taken.bare.cpu, taken.ours.cpu),
      });
      report({ name: "worker", unit: "documents/s", values: per(taken.ours) });
      report({ name: "bare loop", unit: "documents/s", values: per(taken.bare) });
    } finally {
      for (const { open } of [hold, bareHold]) open();
      ours.worker.drain();
      await Promise.allSettled([ours.worker.ended, bare.close()]);
      await cached.close();
      await cache.close();
      await broker.stop();
    }
  },
};
