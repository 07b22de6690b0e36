/** Input that goes on through a fault, so that time without progress shows. */
import { until } from "../servers/until.js";
import { blocksOf } from "./blocks.js";
import type { FaultDocument } from "./documents.js";
import type { Scenario } from "./scenario.js";
import { standstills } from "./standstill.js";
import type { FaultWorker } from "./workers.js";

export interface SteadyInput {
  /** As the scenario's, and all its inputs are to be fed by it. */
  feed(documents: number | readonly FaultDocument[]): Promise<void>;
  /** Waits until all that was fed is done. */
  done(): Promise<void>;
  /**
   * A fault of so many milliseconds at the least, with documents that go in and come out all the time.
   *
   * @returns the longest time without a new one, in milliseconds
   */
  during(what: string, ms: number, act: () => unknown, mend?: () => unknown): Promise<number>;
  /** Feeds until the worker, which has TELL_BLOCKS, has answers from its cache. */
  cacheIsUsed(worker: FaultWorker): Promise<void>;
}

export function steadyInput(run: Scenario): SteadyInput {
  let fed = 0;
  const feed: SteadyInput["feed"] = (documents) => {
    fed += typeof documents === "number" ? documents : documents.length;
    return run.feed(documents);
  };
  const done = () => run.outputs(fed);
  return {
    feed,
    done,
    async during(what, ms, act, mend = () => {}) {
      const go = async () => {
        await act();
        const end = performance.now() + ms;
        do {
          await feed(40);
          await done();
        } while (performance.now() < end);
        await mend();
      };
      const from = Date.now();
      await run.fault("other", what, go, what);
      const { inputs, copies } = run.observer;
      const event = { cause: "other", what, from, to: Date.now(), workers: 1, kind: what } as const;
      const [stood] = standstills({ inputs, copies, events: [event] });
      return stood?.longestGapMs ?? Number.POSITIVE_INFINITY;
    },
    async cacheIsUsed(worker) {
      const before = worker.log();
      await until("an answer of the cache", async () => {
        await feed(20);
        return blocksOf(worker.log(), before).cached > 0;
      });
      await done();
    },
  };
}
