/**
 * The handler of batches: hands documents over and waits, heartbeating, where there is no room. To kafkajs a resolved
 * offset means "taken charge of"; that it is done is the tracker's matter.
 */
import type { Batch, EachBatchPayload } from "kafkajs";
import { describeForeign, SpanmillError } from "../../errors.js";
import type { Delivery, Intake } from "../../ports/source.js";
import type { Partition } from "./assignment.js";
import { type Desk, mayHandOver, seek, tickOf } from "./desk.js";
import { drain, isRebalance } from "./drain.js";
import { copyMessage } from "./message.js";
import { acceptGap } from "./opening.js";
import { startOf } from "./position.js";
import { readPositions } from "./positions.js";
import { reasonOf } from "./source-events.js";
import type { Tracker } from "./tracker.js";
import { createTracker } from "./tracker.js";

/** A delivery and the ownership that it belongs to. */
export type Owners = WeakMap<Delivery, Partition>;

/**
 * Errors of kafkajs go back to kafkajs, which acts on them. All others end the source here: a TypeError thrown into
 * kafkajs stops the consumer for good while the process lives on.
 */
export async function handleBatch(
  desk: Desk,
  intake: Intake,
  owners: Owners,
  payload: EachBatchPayload,
): Promise<void> {
  desk.commits.via(payload.commitOffsetsIfNecessary);
  const partition = desk.assignment.get(payload.batch.topic, payload.batch.partition);
  const beat = createBeat(desk, payload);
  const live = () =>
    partition !== undefined && mayHandOver(desk, partition) && payload.isRunning() && !payload.isStale();
  try {
    // Not opened yet: not resolved either, so it comes again once it is.
    if (partition?.tracker === undefined || !live()) return;
    if (!(await inPlace(desk, partition, payload.batch, beat.until))) return;
    await handOver({ desk, intake, owners, payload, partition, beat, live });
  } catch (error) {
    if (beat.thrown(error)) throw error;
    desk.fail(error instanceof SpanmillError ? error : internal(error));
  }
}

interface Handling {
  readonly desk: Desk;
  readonly intake: Intake;
  readonly owners: Owners;
  readonly payload: EachBatchPayload;
  readonly partition: Partition;
  readonly beat: Beat;
  readonly live: () => boolean;
}

async function handOver(handling: Handling): Promise<void> {
  const { desk, intake, owners, payload, partition, beat, live } = handling;
  const { batch, resolveOffset } = payload;
  for (const message of batch.messages) {
    const offset = BigInt(message.offset);
    for (let wait = obstacle(handling, offset); wait; wait = obstacle(handling, offset)) await wait();
    // From here to `take` nothing waits: what `live` and `room` said still holds.
    if (!live()) return;
    const tracker = partition.tracker!;
    if (!tracker.alreadySeen(offset)) {
      const { message: copy, bytes } = copyMessage(batch.topic, batch.partition, message);
      tracker.add(offset, bytes);
      const delivery = {
        message: copy,
        ...historyOf(partition, offset),
        isOurs: () => desk.assignment.owns(partition),
        done: () => done(desk, partition, tracker, offset),
      };
      owners.set(delivery, partition);
      partition.reach.took();
      intake.take(delivery);
    }
    resolveOffset(message.offset);
    await beat.now();
  }
  // Behind the last document may be transaction markers, which kafkajs has passed over as well.
  if (desk.assignment.owns(partition)) partition.tracker!.moveTo(BigInt(batch.lastOffset()) + 1n);
  desk.report({
    kind: "batch",
    topic: batch.topic,
    partition: batch.partition,
    messages: batch.messages.length,
    lag: lagOf(partition) ?? 0,
  });
}

/** Why a document cannot be handed over at this moment, as what waits for it. */
function obstacle(
  { desk, intake, partition, beat, live }: Handling,
  offset: bigint,
): (() => Promise<void>) | undefined {
  if (!live()) return undefined;
  if (desk.clock.now() >= desk.memberUntil) return beat.pause;
  if (full(desk, partition.tracker!)) return beat.pause;
  const room = intake.room();
  if (room !== undefined) return () => beat.until(room, live);
  if (partition.reach.allows(offset)) return undefined;
  return () => extend(desk, partition, offset, beat);
}

/** Has it on record first that the document may be in our hands. */
async function extend(desk: Desk, { reach }: Partition, offset: bigint, beat: Beat): Promise<void> {
  reach.want(offset);
  await beat.until(
    desk.commits.flush().then(() => undefined),
    () => true,
  );
  if (!reach.allows(offset)) await beat.pause();
}

