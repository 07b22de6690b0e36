/** How much the whole pipeline costs beyond inference: against `session.run` alone, over the same windows. */
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { ToBareThread } from "./bare-thread.js";
import { countWords, NO_CORPUS, posts, roundOf, tickets } from "./corpus.js";
import { type Bench, divide, type Figure, inTurn, type Settings } from "./harness.js";
import { openPipeline, windowRecorder } from "./in-process.js";

export const bench: Bench = {
  question:
    "the pipeline (text to JSON) against a bare session.run loop: same windows, session options and threads",
  missing: () => NO_CORPUS,
  async run(settings, report) {
    const texts = [
      { name: "posts", texts: posts(), count: 60, warmUp: 150 },
      { name: "tickets", texts: tickets(), count: 1_500, warmUp: 2_500 },
    ];
    for (const threads of [2, 1]) {
      for (const corpus of texts) await compare(settings, threads, corpus, report);
    }
  },
};

interface Corpus {
  readonly name: string;
  readonly texts: readonly string[];
  /** Documents of a round, for each thread. */
  readonly count: number;
  /** Documents before the rounds, for each thread. */
  readonly warmUp: number;
}

async function compare(
  { model, rounds, scale }: Settings,
  threads: number,
  corpus: Corpus,
  report: (figure: Figure) => void,
): Promise<void> {
  const count = Math.max(2, Math.round(corpus.count * threads * scale));
  const recorder = await windowRecorder(model);
  const pipeline = await openPipeline(model, threads);
  const bare = await openBare(recorder.onnxFile, threads);
  // The compiler has warm code only after some thousand windows; a stream is longer than that.
  await pipeline.annotate(corpus.texts.slice(-corpus.warmUp * threads));
  let texts: string[] = [];
  let windows: number[][] = [];
  const amounts: { windows: number; pieces: number; words: number; documents: number }[] = [];
  const times = await inTurn(
    rounds,
    {
      async annotate() {
        const done = await pipeline.annotate(texts);
        if (done.windows !== windows.length) throw new Error("the sides do not read the same windows");
      },
      bare: () => bare.run(),
    },
    async (round) => {
      texts = roundOf(corpus.texts, round, count);
      windows = await recorder.windowsOf(texts);
      await bare.prepare(windows);
      const pieces = windows.reduce((sum, ids) => sum + ids.length, 0);
      if (round > 0)
        amounts.push({ windows: windows.length, pieces, words: countWords(texts), documents: count });
    },
  );
  await pipeline.tagger.close();
  await bare.close();

  const where = `${corpus.name}, ${threads === 1 ? "one thread" : `${threads} threads`}`;
  report({
    name: `${where}: bare time / annotate time`,
    unit: "",
    values: divide(times.bare.wall, times.annotate.wall),
    aim: "at least 0.95",
  });
  report({
    name: `${where}: bare CPU time / annotate CPU time`,
    unit: "",
    values: divide(times.bare.cpu, times.annotate.cpu),
  });
  for (const unit of ["windows", "pieces", "words", "documents"] as const) {
    const amount = amounts.map((round) => round[unit]);
    report({ name: `${where}: annotate`, unit: `${unit}/s`, values: divide(amount, times.annotate.wall) });
    report({ name: `${where}: bare`, unit: `${unit}/s`, values: divide(amount, times.bare.wall) });
  }
}

interface BareThreads {
  prepare(windows: readonly (readonly number[])[]): Promise<void>;
  run(): Promise<void>;
  close(): Promise<void>;
}

async function openBare(file: string, threads: number): Promise<BareThreads> {
  const entry = new URL("./bare-thread.js", import.meta.url);
  const workers = Array.from({ length: threads }, () => new Worker(entry, { workerData: { file } }));
  const all = async (message: ToBareThread) => {
    const done = workers.map((worker) => once(worker, "message"));
    for (const worker of workers) worker.postMessage(message);
    await Promise.all(done);
  };
  await Promise.all(workers.map((worker) => once(worker, "message")));
  return {
    prepare: (windows) =>
      all({
        kind: "windows",
        windows,
        next: new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)),
      }),
    run: () => all({ kind: "go" }),
    async close() {
      for (const worker of workers) await worker.terminate();
    },
  };
}
