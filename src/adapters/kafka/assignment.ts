/**
 * The partitions that are ours, as the last GROUP_JOIN said. A broker checks member and generation of a commit, never
 * whose the partition is, so what is not in here is never committed.
 */
import { createReach, type Reach } from "./reach.js";
import { lifeOf, type Running } from "./record.js";
import type { PartitionName } from "./source-events.js";
import type { Offset, Tracker } from "./tracker.js";

/** One ownership of a partition. Lost and gained again, it is another object. */
export interface Partition extends PartitionName {
  /** Undefined until its position is known. Replaced where the log was cut or made anew. */
  tracker: Tracker | undefined;
  /** What the group has on record, undefined where it has nothing that counts. */
  committed: { readonly offset: Offset; readonly metadata: string } | undefined;
  /** What the group has on record no longer exists; ours is written even before a document comes. */
  jumped: boolean;
  /** Which of our lives as a member of the group this is. */
  readonly life: string;
  readonly reach: Reach;
  /** A process that held the partition before and did not end cleanly. */
  unclean: Running | undefined;
  /** Deaths as found on record, see record.ts. */
  readonly found: Map<Offset, number>;
  /** Deaths as marked by this process: they count only if it dies. */
  readonly marked: Map<Offset, number>;
  /** The log's end as it was last seen: at the opening, then at each fetch. */
  high: Offset | undefined;
  /** kafkajs passed over a stretch without documents and reads on from here. */
  skimmedTo: Offset | undefined;
}

export interface Change {
  readonly gained: readonly Partition[];
  readonly kept: readonly Partition[];
  readonly lost: readonly Partition[];
}

export interface Assignment {
  get(topic: string, partition: number): Partition | undefined;
  owns(partition: Partition): boolean;
  all(): readonly Partition[];
  /** Documents handed over and not done. */
  open(): number;
  /**
   * Of what was ours nothing is kept where others may have moved on in it.
   *
   * @param memberId another one than before: we were put out.
   * @param missed a generation came and went since the last call, in which we had nothing and others may have had anything.
   */
  join(memberId: string, assigned: Readonly<Record<string, readonly number[]>>, missed?: boolean): Change;
  /** Nothing is ours. */
  leave(): void;
}

export function createAssignment(): Assignment {
  let member: string | undefined;
  let owned = new Map<string, Partition>();
  const get = (topic: string, partition: number) => owned.get(`${partition} ${topic}`);
  return {
    get,
    owns: (partition) => get(partition.topic, partition.partition) === partition,
    all: () => [...owned.values()],
    open: () => [...owned.values()].reduce((sum, { tracker }) => sum + (tracker?.open ?? 0), 0),
    join: (memberId, assigned, missed = false) => {
      const before = owned;
      const same = memberId === member && !missed;
      member = memberId;
      owned = new Map();
      const gained: Partition[] = [];
      const kept: Partition[] = [];
      for (const [topic, partitions] of Object.entries(assigned)) {
        for (const partition of partitions) {
          const name = `${partition} ${topic}`;
          const old = same ? before.get(name) : undefined;
          const now = old?.tracker === undefined ? unopened(topic, partition, memberId) : old;
          (now === old ? kept : gained).push(now);
          owned.set(name, now);
        }
      }
      const lost = [...before].filter(([name, old]) => owned.get(name) !== old).map(([, old]) => old);
      return { gained, kept, lost };
    },
    leave: () => {
      member = undefined;
      owned = new Map();
    },
  };
}

function unopened(topic: string, partition: number, memberId: string): Partition {
  return {
    topic,
    partition,
    life: lifeOf(memberId),
    reach: createReach(),
    unclean: undefined,
    tracker: undefined,
    committed: undefined,
    jumped: false,
    found: new Map(),
    marked: new Map(),
    high: undefined,
    skimmedTo: undefined,
  };
}
