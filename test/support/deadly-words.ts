/**
 * Loaded before the command line: what befalls the thread that tokenizes these words. `HEAP_MB` in the environment bounds
 * the heap of every thread.
 */
import { syncBuiltinESMExports } from "node:module";
import threads, { isMainThread } from "node:worker_threads";

const heap = Number(process.env.HEAP_MB ?? 0);
if (isMainThread && heap > 0) {
  const { Worker } = threads;
  threads.Worker = class extends Worker {
    constructor(...[file, options]: ConstructorParameters<typeof Worker>) {
      super(file, { ...options, resourceLimits: { maxOldGenerationSizeMb: heap } });
    }
  };
  syncBuiltinESMExports();
}

const DEADLY: Readonly<Record<string, () => void>> = {
  deadlyexit: () => process.exit(9),
  deadlyheap: () => {
    const all: object[] = [];
    for (;;) all.push(Array.from({ length: 1_000 }, (_, n) => ({ n })));
  },
  // What abort() in native code does; Node's own is for the main thread alone.
  deadlyabort: () => {
    process.kill(process.pid, "SIGABRT");
    sleep(10_000);
  },
  deadlyhang: () => sleep(600_000),
  slowly: () => sleep(13_000),
};

function sleep(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

if (!isMainThread) {
  const { toLowerCase } = String.prototype;
  String.prototype.toLowerCase = function (this: string) {
    if (this.length < 20 && Object.hasOwn(DEADLY, this)) DEADLY[`${this}`]?.();
    return toLowerCase.call(this);
  };
}
