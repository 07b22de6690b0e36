/** Moves the leader of a partition to a broker of the test's choice, while all brokers go on. */
import { Kafka, logLevel } from "kafkajs";
import { readMetadata } from "./metadata.js";
import { until } from "./until.js";
import { askOnce, WireWriter } from "./wire.js";

const ELECT_LEADERS = 43;
const PREFERRED = 0;
const ELECTION_NOT_NEEDED = 84;

/**
 * Makes the broker the first of the partition's replicas, then has the first elected, which kafkajs cannot ask for.
 * Resolves when every broker of `brokers` knows the new leader.
 *
 * @param brokers addresses, `host:port`
 * @param to node id of a broker that holds a replica
 */
export async function moveLeader(
  brokers: readonly string[],
  { topic, partition, to }: { readonly topic: string; readonly partition: number; readonly to: number },
): Promise<void> {
  const { replicas } = await partitionOf(brokers[0]!, topic, partition);
  if (!replicas.includes(to)) throw new Error(`broker ${to} has no replica of partition ${partition}`);

  const admin = new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    const order = [to, ...replicas.filter((id) => id !== to)];
    const partitionAssignment = [{ partition, replicas: order }];
    await admin.alterPartitionReassignments({ topics: [{ topic, partitionAssignment }] });
  } finally {
    await admin.disconnect();
  }
  // The order may arrive at the controller after the election has been asked for.
  await until(`broker ${to} elected`, async () => {
    await electPreferred(brokers[0]!, topic, partition);
    return (await partitionOf(brokers[0]!, topic, partition)).leader === to;
  });
  await until(`leader ${to} known to all`, async () => {
    const views = await Promise.all(brokers.map((address) => partitionOf(address, topic, partition)));
    return views.every(({ leader }) => leader === to);
  });
}

async function partitionOf(address: string, topic: string, partition: number) {
  const { partitions } = await readMetadata(address, [topic]);
  const found = partitions.find((each) => each.partition === partition);
  if (!found) throw new Error(`there is no partition ${partition}`);
  return found;
}

function electPreferred(address: string, topic: string, partition: number): Promise<void> {
  return askOnce(address, async (wire) => {
    const body = new WireWriter().int8(PREFERRED);
    body.array([topic], (name) => {
      body.string(name).array([partition], (each) => body.int32(each));
    });
    body.int32(30_000);
    const answer = await wire.request(ELECT_LEADERS, 1, body);
    answer.int32(); // throttled
    const errors = [answer.int16()];
    answer.array(() => {
      answer.string();
      answer.array(() => {
        answer.int32();
        errors.push(answer.int16());
        answer.string();
      });
    });
    const wrong = errors.find((error) => error !== 0 && error !== ELECTION_NOT_NEEDED);
    if (wrong !== undefined) throw new Error(`no election: Kafka's error ${wrong}`);
  });
}
