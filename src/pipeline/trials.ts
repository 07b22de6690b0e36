/**
 * Runs of documents that something may have died of, while nothing else is in the engine. What runs is on record with the
 * source before, so that a death of the whole process counts too, until it is written; and off it before others run.
 */
import { SpanmillError } from "../errors.js";
import type { Clock } from "../ports/clock.js";
import type { Delivery, Source } from "../ports/source.js";
import type { BlockInput, TaggedBlock } from "../tagging/protocol.js";
import type { Ask, Batcher } from "./batcher.js";
import type { WorkerEvent } from "./worker-events.js";

/** What is to be made of a document. Neither `read` nor `write` throws. */
export interface Task<Value> {
  /** Its blocks. Called once, in the order in which the documents came. */
  read(): readonly BlockInput[];
  /** Called before each try of the engine. */
  onTry(): void;
  write(tagged: readonly TaggedBlock[]): Value;
}

export interface Trials {
  /**
   * At most two runs alone.
   *
   * @throws SpanmillError DOCUMENT_POISON, DELIVERY_LOST
   */
  alone<Value>(delivery: Delivery, task: Task<Value>): Promise<Value>;
  /**
   * One run with those that came just before and just behind it: one record for all of them, since each costs a round trip.
   *
   * @param turn kept when those that came before are read.
   * @returns undefined where it has to run alone: it died, or one of the few was lost.
   */
  amongFew<Value>(
    delivery: Delivery,
    task: Task<Value>,
    turn: Promise<void>,
  ): Promise<{ readonly value: Value } | undefined>;
  /** One came that does not run among few: who comes behind it is not read before it. */
  closeFew(): void;
}

export interface TrialParts {
  readonly source: Pick<Source, "suspect">;
  readonly clock: Clock;
  readonly batcher: Pick<Batcher<Delivery>, "alone">;
  readonly events: (event: WorkerEvent) => void;
  /** Ends the worker. */
  readonly fail: (error: unknown) => void;
  /** Tries again for as long as the trouble may pass. */
  readonly lasting: <Value>(delivery: Delivery, work: () => Promise<Value>) => Promise<Value>;
}

export function trials({ source, clock, batcher, events, fail, lasting }: TrialParts): Trials {
  let gathering: Few | undefined;

  /** The marker must be safe before, whatever it takes, and stays until the documents are written. */
  function marked<Value>(
    deliveries: () => readonly Delivery[],
    work: (ask: Ask<Delivery>) => Promise<Value>,
  ): Promise<Value> {
    const mark = async () => {
      const all = deliveries();
      if (all.length === 0) return;
      for (const { message } of all) events({ kind: "suspect", place: message.place });
      try {
        await lasting(all[0]!, () => source.suspect(...all));
      } catch (error) {
        if (!isLost(error)) fail(error);
        throw error;
      }
    };
    // What dies later did not die of these.
    const clear = () => source.suspect().catch(fail);
    return batcher.alone(mark, work, clear);
  }

  function gather(turn: Promise<void>): Few {
    const members: Member[] = [];
    let ours: readonly Member[] = [];
    const close = () => {
      if (gathering === few) gathering = undefined;
      ours = members.filter(({ delivery }) => delivery.isOurs());
      return ours.map(({ delivery }) => delivery);
    };
    const work = (ask: Ask<Delivery>) => Promise.all(ours.map((member) => member.work(ask)));
    const over = turn
      .then(() => marked(close, work))
      .then(
        () => undefined,
        (error: unknown) => {
          // Nobody knows which: each will hear for itself.
          if (!isLost(error)) throw error;
        },
      );
    const few = { members, over };
    return few;
  }

  /** Where threads die of anything at all, no document is to blame. */
  async function acquitEngine(delivery: Delivery): Promise<void> {
    try {
      // Text that no cache has an answer for.
      const text = `A probe of ${clock.wall()} and ${clock.now()}.`;
      // Nobody is on record meanwhile: the probe is nobody's.
      await batcher.alone(
        () => source.suspect(),
        (ask) => ask([{ kind: "text", text }], [delivery]),
      );
    } catch (error) {
      fail(error);
      throw error;
    }
  }

  return {
    async alone(delivery, task) {
      for (let deaths = 0; deaths < DEATHS; deaths++) {
        task.onTry();
        try {
          return await marked(
            () => [delivery],
            (ask) => answered(delivery, task, ask),
          );
        } catch (error) {
          if (!isDeath(error)) throw error;
        }
      }
      await acquitEngine(delivery);
      throw new SpanmillError(
        "DOCUMENT_POISON",
        `the document ended its worker thread ${DEATHS} times while nothing else ran: out of memory, or a crash in native code`,
      );
    },
    async amongFew(delivery, task, turn) {
      type Outcome = { readonly value: Awaited<ReturnType<typeof task.write>> };
      let outcome: Outcome | undefined;
      let failure: { readonly error: unknown } | undefined;
      const work = async (ask: Ask<Delivery>) => {
        task.onTry();
        try {
          outcome = { value: (await answered(delivery, task, ask)) as Outcome["value"] };
        } catch (error) {
          if (!isDeath(error)) failure = { error };
        }
      };
      if (gathering === undefined || gathering.members.length >= MOST_TOGETHER) gathering = gather(turn);
      gathering.members.push({ delivery, work });
      await gathering.over;
      if (failure !== undefined) throw (failure as { readonly error: unknown }).error;
      return outcome;
    },
    closeFew() {
      gathering = undefined;
    },
  };
}

/** So many deaths alone make a document poison, of threads or of processes. */
export const DEATHS = 2;

/** Fewer than the record has room for; those whose process dies run one by one the next time. */
const MOST_TOGETHER = 16;

interface Few {
  readonly members: Member[];
  /** Kept when they have run, or could not. */
  readonly over: Promise<void>;
}

interface Member {
  readonly delivery: Delivery;
  work(ask: Ask<Delivery>): Promise<void>;
}

async function answered<Value>(
  delivery: Delivery,
  { read, write }: Task<Value>,
  ask: Ask<Delivery>,
): Promise<Value> {
  const blocks = read();
  return write(blocks.length === 0 ? [] : await ask(blocks, [delivery]));
}

export function isDeath(error: unknown): boolean {
  return error instanceof SpanmillError && error.code === "THREAD_DIED";
}

/** Whoever has the document now works on it: here it is neither done nor set aside, and nobody waits for it. */
export function isLost(error: unknown): boolean {
  return error instanceof SpanmillError && error.code === "DELIVERY_LOST";
}
