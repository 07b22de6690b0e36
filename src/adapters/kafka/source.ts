/** Documents from a Kafka consumer group, at least once, in order within a partition. */
import type { Consumer, EachBatchPayload, Kafka } from "kafkajs";
import type { Clock } from "../../ports/clock.js";
import type { Source } from "../../ports/source.js";
import { createAssignment } from "./assignment.js";
import { type CommitPayload, createCommits } from "./commits.js";
import type { Desk } from "./desk.js";
import { handleBatch, lagOf, type Owners } from "./handover.js";
import { gaveUp, listen, pauseAll } from "./listening.js";
import { type KafkaSourceEvent, type PartitionName, reasonOf } from "./source-events.js";
import type { KafkaSourceSettings } from "./source-settings.js";
import { markSuspects } from "./suspect.js";
import { createWaiting } from "./waiting.js";
import { startWatchdog, type Watchdog } from "./watchdog.js";

export interface KafkaSourceHooks {
  readonly clock: Clock;
  /** Must not throw. */
  readonly report: (event: KafkaSourceEvent) => void;
}

export interface KafkaSource extends Source {
  /** For gauges, at any time. */
  status(): {
    /** Milliseconds since the last heartbeat; undefined while none is to be expected. */
    readonly heartbeatAge: number | undefined;
    readonly partitions: readonly (PartitionName & {
      readonly watermark: string | undefined;
      readonly open: number;
      readonly distance: number;
      readonly bytes: number;
      /** As of the last fetch; undefined before the position is known. */
      readonly lag: number | undefined;
    })[];
  };
}

/**
 * @param kafka a client that no other consumer of the same group uses: kafkajs shares what it knows of committed
 * offsets among the consumers of a client.
 * @throws SpanmillError from `run`: KAFKA_CONSUMER_FAILED, KAFKA_HEARTBEAT_LOST, KAFKA_OFFSET_OUT_OF_RANGE, INTERNAL;
 * from `suspect`: DELIVERY_LOST.
 */
export function openKafkaSource(
  kafka: Kafka,
  settings: KafkaSourceSettings,
  { clock, report }: KafkaSourceHooks,
): KafkaSource {
  const consumer = createConsumer(kafka, settings);
  const assignment = createAssignment();
  const waiting = createWaiting();
  const ended = deferred();
  const desk: Desk = {
    kafka,
    consumer,
    settings,
    clock,
    assignment,
    waiting,
    report,
    commits: createCommits(assignment, (payload) => commitEarly(consumer, payload), report),
    fail: (error) => {
      if (desk.phase === "failed" || desk.phase === "closed") return;
      desk.phase = "failed";
      pauseAll(desk);
      waiting.wake();
      ended.reject(error);
    },
    phase: "idle",
    lives: new Set(),
    draining: undefined,
    memberUntil: Number.NEGATIVE_INFINITY,
  };
  const owners: Owners = new WeakMap();
  const watchdog: { now: Watchdog | undefined } = { now: undefined };
  // A failure that comes before or after `run` waits for it is no unhandled rejection.
  ended.promise.catch(() => undefined);

  return {
    run: async (intake) => {
      if (desk.phase !== "idle") return ended.promise;
      desk.phase = "running";
      watchdog.now = startWatchdog(settings, clock, desk.fail);
      listen(desk, watchdog.now);
      void start(desk, (payload) => handleBatch(desk, intake, owners, payload));
      void commitNowAndThen(desk);
      await ended.promise.finally(() => waiting.wake());
    },
    stop: async () => {
      if (desk.phase === "running") {
        desk.phase = "stopping";
        pauseAll(desk);
        waiting.wake();
      }
      // `take` is called only in one step with a look at `phase`, so no call is under way and none follows.
      ended.resolve();
    },
    suspect: (...deliveries) => markSuspects(desk, owners, deliveries),
    close: async () => {
      await leave(desk);
      watchdog.now?.stop();
    },
    status: () => ({
      heartbeatAge: watchdog.now?.age(),
      partitions: assignment.all().map((one) => ({
        topic: one.topic,
        partition: one.partition,
        watermark: one.tracker?.watermark.toString(),
        open: one.tracker?.open ?? 0,
        distance: one.tracker?.distance ?? 0,
        bytes: one.tracker?.bytes ?? 0,
        lag: lagOf(one),
      })),
    }),
  };
}

function createConsumer(kafka: Kafka, settings: KafkaSourceSettings): Consumer {
  return kafka.consumer({
    groupId: settings.groupId,
    sessionTimeout: settings.sessionTimeout,
    heartbeatInterval: settings.heartbeatInterval,
    rebalanceTimeout: settings.rebalanceTimeout,
    maxWaitTimeInMs: settings.maxWait,
    maxBytes: settings.maxBytes,
    maxBytesPerPartition: settings.maxBytesPerPartition,
    metadataMaxAge: settings.metadataMaxAge,
    allowAutoTopicCreation: false,
  });
}

function commitEarly(consumer: Consumer, { topics }: CommitPayload): Promise<void> {
  return consumer.commitOffsets(
    topics.flatMap(({ topic, partitions }) => partitions.map((partition) => ({ topic, ...partition }))),
  );
}

async function start(desk: Desk, eachBatch: (payload: EachBatchPayload) => Promise<void>): Promise<void> {
  const { consumer, settings } = desk;
  try {
    await consumer.connect();
    if (desk.phase !== "running") return;
    // What we do not jump to `latest` by policy, kafkajs must not jump to either.
    await consumer.subscribe({ topics: [...settings.topics], fromBeginning: true });
    if (desk.phase !== "running") return;
    await consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently: settings.partitionsAtOnce,
      eachBatch,
    });
  } catch (error) {
    desk.fail(gaveUp(reasonOf(error)));
  }
}

async function commitNowAndThen(desk: Desk): Promise<void> {
  const { clock, commits, settings, waiting } = desk;
  for (let last = clock.now(); desk.phase !== "closed"; ) {
    const left = settings.commitInterval - (clock.now() - last);
    if (left > 0) {
      await waiting.pause(left);
      continue;
    }
    last = clock.now();
    if (desk.draining === undefined) await commits.flush();
  }
}

/** Commits what is done, then leaves the group, so that others start at once and read nothing of it again. */
async function leave(desk: Desk): Promise<void> {
  const { clock, commits, consumer, settings, waiting } = desk;
  if (desk.phase === "closed") return;
  const began = desk.phase !== "idle";
  if (desk.phase === "running") desk.phase = "stopping";
  commits.leaving();
  const deadline = clock.now() + settings.closeTimeout;
  while (began && !(await commits.flush()) && clock.now() < deadline) await waiting.pause(RETRY);
  desk.phase = "closed";
  waiting.wake();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, settings.closeTimeout);
  });
  await Promise.race([consumer.disconnect().catch(() => undefined), late]);
  clearTimeout(timer);
}

function deferred(): { promise: Promise<void>; resolve: () => void; reject: (error: Error) => void } {
  let resolve: () => void = () => undefined;
  let reject: (error: Error) => void = () => undefined;
  const promise = new Promise<void>((kept, broken) => {
    resolve = kept;
    reject = broken;
  });
  return { promise, resolve, reject };
}

const RETRY = 200;
