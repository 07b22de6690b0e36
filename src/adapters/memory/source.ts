/** Messages held in memory as a source: for demonstrations and tests. It shows what a real one would have on record. */
import type { Delivery, Intake, Place, Source, SourceMessage } from "../../ports/source.js";
import { createStopping } from "../stopping.js";

/** What is on record, beyond the life of one source. */
export interface Ledger {
  /** Names of the places that are done. */
  readonly done: Set<string>;
  /** Deaths by the name of the place. */
  readonly suspects: Map<string, number>;
}

export interface MemorySource extends Source {
  /** What would be read first by the next process, by `topic/partition`: all below it is done. */
  watermark(topic: string, partition: number): string | undefined;
  readonly ledger: Ledger;
}

export function emptyLedger(): Ledger {
  return { done: new Set(), suspects: new Map() };
}

/**
 * @param messages in order within each partition.
 * @param ledger what an earlier source has put on record: what it has done up to the first that it has not is left out.
 */
export function memorySource(
  messages: readonly SourceMessage[],
  ledger: Ledger = emptyLedger(),
): MemorySource {
  const open = notDone(messages, ledger);
  /** What the suspects of this life counted before it. */
  const before = new Map<string, number>();
  const stopping = createStopping();
  let running: Promise<void> = Promise.resolve();

  async function run(intake: Intake): Promise<void> {
    for (const message of open) {
      for (let room = intake.room(); room !== undefined && !stopping.isStopped; room = intake.room()) {
        await stopping.before(room);
      }
      if (stopping.isStopped) return;
      intake.take(delivery(message));
      // Others of the process get their turn, as between two fetches.
      await undefined;
    }
  }

  function withdraw(): void {
    for (const [name, deaths] of before) {
      if (deaths > 0) ledger.suspects.set(name, deaths);
      else ledger.suspects.delete(name);
    }
    before.clear();
  }

  function delivery(message: SourceMessage): Delivery {
    const name = nameOf(message.place);
    const deaths = ledger.suspects.get(name);
    const done = () => {
      ledger.done.add(name);
      ledger.suspects.delete(name);
      before.delete(name);
    };
    return {
      message,
      deaths: deaths ?? 0,
      unsure: deaths === 0,
      narrowed: deaths === 0,
      isOurs: () => true,
      done,
    };
  }

  return {
    ledger,
    run(intake) {
      running = run(intake);
      return running;
    },
    async stop() {
      stopping.stop();
      await running;
    },
    async suspect(...deliveries) {
      withdraw();
      for (const { message, deaths } of deliveries) {
        const name = nameOf(message.place);
        before.set(name, deaths);
        ledger.suspects.set(name, deliveries.length === 1 ? deaths + 1 : deaths);
      }
    },
    // Who comes this far has outlived them.
    async close() {
      withdraw();
    },
    watermark(topic, partition) {
      const own = messages.filter(({ place }) => place.topic === topic && place.partition === partition);
      return own.find(({ place }) => !ledger.done.has(nameOf(place)))?.place.offset;
    },
  };
}

/** From the first of each partition on that is not done: a watermark says nothing of what lies above it. */
function notDone(messages: readonly SourceMessage[], { done }: Ledger): SourceMessage[] {
  const behind = new Set<string>();
  return messages.filter(({ place }) => {
    const partition = `${place.topic}/${place.partition}`;
    if (!done.has(nameOf(place))) behind.add(partition);
    return behind.has(partition);
  });
}

function nameOf({ topic, partition, offset }: Place): string {
  return `${topic}/${partition}/${offset}`;
}
