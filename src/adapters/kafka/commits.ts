/**
 * Writes watermarks, suspects and that we are at work on record. One attempt a call and one call at a time: kafkajs's own retries would
 * carry an old payload over a rejoin into partitions that are no longer ours.
 */
import type { Assignment, Partition } from "./assignment.js";
import { formatRecord, type Running } from "./record.js";
import { type KafkaSourceEvent, reasonOf } from "./source-events.js";
import type { Offset } from "./tracker.js";

export interface CommitPayload {
  readonly topics: {
    readonly topic: string;
    readonly partitions: { readonly partition: number; readonly offset: string; readonly metadata: string }[];
  }[];
}

export type Commit = (payload: CommitPayload) => Promise<void>;

export interface Commits {
  /** Kept with true where nothing is left to write, with false where it failed or cannot be done now. */
  flush(): Promise<boolean>;
  /** How to commit as the consumer that lives now; undefined: none was handed over since it lives. */
  via(commit: Commit | undefined): void;
  /** While the group joins nothing is written: kafkajs may hold the new generation, and we the old partitions. */
  hold(): void;
  go(): void;
  /** From now on the record says that nobody is at work: the process ends in good order, and does not die of its suspects. */
  leaving(): void;
}

/** @param early how to commit before any handler has run; tried again by kafkajs, so for nothing that moves. */
export function createCommits(
  assignment: Assignment,
  early: Commit,
  report: (event: KafkaSourceEvent) => void,
): Commits {
  let handed: Commit | undefined;
  let held = false;
  let leaving = false;
  let running: Promise<boolean> | undefined;
  let after: Promise<boolean> | undefined;

  const once = async (): Promise<boolean> => {
    // Before a handler has run nothing is due but positions that nobody has moved; of these a jump must not be lost.
    const due = assignment
      .all()
      .filter(({ jumped }) => handed !== undefined || jumped)
      .flatMap((one) => dueOf(one, leaving));
    if (due.length === 0) return true;
    if (held) return false;
    const commit = handed ?? early;
    try {
      // No await between reading what is ours and the call: the call is fenced by its generation, taken now.
      await commit(payloadOf(due));
    } catch (error) {
      report({ kind: "commit-failed", partitions: due.length, reason: reasonOf(error) });
      return false;
    }
    for (const { of, offset, metadata, bound } of due) {
      of.committed = { offset, metadata };
      if (bound !== undefined) of.reach.recorded(bound);
    }
    report({ kind: "committed", partitions: due.length });
    return true;
  };
  const start = (): Promise<boolean> => {
    running = once().finally(() => {
      running = undefined;
    });
    return running;
  };

  return {
    via: (now) => {
      handed = now;
    },
    hold: () => {
      held = true;
    },
    go: () => {
      held = false;
    },
    leaving: () => {
      leaving = true;
    },
    flush: () => {
      if (running === undefined) return start();
      after ??= running.then(() => {
        after = undefined;
        return start();
      });
      return after;
    },
  };
}

interface Due {
  readonly of: Partition;
  readonly offset: Offset;
  readonly metadata: string;
  readonly bound: Offset | undefined;
}

function dueOf(of: Partition, leaving: boolean): Due[] {
  if (of.tracker === undefined) return [];
  const { next, watermark: offset } = of.tracker;
  const { committed } = of;
  if (committed !== undefined && offset < committed.offset) return [];
  const moved = committed?.offset !== offset;
  const bound = leaving ? undefined : of.reach.due(next, moved);
  const suspects = suspectsFrom(of, offset, leaving);
  const metadata = formatRecord({ suspects, running: [...uncleanFrom(of, offset), ...oursWith(of, bound)] });
  if (!moved && committed.metadata === metadata) return [];
  return [{ of, offset, metadata, bound }];
}

function suspectsFrom(
  { found, marked }: Partition,
  watermark: Offset,
  leaving: boolean,
): Map<Offset, number> {
  return new Map([...found, ...(leaving ? [] : marked)].filter(([offset]) => offset >= watermark));
}

/** Others shall know of it as long as a document of it is not done. */
function uncleanFrom({ unclean }: Partition, watermark: Offset): Running[] {
  return unclean === undefined || unclean.bound <= watermark ? [] : [unclean];
}

function oursWith({ life }: Partition, bound: Offset | undefined): Running[] {
  return bound === undefined ? [] : [{ life, bound }];
}

function payloadOf(due: readonly Due[]): CommitPayload {
  const topics = new Map<string, CommitPayload["topics"][number]>();
  for (const { of, offset, metadata } of due) {
    const topic = topics.get(of.topic) ?? { topic: of.topic, partitions: [] };
    topic.partitions.push({ partition: of.partition, offset: `${offset}`, metadata });
    topics.set(of.topic, topic);
  }
  return { topics: [...topics.values()] };
}
