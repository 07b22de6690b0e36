/**
 * Finds out where to read on, before kafkajs may fetch: partitions that we gain are paused within GROUP_JOIN, their
 * record and the log's bounds read, and only then resumed. So a position that is out of range is seen before kafkajs
 * jumps over the gap, and known suspects before they are handed over.
 */
import { SpanmillError } from "../../errors.js";
import type { Partition } from "./assignment.js";
import { type Desk, resume, seek } from "./desk.js";
import { type Gap, startOf } from "./position.js";
import { type Found, readMembers, readPositions } from "./positions.js";
import { lifeOf, type PartitionRecord, parseRecord, type Running } from "./record.js";
import { type PartitionName, reasonOf } from "./source-events.js";
import { createTracker } from "./tracker.js";

/** Never rejects. Tries until it knows, or nothing of it is ours any more. */
export async function openPartitions(desk: Desk, gained: readonly Partition[]): Promise<void> {
  const current = () => gained.filter((one) => desk.phase === "running" && desk.assignment.owns(one));
  for (let wanted = current(); wanted.length > 0; wanted = current()) {
    try {
      const found = await readPositions(desk.kafka, desk.settings.groupId, wanted);
      const records = found.map(({ metadata }) => parseRecord(metadata));
      const living = await livesBeside(desk, records);
      wanted.forEach((one, at) => {
        if (desk.phase !== "running" || !desk.assignment.owns(one)) return;
        open(desk, one, found[at]!, records[at]!, living);
      });
      resume(
        desk,
        current().filter(({ tracker }) => tracker !== undefined),
      );
      return;
    } catch (error) {
      const reason = reasonOf(error);
      desk.report({ kind: "positions-failed", reason });
      if (REFUSED.test(reason)) return desk.fail(refused(reason));
    }
    await desk.waiting.pause(RETRY);
  }
}

/** Which of the processes that were at work still are. The others did not end cleanly. */
async function livesBeside(desk: Desk, records: readonly PartitionRecord[]): Promise<ReadonlySet<string>> {
  const lives = records.flatMap(({ running }) => running.map(({ life }) => life));
  if (lives.every((life) => desk.lives.has(life))) return desk.lives;
  const members = await readMembers(desk.kafka, desk.settings.groupId);
  return new Set([...desk.lives, ...members.map(lifeOf)]);
}

function open(
  desk: Desk,
  partition: Partition,
  found: Found,
  { suspects, running }: PartitionRecord,
  living: ReadonlySet<string>,
): void {
  const { at, gap } = startOf(found.committed, found, desk.settings.outOfRange);
  if (gap !== undefined && !acceptGap(desk, partition, gap)) return;
  partition.tracker = createTracker(at);
  partition.high = found.high;
  for (const [offset, deaths] of suspects) partition.found.set(offset, deaths);
  partition.unclean = uncleanEnd(running, living, found.high);
  if (partition.unclean !== undefined && partition.unclean.bound > at) {
    const { topic, partition: number } = partition;
    desk.report({
      kind: "unclean-end",
      topic,
      partition: number,
      first: `${at}`,
      end: `${partition.unclean.bound}`,
    });
  }
  partition.jumped = gap !== undefined;
  partition.committed =
    gap === undefined && found.committed >= 0n
      ? { offset: found.committed, metadata: found.metadata }
      : undefined;
  seek(desk, partition);
}

/** What lies behind the end of the log came to nobody. */
function uncleanEnd(
  running: readonly Running[],
  living: ReadonlySet<string>,
  high: bigint,
): Running | undefined {
  const gone = running.filter(({ life }) => !living.has(life));
  const last = gone.reduce<Running | undefined>((a, b) => (a && a.bound >= b.bound ? a : b), undefined);
  return last && { life: last.life, bound: last.bound < high ? last.bound : high };
}

/** Tells of the gap, and by policy ends the run. @returns whether to read on behind it. */
export function acceptGap(
  desk: Desk,
  { topic, partition }: PartitionName,
  { expected, found }: Gap,
): boolean {
  desk.report({ kind: "jump", topic, partition, expected: expected?.toString(), found: `${found}` });
  if (desk.settings.outOfRange !== "fail") return true;
  const from = expected === undefined ? "an unknown offset" : `offset ${expected}`;
  desk.fail(
    new SpanmillError(
      "KAFKA_OFFSET_OUT_OF_RANGE",
      `partition ${partition} of topic ${topic} was to be read from ${from}, which its log no longer holds; reading could go on from ${found}. Allow it by the out-of-range policy (earliest or latest), or set the group's offset`,
    ),
  );
  return false;
}

function refused(reason: string): SpanmillError {
  return new SpanmillError(
    "KAFKA_CONSUMER_FAILED",
    `the broker refuses to tell the positions of the group (${reason}); give this user the right to read the topics and the group`,
  );
}

const REFUSED = /AUTHORIZATION_FAILED|AUTHENTICATION/;
const RETRY = 500;
