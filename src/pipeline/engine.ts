/**
 * The engine as the worker asks it: one document at a time, whatever dies. States of a document:
 *
 *     with others ------(its thread died)-----> alone --(answered)--> done
 *     among few --(its thread, or process, died)--^ |------(died twice)--> poison
 *
 * A document that comes as a suspect (a process died of it, or may have) starts among few, or alone where it was among few
 * when a process died. On the main thread a document is read and written, which may end the process as well: both belong
 * to its run, and while it lasts no other document is read.
 */
import { SpanmillError } from "../errors.js";
import type { Clock } from "../ports/clock.js";
import type { Delivery, Source } from "../ports/source.js";
import type { Tagger } from "../ports/tagger.js";
import type { BlockInput } from "../tagging/protocol.js";
import { batcher } from "./batcher.js";
import { readingLine } from "./reading-line.js";
import { DEATHS, isDeath, isLost, type Task, trials } from "./trials.js";
import type { WorkerEvent } from "./worker-events.js";

export interface RetrySettings {
  /** Milliseconds before the first try again; each one more waits twice as long, up to `most`. */
  readonly first: number;
  readonly most: number;
}

export interface EngineParts {
  readonly tagger: Tagger;
  readonly source: Pick<Source, "suspect">;
  readonly clock: Clock;
  readonly retry: RetrySettings;
  /** Milliseconds that a usual request may take in a thread. */
  readonly taskDeadline: number;
  readonly events: (event: WorkerEvent) => void;
  /** Ends the worker. */
  readonly fail: (error: unknown) => void;
}

export interface WorkerEngine {
  /**
   * @throws SpanmillError DOCUMENT_POISON; DELIVERY_LOST: the document is another's now, see `isLost`; and what the tagger
   * throws that does not pass.
   */
  run<Value>(delivery: Delivery, task: Task<Value>): Promise<Value>;
  /** Milliseconds since the threads last answered, while they hold work; else 0. */
  stalledFor(): number;
  /** Waits for nothing more: what waits to be tried again is given up. */
  stop(): void;
}

export function workerEngine(parts: EngineParts): WorkerEngine {
  const { clock, source, retry, events, fail } = parts;
  const { tagger, stalledFor } = watched(parts.tagger, clock);
  let isStopped = false;
  const waiting = new Set<() => void>();
  const line = readingLine();
  const requests = batcher<Delivery>(tagger, {
    requests: REQUESTS_A_THREAD * parts.tagger.threads,
    threads: parts.tagger.threads,
    deadline: parts.taskDeadline,
    onStuck: (owners) => void reportStuck(owners, parts),
  });
  const { held } = requests;

  const pause = (delay: number) =>
    new Promise<void>((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        waiting.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, delay);
      waiting.add(wake);
    });

  /** Tries again for as long as the trouble may pass. */
  async function lasting<Value>(delivery: Delivery, work: () => Promise<Value>): Promise<Value> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await work();
      } catch (error) {
        if (!mayPass(error) || isStopped) throw error;
        const delay = Math.min(retry.most, retry.first * 2 ** (attempt - 1));
        events({ kind: "retry", place: delivery.message.place, code: error.code, attempt, delay });
        await pause(delay);
      }
    }
  }

  const trial = trials({ source, clock, batcher: requests, events, fail, lasting });

  return {
    async run(delivery, task) {
      let isSuspect = comesAsSuspect(delivery);
      let isOneOfMany = isSuspect && delivery.deaths === 0 && delivery.narrowed !== true;
      const place = isSuspect || !line.isEmpty || held() !== undefined ? line.enter() : undefined;
      let blocks: readonly BlockInput[] | undefined;
      const read = () => {
        blocks ??= task.read();
        place?.leave();
        return blocks;
      };
      if (place !== undefined && !isOneOfMany) trial.closeFew();
      try {
        // Of few the first one waits for all.
        if (place !== undefined && !isOneOfMany) await place.mine;
        if (!isSuspect) {
          for (let wait = held(); wait !== undefined; wait = held()) await wait;
          read();
        }
        return await lasting(delivery, async () => {
          if (!isSuspect) {
            task.onTry();
            try {
              return task.write(await requests.tag(read(), delivery));
            } catch (error) {
              if (!isDeath(error)) throw error;
              isSuspect = true;
            }
          }
          const alike = { ...task, read };
          if (isOneOfMany && place !== undefined) {
            isOneOfMany = false;
            const outcome = await trial.amongFew(delivery, alike, place.mine);
            if (outcome !== undefined) return outcome.value;
          }
          return trial.alone(delivery, alike);
        });
      } finally {
        place?.leave();
      }
    },
    stalledFor,
    stop() {
      isStopped = true;
      for (const wake of waiting) wake();
    },
  };
}

/** Enough that no thread waits for the main thread. */
const REQUESTS_A_THREAD = 4;

/** One that died too often is not run at all. */
function comesAsSuspect({ message, deaths, unsure }: Delivery): boolean {
  return message.value !== undefined && deaths < DEATHS && (deaths > 0 || unsure === true);
}

/** Deaths of threads are dealt with by trial; what is lost to us does not come back. */
function mayPass(error: unknown): error is SpanmillError {
  return error instanceof SpanmillError && error.retryable && !isDeath(error) && !isLost(error);
}

/** Knows since when threads hold work without answering. */
function watched(tagger: Tagger, clock: Clock): { tagger: Tagger; stalledFor: () => number } {
  let held = 0;
  let since = clock.now();
  const tag: Tagger["tag"] = async (blocks) => {
    if (held++ === 0) since = clock.now();
    try {
      return await tagger.tag(blocks);
    } finally {
      held--;
      since = clock.now();
    }
  };
  return { tagger: { ...tagger, tag }, stalledFor: () => (held === 0 ? 0 : clock.now() - since) };
}

/**
 * A thread in native code cannot be stopped, so the process has to end. What the thread holds is put on record first: the
 * next process will run each of it alone, and the one that hangs again is set aside.
 */
async function reportStuck(
  owners: readonly Delivery[],
  { source, events, fail }: EngineParts,
): Promise<void> {
  const places = owners.map(({ message }) => message.place);
  events({ kind: "stuck", places });
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, MARKER_WAIT);
  });
  await Promise.race([source.suspect(...owners).catch(() => {}), late]);
  clearTimeout(timer);
  const names = places.map(({ topic, partition, offset }) => `${topic}/${partition}/${offset}`);
  fail(
    new SpanmillError(
      "TASK_STUCK",
      `A worker thread did not answer within its deadline, and cannot be stopped; it holds ${names.join(", ")}. Start again: ` +
        "each of them is then read alone, and one that goes on hanging goes to the dead letters",
    ),
  );
}

/** Milliseconds: a broker that does not answer must not keep a hung process alive. */
const MARKER_WAIT = 5_000;
