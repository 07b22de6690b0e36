/** A topic from where it is to be read to its end as of now: for tools that look once and leave. */
import type { Consumer, EachBatchPayload, Kafka } from "kafkajs";
import { SpanmillError } from "../../errors.js";
import type { SourceMessage } from "../../ports/source.js";
import { describeKafka, kafkaErrorFacts } from "./log.js";
import { copyMessage } from "./message.js";
import { readPositions } from "./positions.js";

/** Offsets `from` to `to - 1` of a partition. */
export interface Stretch {
  readonly partition: number;
  readonly from: bigint;
  readonly to: bigint;
}

/**
 * All that the topic holds now; with a group, what lies behind its record.
 *
 * @throws SpanmillError KAFKA_CONSUMER_FAILED
 */
export async function stretchesOf(kafka: Kafka, topic: string, groupId?: string): Promise<Stretch[]> {
  const admin = kafka.admin();
  try {
    await admin.connect();
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
    const partitions = (topics[0]?.partitions ?? []).map(({ partitionId }) => partitionId);
    if (groupId === undefined) {
      const bounds = await admin.fetchTopicOffsets(topic);
      return bounds.map(({ partition, low, high }) => ({ partition, from: BigInt(low), to: BigInt(high) }));
    }
    const names = partitions.map((partition) => ({ topic, partition }));
    const found = await readPositions(kafka, groupId, names);
    return found.map(({ committed, low, high }, at) => ({
      partition: partitions[at]!,
      // A record beyond the end is of a topic that was made anew.
      from: committed > low && committed <= high ? committed : low,
      to: high,
    }));
  } catch (error) {
    throw unreadable(error, topic);
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
}

export interface ReadSettings {
  readonly topic: string;
  readonly stretches: readonly Stretch[];
  /** Nobody else may be in it. */
  readonly groupId: string;
  /** Puts on record what was taken, for who goes on later; otherwise the group is removed in the end. */
  readonly remembers: boolean;
  /** Ends the reading after what is being taken. */
  readonly stop: AbortSignal;
}

/**
 * kafkajs reads in a consumer group only, so a group of its own is joined and left again.
 *
 * @param take is given messages of one partition in their order; the next ones come when its promise is kept.
 * @returns whether the end was reached; false where it was stopped before.
 * @throws SpanmillError KAFKA_CONSUMER_FAILED, and what `take` throws: what it did not take is not on record.
 */
export async function readToEnd(
  kafka: Kafka,
  settings: ReadSettings,
  take: (messages: readonly SourceMessage[]) => Promise<void>,
): Promise<boolean> {
  const { topic, stretches, groupId, remembers, stop } = settings;
  const reading = readingOf(stretches);
  if (reading.left.size === 0) return true;
  await requireEmpty(kafka, groupId);
  const consumer = kafka.consumer({
    groupId,
    allowAutoTopicCreation: false,
    maxWaitTimeInMs: 200,
    retry: { retries: 8, restartOnFailure: async () => false },
  });
  watch(consumer, topic, reading);
  const stopNow = () => reading.stop();
  stop.addEventListener("abort", stopNow, { once: true });
  if (stop.aborted) stopNow();
  try {
    await consumer.connect();
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      eachBatch: (payload) => reading.hold(takeBatch(consumer, reading, payload, remembers, take)),
    });
    for (const { partition, from } of stretches) consumer.seek({ topic, partition, offset: `${from}` });
    return await reading.ended;
  } catch (error) {
    throw unreadable(error, topic);
  } finally {
    reading.end();
    stop.removeEventListener("abort", stopNow);
    await consumer.disconnect().catch(() => undefined);
    if (!remembers) await remove(kafka, groupId);
  }
}

/** What is left to read of each partition, and whether anybody still wants it. */
interface Reading {
  readonly left: ReadonlyMap<number, Pick<Stretch, "from" | "to">>;
  /** Kept with whether the end was reached. */
  readonly ended: Promise<boolean>;
  isOver(): boolean;
  /** All before `next` is done. */
  reached(partition: number, next: bigint): void;
  /** Ends when what is being taken is on record: kafkajs commits nothing any more once it is told to stop. */
  stop(): void;
  end(): void;
  fail(error: unknown): void;
  /** A batch that is being taken. Never rejects: kafkajs would take the error for one that passes. */
  hold(taking: Promise<void>): Promise<void>;
}

function readingOf(stretches: readonly Stretch[]): Reading {
  const unread = stretches.filter(({ from, to }) => from < to);
  const left = new Map(unread.map(({ partition, from, to }) => [partition, { from, to }]));
  let isOver = false;
  let isTaking = false;
  let resolve!: (isComplete: boolean) => void;
  let reject!: (error: unknown) => void;
  const ended = new Promise<boolean>((kept, broken) => {
    resolve = kept;
    reject = broken;
  });
  // A failure may come before anybody waits for it.
  ended.catch(() => undefined);
  const end = () => {
    isOver = true;
    resolve(left.size === 0);
  };
  const fail = (error: unknown) => {
    isOver = true;
    reject(error);
  };
  return {
    left,
    ended,
    isOver: () => isOver,
    stop: () => {
      isOver = true;
      if (!isTaking) end();
    },
    end,
    fail,
    hold: async (taking) => {
      isTaking = true;
      await taking.catch(fail);
      isTaking = false;
      if (isOver) end();
    },
    reached: (partition, next) => {
      const stretch = left.get(partition);
      if (stretch === undefined || next <= stretch.from) return;
      if (next < stretch.to) stretch.from = next;
      else left.delete(partition);
      if (left.size === 0) end();
    },
  };
}

