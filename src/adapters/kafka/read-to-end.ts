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
  { topic, stretches, groupId, remembers, stop }: ReadSettings,
  take: (messages: readonly SourceMessage[]) => Promise<void>,
): Promise<boolean> {
  const left = new Map(
    stretches.filter(({ from, to }) => from < to).map(({ partition, from, to }) => [partition, { from, to }]),
  );
  if (left.size === 0) return true;
  await requireEmpty(kafka, groupId);
  const consumer = kafka.consumer({
    groupId,
    allowAutoTopicCreation: false,
    maxWaitTimeInMs: 200,
    retry: { retries: 8, restartOnFailure: async () => false },
  });
  let isOver = false;
  const ended = deferred<boolean>();
  const end = () => {
    isOver = true;
    ended.resolve(left.size === 0);
  };
  const fail = (error: unknown) => {
    isOver = true;
    ended.reject(error instanceof SpanmillError ? error : unreadable(error, topic));
  };
  const reached = (partition: number, next: bigint) => {
    const stretch = left.get(partition);
    if (stretch === undefined || next <= stretch.from) return;
    if (next < stretch.to) stretch.from = next;
    else left.delete(partition);
    if (left.size === 0) end();
  };

  async function eachBatch(payload: EachBatchPayload): Promise<void> {
    const { batch, resolveOffset, isStale } = payload;
    const { partition } = batch;
    for (let at = 0; at < batch.messages.length && !isOver && !isStale(); at += SLICE) {
      const stretch = left.get(partition);
      const slice = batch.messages.slice(at, at + SLICE);
      const wanted = slice.filter(({ offset }) => isWithin(BigInt(offset), stretch));
      if (wanted.length > 0) {
        await beating(payload, take(wanted.map((message) => copyMessage(topic, partition, message).message)));
      }
      const last = slice.at(-1)!.offset;
      const next = BigInt(last) + 1n;
      if (stretch !== undefined && remembers && wanted.length > 0) {
        const offset = String(next < stretch.to ? next : stretch.to);
        await consumer.commitOffsets([{ topic, partition, offset }]);
      }
      resolveOffset(last);
      reached(partition, next);
      if (stop.aborted) end();
    }
  }

  watch(consumer, topic, left, reached, fail);
  stop.addEventListener("abort", end, { once: true });
  try {
    await consumer.connect();
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      // kafkajs would take an error for one that passes.
      eachBatch: (payload) => eachBatch(payload).catch(fail),
    });
    for (const { partition, from } of stretches) consumer.seek({ topic, partition, offset: `${from}` });
    return await ended.promise;
  } catch (error) {
    throw error instanceof SpanmillError ? error : unreadable(error, topic);
  } finally {
    isOver = true;
    stop.removeEventListener("abort", end);
    ended.promise.catch(() => undefined);
    await consumer.disconnect().catch(() => undefined);
    if (!remembers) await remove(kafka, groupId);
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

function watch(
  consumer: Consumer,
  topic: string,
  left: ReadonlyMap<number, unknown>,
  reached: (partition: number, next: bigint) => void,
  fail: (error: unknown) => void,
): void {
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
    throw error instanceof SpanmillError ? error : unreadable(error);
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
  const missing = topic !== undefined && (code === "UNKNOWN_TOPIC_OR_PARTITION" || code === "INVALID_TOPIC");
  return new SpanmillError(
    "KAFKA_CONSUMER_FAILED",
    missing
      ? `No such topic, or none that this user may see: ${topic}. Create it, or mend its name.`
      : `Kafka cannot be read (${describeKafka(error)}). Check the brokers' addresses, TLS, user and rights.`,
    { cause: error },
  );
}

function deferred<T>(): {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (error: unknown) => void;
} {
  let resolve!: (value: T) => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<T>((kept, broken) => {
    resolve = kept;
    reject = broken;
  });
  promise.catch(() => undefined);
  return { promise, resolve, reject };
}
