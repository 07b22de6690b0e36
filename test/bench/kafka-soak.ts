/** Whether a worker that runs for long grows: a million documents from the cache, then half an hour with the model. */
import { readdirSync } from "node:fs";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { memoryCache } from "../../src/adapters/memory/cache.js";
import { BUILT_IN_MODEL } from "../../src/adapters/model-folder/built-in.js";
import { answerDigest } from "../../src/document/answer-digest.js";
import { cachedTagger } from "../../src/pipeline/block-cache.js";
import type { Tagger } from "../../src/ports/tagger.js";
import { NO_CORPUS, tickets } from "./corpus.js";
import { type Bench, type Figure, median } from "./harness.js";
import { openPipeline } from "./in-process.js";
import { type Broker, CLOCK, client, documentsOf, openBroker, openWorkerSide } from "./kafka-parts.js";

const CACHED_DOCUMENTS = 1_000_000;
const CACHED_TEXTS = 500;
const MODEL_MINUTES = 30;
/** Produced at a time, and the most that wait. */
const CHUNK = 5_000;
/** Looks at the process in each part. */
const LOOKS = 40;

export const bench: Bench = {
  question:
    "memory, descriptors and timers of a worker over a million cached documents and half an hour of the model",
  slow: true,
  missing: () => NO_CORPUS,
  async run({ scale }, report) {
    const texts = tickets();
    const { tagger } = await openPipeline(BUILT_IN_MODEL, 2);
    const cache = memoryCache({ maxBytes: 64 << 20, ttlMs: 3_600_000, clock: CLOCK });
    const pipeline = answerDigest(tagger, { decode: "constrained", columns: false });
    const broker = await openBroker();
    try {
      const wanted = Math.ceil(CACHED_DOCUMENTS * scale);
      await soak({
        ...{ broker, name: "cached", texts: texts.slice(0, CACHED_TEXTS), report },
        tagger: cachedTagger(tagger, cache, { pipeline }),
        progress: (documents) => documents / wanted,
      });
      const began = performance.now();
      await soak({
        ...{ broker, name: "model", texts, report, tagger },
        progress: () => (performance.now() - began) / (MODEL_MINUTES * scale * 60_000),
      });
    } finally {
      await tagger.close();
      await cache.close();
      await broker.stop();
    }
  },
};

interface Soak {
  readonly broker: Broker;
  readonly name: string;
  readonly texts: readonly string[];
  readonly tagger: Tagger;
  /** 1 when it is over. */
  readonly progress: (documents: number) => number;
  readonly report: (figure: Figure) => void;
}

async function soak({ broker: { bootstrap }, name, texts, tagger, progress, report }: Soak): Promise<void> {
  const channels = ["documents", "entities"] as const;
  const side = await openWorkerSide({ bootstrap, tagger, channels, compression: "gzip" });
  const producer = client(bootstrap).producer();
  await producer.connect();
  const looks: Look[] = [];
  const began = performance.now();
  let documents = 0;
  let reached: Promise<unknown> = Promise.resolve();
  while (progress(documents) < 1) {
    const before = reached;
    reached = side.done.expect(CHUNK);
    await producer.send({ topic: side.input, messages: documentsOf(texts, documents, CHUNK) });
    await before;
    documents += CHUNK;
    if (progress(documents) >= (looks.length + 1) / LOOKS) looks.push(look());
  }
  await reached;
  const seconds = (performance.now() - began) / 1000;
  await producer.disconnect();
  side.worker.drain();
  await side.worker.ended;
  report({ name: `${name}: documents`, unit: "", values: [documents] });
  report({ name: `${name}: documents a second`, unit: "documents/s", values: [documents / seconds] });
  // The first quarter fills heaps, pools and caches.
  const settled = looks.slice(looks.length >> 2);
  for (const what of Object.keys(settled[0]!) as (keyof Look)[]) {
    const values = settled.map((each) => each[what]);
    const half = values.length >> 1;
    report({ name: `${name}: ${what}`, unit: UNITS[what], values });
    report({
      name: `${name}: ${what}, last half against the half before`,
      unit: "x",
      values: [median(values.slice(half)) / median(values.slice(0, half))],
      aim: "1",
    });
  }
}

type Look = ReturnType<typeof look>;

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

const UNITS = { rss: "MB", heap: "MB", outside: "MB", descriptors: "", timers: "" } as const;

function look() {
  // What a collection leaves is what is held.
  collect();
  const { rss, heapUsed, external } = process.memoryUsage();
  const resources = process.getActiveResourcesInfo();
  return {
    rss: rss / 1e6,
    heap: heapUsed / 1e6,
    outside: external / 1e6,
    descriptors: readdirSync("/proc/self/fd").length,
    timers: resources.filter((resource) => resource === "Timeout").length,
  };
}
