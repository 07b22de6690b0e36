/**
 * Whether this user may read, asked by requests that change nothing. kafkajs reads in a group alone, which must not be
 * joined for a look, so its own brokers are asked.
 */
import type { Kafka } from "kafkajs";
import { SpanmillError } from "../../errors.js";
import { describeKafka, kafkaErrorFacts } from "./log.js";
import type { PartitionName } from "./source-events.js";

export type Right =
  | { readonly is: "given" | "denied" }
  /** The broker had another answer. */
  | { readonly is: "unknown"; readonly cause: string };

/** A partition, and the offset after its last message: nothing is there to be sent. */
export interface LogEnd extends PartitionName {
  readonly high: bigint;
}

export interface ReadRights {
  readonly group: Right;
  /** In the order of the ends: the right is the topic's. */
  readonly topics: readonly Right[];
}

/** @throws the errors of kafkajs, and SpanmillError INTERNAL where kafkajs is no longer built as this expects. */
export async function askReadRights(
  kafka: Kafka,
  groupId: string,
  ends: readonly LogEnd[],
): Promise<ReadRights> {
  const cluster = clusterOf(kafka);
  try {
    await cluster.connect();
    await cluster.addMultipleTargetTopics([...new Set(ends.map(({ topic }) => topic))]);
    const topics: Right[] = [];
    for (const end of ends) topics.push(await mayFetch(cluster, end));
    return { group: await mayJoin(cluster, groupId), topics };
  } finally {
    await cluster.disconnect().catch(() => undefined);
  }
}

async function mayFetch(cluster: Cluster, { topic, partition, high }: LogEnd): Promise<Right> {
  return rightOf(TOPIC, async () => {
    const [leader = ""] = Object.keys(cluster.findLeaderForPartitions(topic, [partition]));
    const broker = await cluster.findBroker({ nodeId: leader });
    const partitions = [{ partition, fetchOffset: String(high), maxBytes: 1 }];
    await broker.fetch({ maxWaitTime: 0, minBytes: 0, maxBytes: 1, topics: [{ topic, partitions }] });
  });
}

/** Joining, heartbeats and commits need the same right; the heartbeat of somebody unknown has no effect. */
async function mayJoin(cluster: Cluster, groupId: string): Promise<Right> {
  return rightOf(GROUP, async () => {
    const broker = await cluster.findGroupCoordinator({ groupId });
    await broker.heartbeat({ groupId, groupGenerationId: 0, memberId: "spanmill-look" });
  });
}

/** The broker looks at the right before all else. */
interface Answers {
  readonly denied: string;
  /** What comes after that look. */
  readonly given: ReadonlySet<string>;
}

const TOPIC: Answers = { denied: "TOPIC_AUTHORIZATION_FAILED", given: new Set(["OFFSET_OUT_OF_RANGE"]) };
const GROUP: Answers = {
  denied: "GROUP_AUTHORIZATION_FAILED",
  given: new Set(["UNKNOWN_MEMBER_ID", "ILLEGAL_GENERATION", "REBALANCE_IN_PROGRESS", "GROUP_ID_NOT_FOUND"]),
};

async function rightOf({ denied, given }: Answers, ask: () => Promise<void>): Promise<Right> {
  try {
    await ask();
    return { is: "given" };
  } catch (error) {
    const { code = "" } = kafkaErrorFacts(error);
    if (code === denied) return { is: "denied" };
    return given.has(code) ? { is: "given" } : { is: "unknown", cause: describeKafka(error) };
  }
}

function clusterOf(kafka: Kafka): Cluster {
  const isIt = ({ description }: symbol) => description === "private:Kafka:createCluster";
  const name = Object.getOwnPropertySymbols(kafka).find(isIt);
  const create = name && (kafka as unknown as Record<symbol, unknown>)[name];
  if (typeof create !== "function") {
    throw new SpanmillError("INTERNAL", "kafkajs: a client has no clusters to ask. Use kafkajs 2.2.4.");
  }
  return create({ allowAutoTopicCreation: false }) as Cluster;
}

/** kafkajs's own (`src/cluster`, `src/broker`), of which no types are exported. */
interface Cluster {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  addMultipleTargetTopics(topics: readonly string[]): Promise<void>;
  findLeaderForPartitions(topic: string, partitions: readonly number[]): Readonly<Record<string, unknown>>;
  findBroker(of: { nodeId: string }): Promise<Broker>;
  findGroupCoordinator(of: { groupId: string }): Promise<Broker>;
}

interface Broker {
  fetch(request: object): Promise<unknown>;
  heartbeat(request: object): Promise<unknown>;
}
