/** What the events of kafkajs's consumer mean to us. Its listeners are not awaited; what must be done within is sync. */
import type { ConsumerGroupJoinEvent } from "kafkajs";
import { SpanmillError } from "../../errors.js";
import { type Desk, pause, seek } from "./desk.js";
import { kafkaErrorFacts } from "./log.js";
import { openPartitions } from "./opening.js";
import { lifeOf } from "./record.js";
import { type PartitionName, reasonOf } from "./source-events.js";
import type { Watchdog } from "./watchdog.js";

export function listen(desk: Desk, watchdog: Watchdog): void {
  const { consumer, commits, report } = desk;
  const { events } = consumer;
  let missing = 0;
  /** Since the last GROUP_JOIN. Each may have made us a member of a generation; kafkajs tells of the last one alone. */
  let joins = 0;
  /** See `Desk.memberUntil`, of the answer heard last. */
  let sure = Number.NEGATIVE_INFINITY;
  consumer.on(events.HEARTBEAT, () => {
    desk.memberUntil = sure;
    report({ kind: "heartbeat", after: watchdog.beat() });
  });
  consumer.on(events.FETCH_START, () => watchdog.sign());
  consumer.on(events.FETCH, () => watchdog.sign());
  consumer.on(events.REQUEST_TIMEOUT, ({ payload }) => {
    watchdog.sign();
    if (payload.apiName === "JoinGroup") joins++;
  });
  consumer.on(events.REQUEST, ({ payload }) => {
    watchdog.sign();
    // Told before what it answers to: HEARTBEAT and GROUP_JOIN come only of an answer without an error.
    if (MEMBERSHIP.has(payload.apiName))
      sure = desk.clock.now() - Math.max(0, payload.duration) + desk.settings.sessionTimeout;
    // From here to GROUP_JOIN kafkajs may already hold the new generation and we the old partitions.
    if (payload.apiName !== "JoinGroup") return;
    commits.hold();
    joins++;
  });
  consumer.on(events.REBALANCING, () => {
    report({ kind: "rebalancing" });
    // Where no handler ran there was no drain; a commit sent before the join still counts.
    void commits.flush();
  });
  consumer.on(events.GROUP_JOIN, ({ payload }) => {
    desk.memberUntil = sure;
    watchdog.beat();
    missing = 0;
    joined(desk, payload, joins > 1);
    joins = 0;
    commits.go();
  });
  consumer.on(events.CRASH, ({ payload }) => {
    watchdog.absent();
    // kafkajs has left the group, or was put out of it; where it starts anew it does so as another member.
    commits.via(undefined);
    desk.assignment.leave();
    desk.draining = undefined;
    desk.waiting.wake();
    const reason = reasonOf(payload.error);
    report({ kind: "crash", restart: payload.restart, reason });
    // Where a topic is gone kafkajs starts anew without end, ten times a second, and reads the others no more either.
    missing = kafkaErrorFacts(payload.error).code === "UNKNOWN_TOPIC_OR_PARTITION" ? missing + 1 : 0;
    if (missing === CRASHES_OF_MISSING) desk.fail(gone(desk.settings.topics));
    if (!payload.restart) desk.fail(gaveUp(reason));
  });
  // Of a batch without documents (markers, aborted transactions) this is the only notice; kafkajs reads on behind it.
  consumer.on(events.START_BATCH_PROCESS, ({ payload }) => {
    const partition = desk.assignment.get(payload.topic, payload.partition);
    if (payload.batchSize > 0 || partition?.tracker === undefined) return;
    const behind = BigInt(payload.lastOffset) + 1n;
    partition.skimmedTo = behind;
    if (payload.firstOffset === `${partition.tracker.next}`) partition.tracker.moveTo(behind);
  });
}

/** Requests whose answers, where they are no errors, say that we are of the group. */
const MEMBERSHIP: ReadonlySet<string> = new Set(["Heartbeat", "SyncGroup"]);

/** Within the event, before kafkajs fetches again. */
function joined(
  desk: Desk,
  { memberId, memberAssignment }: ConsumerGroupJoinEvent["payload"],
  missed: boolean,
): void {
  const { gained, kept, lost } = desk.assignment.join(memberId, memberAssignment, missed);
  desk.lives.add(lifeOf(memberId));
  desk.draining = undefined;
  desk.report({
    kind: "assigned",
    partitions: desk.assignment.all().map(nameOf),
    gained: gained.map(nameOf),
    lost: lost.map(nameOf),
  });
  for (const partition of kept) seek(desk, partition);
  const still = desk.phase === "running" ? gained : [...gained, ...kept];
  pause(desk, still);
  desk.waiting.wake();
  if (desk.phase === "running") void openPartitions(desk, gained);
}

/** The heartbeats of a paused consumer go on; without the pause it would fetch the same batches again and again. */
export function pauseAll(desk: Desk): void {
  pause(desk, desk.assignment.all());
}

function nameOf({ topic, partition }: PartitionName): PartitionName {
  return { topic, partition };
}

/** The first may come of a broker that has not heard of the topic yet. */
const CRASHES_OF_MISSING = 3;

function gone(topics: readonly string[]): SpanmillError {
  return new SpanmillError(
    "KAFKA_CONSUMER_FAILED",
    `A topic is gone, or hidden from this user, of ${topics.join(", ")}. Create it anew, or take it from --kafka-topics, and start again.`,
  );
}

export function gaveUp(reason: string): SpanmillError {
  return new SpanmillError(
    "KAFKA_CONSUMER_FAILED",
    `the Kafka consumer ended (${reason}); see that the brokers, the topics and this user's rights are there, and start again`,
  );
}