async function takeBatch(
  consumer: Consumer,
  reading: Reading,
  payload: EachBatchPayload,
  remembers: boolean,
  take: (messages: readonly SourceMessage[]) => Promise<void>,
): Promise<void> {
  const { batch, resolveOffset, isStale } = payload;
  const { topic, partition, messages } = batch;
  for (let at = 0; at < messages.length && !reading.isOver() && !isStale(); at += SLICE) {
    const stretch = reading.left.get(partition);
    const slice = messages.slice(at, at + SLICE);
    const wanted = slice.filter(({ offset }) => isWithin(BigInt(offset), stretch));
    if (wanted.length > 0) {
      await beating(payload, take(wanted.map((message) => copyMessage(topic, partition, message).message)));
    }
    // Markers of transactions that close the batch are among no messages, and kafkajs resolves them with the last one.
    const isLast = at + SLICE >= messages.length;
    const next = BigInt(isLast ? batch.lastOffset() : slice.at(-1)!.offset) + 1n;
    if (stretch !== undefined && remembers && wanted.length > 0) {
      const offset = String(next < stretch.to ? next : stretch.to);
      await consumer.commitOffsets([{ topic, partition, offset }]);
    }
    resolveOffset(slice.at(-1)!.offset);
    reading.reached(partition, next);
  }
}

/** Messages that are taken at once, and put on record together. */
const SLICE = 200;

function isWithin(offset: bigint, stretch: Pick<Stretch, "from" | "to"> | undefined): boolean {
  return stretch !== undefined && offset >= stretch.from && offset < stretch.to;
}

/** A broker that is waited for must not cost the membership. */
async function beating({ heartbeat }: EachBatchPayload, work: Promise<void>): Promise<void> {
  let isDone = false;
  const done = work.finally(() => {
    isDone = true;
  });
  while (!isDone) {
    let timer: NodeJS.Timeout | undefined;
    const tick = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, HEARTBEAT);
    });
    await Promise.race([done, tick]).finally(() => clearTimeout(timer));
    if (!isDone) await heartbeat();
  }
  await done;
}

const HEARTBEAT = 2_000;

function watch(consumer: Consumer, topic: string, { left, reached, fail }: Reading): void {
  const { events } = consumer;
  consumer.on(events.GROUP_JOIN, ({ payload }) => {
    const own = payload.memberAssignment[topic] ?? [];
    if ([...left.keys()].some((partition) => !own.includes(partition))) fail(notAlone(payload.groupId));
  });
  // Of a batch without messages (markers of transactions, a compacted stretch) this is the only notice.
  consumer.on(events.START_BATCH_PROCESS, ({ payload }) => {
    if (payload.batchSize === 0) reached(payload.partition, BigInt(payload.lastOffset) + 1n);
  });
  consumer.on(events.CRASH, ({ payload }) => fail(payload.error));
}

async function requireEmpty(kafka: Kafka, groupId: string): Promise<void> {
  const admin = kafka.admin();
  try {
    await admin.connect();
    const { groups } = await admin.describeGroups([groupId]);
    if ((groups[0]?.members.length ?? 0) > 0) throw notAlone(groupId);
  } catch (error) {
    throw unreadable(error);
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
}

/** It has no record, so the broker forgets it soon by itself where this is not allowed. */
async function remove(kafka: Kafka, groupId: string): Promise<void> {
  const admin = kafka.admin({ retry: { retries: 1 } });
  try {
    await admin.connect();
    await admin.deleteGroups([groupId]);
  } catch {
    // Said above.
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
}

function notAlone(groupId: string): SpanmillError {
  return new SpanmillError(
    "KAFKA_CONSUMER_FAILED",
    `Another process is at the same work, in the group ${groupId}. Wait for its end; one that was killed is gone after 30 s.`,
  );
}

function unreadable(error: unknown, topic?: string): SpanmillError {
  if (error instanceof SpanmillError) return error;
  const { code } = kafkaErrorFacts(error);
  const missing =
    topic !== undefined && (code === "UNKNOWN_TOPIC_OR_PARTITION" || code === "INVALID_TOPIC_EXCEPTION");
  return new SpanmillError(
    "KAFKA_CONSUMER_FAILED",
    missing
      ? `No such topic, or none that this user may see: ${topic}. Create it, or mend its name.`
      : `Kafka cannot be read (${describeKafka(error)}). Check the brokers' addresses, TLS, user and rights.`,
    { cause: error },
  );
}
