/** From topic to topics with the model, against the same documents in one process without a server. */
import { BUILT_IN_MODEL } from "../../src/adapters/model-folder/built-in.js";
import { NO_CORPUS, roundOf, tickets } from "./corpus.js";
import { type Bench, divide, inTurn, type Taken } from "./harness.js";
import { openPipeline } from "./in-process.js";
import {
  documentsOf,
  type Gate,
  gate,
  openBroker,
  openWorkerSide,
  produceAll,
  type WorkerSide,
} from "./kafka-parts.js";

const THREADS = 2;
const DOCUMENTS = 8_000;

export const bench: Bench = {
  question:
    "the worker from Kafka to Kafka (a broker on the same processors) against annotate, the built-in model, tickets",
  missing: () => NO_CORPUS,
  async run({ rounds, scale }, report) {
    const count = Math.ceil(DOCUMENTS * scale);
    const texts = tickets();
    const pipeline = await openPipeline(BUILT_IN_MODEL, THREADS);
    const broker = await openBroker();
    const { bootstrap } = broker;
    const { tagger } = pipeline;
    // As annotate writes: plain.
    const open = { bootstrap, tagger, compression: "none" } as const;
    const someGate = gate();
    const allGate = gate();
    const some = await openWorkerSide({ ...open, gate: someGate, channels: ["documents", "entities"] });
    const every = ["documents", "entities", "pos", "chunks"] as const;
    const all = await openWorkerSide({ ...open, gate: allGate, channels: every });
    const through = async ({ done }: WorkerSide, hold: Gate) => {
      const reached = done.expect(count);
      hold.open();
      await reached;
    };
    try {
      const taken = await inTurn(
        rounds,
        {
          annotate: (round) => pipeline.annotate(roundOf(texts, round, count)),
          some: () => through(some, someGate),
          all: () => through(all, allGate),
        },
        async (round) => {
          for (const hold of [someGate, allGate]) hold.close();
          const documents = documentsOf(texts, round * count, count);
          for (const { input } of [some, all]) await produceAll(bootstrap, input, documents);
        },
      );
      const per = ({ wall }: Taken) => wall.map((seconds) => count / seconds);
      report({
        name: "annotate time / time from topic to topics, documents and entities",
        unit: "",
        values: divide(taken.annotate.wall, taken.some.wall),
        aim: "at least 0.9",
      });
      report({
        name: "annotate time / time from topic to topics, all four",
        unit: "",
        values: divide(taken.annotate.wall, taken.all.wall),
      });
      report({ name: "annotate", unit: "documents/s", values: per(taken.annotate) });
      report({ name: "Kafka, documents and entities", unit: "documents/s", values: per(taken.some) });
      report({ name: "Kafka, all four", unit: "documents/s", values: per(taken.all) });
    } finally {
      for (const hold of [someGate, allGate]) hold.open();
      for (const { worker } of [some, all]) worker.drain();
      await Promise.allSettled([some, all].map(({ worker }) => worker.ended));
      await tagger.close();
      await broker.stop();
    }
  },
};