function historyOf(
  { found, unclean }: Partition,
  offset: bigint,
): Pick<Delivery, "deaths" | "unsure" | "narrowed"> {
  const deaths = found.get(offset);
  return {
    deaths: deaths ?? 0,
    narrowed: deaths === 0,
    unsure: deaths === 0 || (unclean !== undefined && offset < unclean.bound),
  };
}

function full({ settings }: Desk, { distance, bytes }: Tracker): boolean {
  return distance >= settings.maxDistance || (distance > 0 && bytes >= settings.maxDistanceBytes);
}

function done(desk: Desk, partition: Partition, tracker: Tracker, offset: bigint): void {
  const moved = tracker.done(offset);
  if (partition.tracker === tracker) {
    partition.found.delete(offset);
    partition.marked.delete(offset);
  }
  if (moved || desk.draining !== undefined) desk.waiting.wake();
}

/** Documents of the log from the watermark on, as of the last fetch; undefined before its position is known. */
export function lagOf({ high, tracker }: Partition): number | undefined {
  if (high === undefined || tracker === undefined) return undefined;
  return high > tracker.watermark ? Number(high - tracker.watermark) : 0;
}

/**
 * Whether the batch was fetched from where we meant to read. Where the position is out of range, kafkajs jumps to the
 * log's beginning and commits a negative offset, with auto-commit off too; the batch after it comes from elsewhere.
 * Gaps inside the log (compaction) do not count: it is the offset asked for that is compared, not the first one got.
 */
async function inPlace(
  desk: Desk,
  partition: Partition,
  batch: Batch,
  until: Beat["until"],
): Promise<boolean> {
  const fetched = fetchedOffset(batch);
  const tracker = partition.tracker!;
  partition.high = BigInt(batch.highWatermark);
  if (fetched === tracker.next) return true;
  let read: Awaited<ReturnType<typeof readPositions>> | undefined;
  await until(
    readPositions(desk.kafka, desk.settings.groupId, [partition]).then(
      (found) => {
        read = found;
      },
      (error: unknown) => desk.report({ kind: "positions-failed", reason: reasonOf(error) }),
    ),
    () => mayHandOver(desk, partition),
  );
  const found = read?.[0];
  // Not resolved: the batch comes again.
  if (found === undefined || !mayHandOver(desk, partition)) return false;
  const { at, gap } = startOf(tracker.next, found, desk.settings.outOfRange);
  if (gap === undefined) {
    if (fetched === partition.skimmedTo) tracker.moveTo(fetched);
    else seek(desk, partition);
    return fetched === partition.skimmedTo;
  }
  // Our position takes the place of what kafkajs has committed.
  partition.committed = undefined;
  if (desk.settings.outOfRange === "fail") await desk.commits.flush();
  if (!acceptGap(desk, partition, gap)) return false;
  if (at < tracker.next) partition.tracker = createTracker(at);
  else tracker.moveTo(at);
  if (fetched === at) return true;
  seek(desk, partition);
  return false;
}

/** Not in kafkajs's types; a test holds it in place. */
function fetchedOffset(batch: Batch): bigint {
  const { fetchedOffset } = batch as Batch & { readonly fetchedOffset?: unknown };
  if (typeof fetchedOffset === "string") return BigInt(fetchedOffset);
  throw new SpanmillError("INTERNAL", "kafkajs does not say from which offset it fetched");
}

interface Beat {
  now(): Promise<void>;
  /** Waits a little, or until something changed, and beats. */
  pause(): Promise<void>;
  /** Waits for a promise that never rejects, beating, as long as `going`. */
  until(what: Promise<void>, going: () => boolean): Promise<void>;
  thrown(error: unknown): boolean;
}

/** Heartbeats from within a handler; the only way in which it learns of a rebalance. */
function createBeat(desk: Desk, { heartbeat }: EachBatchPayload): Beat {
  let failed: { readonly error: unknown } | undefined;
  const now = async (): Promise<void> => {
    try {
      await heartbeat();
    } catch (error) {
      failed = { error };
      if (isRebalance(error)) await drain(desk, heartbeat);
      throw error;
    }
  };
  const pause = async (): Promise<void> => {
    await desk.waiting.pause(tickOf(desk.settings));
    await now();
  };
  return {
    now,
    pause,
    until: async (what, going) => {
      let over = false;
      void what.then(() => {
        over = true;
        desk.waiting.wake();
      });
      while (!over && going()) await pause();
    },
    thrown: (error) => failed !== undefined && failed.error === error,
  };
}

function internal(error: unknown): SpanmillError {
  return new SpanmillError("INTERNAL", `the hand-over of a batch failed: ${describeForeign(error)}`, {
    cause: error,
  });
}
