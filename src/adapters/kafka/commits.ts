/**
 * Writes watermarks and suspects on record. One attempt a call and one call at a time: kafkajs's own retries would
 * carry an old payload over a rejoin into partitions that are no longer ours.
 */
import type { Assignment, Partition } from "./assignment.js";
import { type KafkaSourceEvent, reasonOf } from "./source-events.js";
import { formatSuspects } from "./suspects.js";
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
}

export function createCommits(assignment: Assignment, report: (event: KafkaSourceEvent) => void): Commits {
  let commit: Commit | undefined;
  let held = false;
  let running: Promise<boolean> | undefined;
  let after: Promise<boolean> | undefined;

  const once = async (): Promise<boolean> => {
    const due = assignment.all().flatMap(dueOf);
    if (due.length === 0) return true;
    if (held) return false;
    // Then nothing is due but positions that nobody has moved.
    if (commit === undefined) return true;
    try {
      // No await between reading what is ours and the call: the call is fenced by its generation, taken now.
      await commit(payloadOf(due));
    } catch (error) {
      report({ kind: "commit-failed", partitions: due.length, reason: reasonOf(error) });
      return false;
    }
    for (const { of, offset, metadata } of due) of.committed = { offset, metadata };
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
      commit = now;
    },
    hold: () => {
      held = true;
    },
    go: () => {
      held = false;
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
}

function dueOf(of: Partition): Due[] {
  if (of.tracker === undefined) return [];
  const offset = of.tracker.watermark;
  const metadata = formatSuspects(suspectsFrom(of, offset));
  const { committed } = of;
  if (committed !== undefined && offset < committed.offset) return [];
  if (committed?.offset === offset && committed.metadata === metadata) return [];
  return [{ of, offset, metadata }];
}

function suspectsFrom({ found, marked }: Partition, watermark: Offset): Map<Offset, number> {
  return new Map([...found, ...marked].filter(([offset]) => offset >= watermark));
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
