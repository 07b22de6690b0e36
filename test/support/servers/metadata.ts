/** What one broker believes of its cluster, asked of that very broker. */
import { askOnce, WireWriter } from "./wire.js";

export interface ClusterView {
  /** Address by node id, of the brokers that this one takes for alive. */
  readonly brokers: ReadonlyMap<number, string>;
  readonly partitions: readonly PartitionView[];
}

export interface PartitionView {
  readonly topic: string;
  readonly partition: number;
  /** Node id, or -1 while there is none. */
  readonly leader: number;
  readonly replicas: readonly number[];
  readonly inSync: readonly number[];
}

/** @param address of the broker, `host:port` */
export function readMetadata(address: string, topics: readonly string[] = []): Promise<ClusterView> {
  return askOnce(address, async (wire) => {
    const body = new WireWriter();
    body.array(topics, (topic) => body.string(topic));
    const answer = await wire.request(3, 1, body);
    const brokers = answer.array(() => {
      const [id, host, port] = [answer.int32(), answer.string(), answer.int32()];
      answer.string(); // rack
      return [id, `${host}:${port}`] as const;
    });
    answer.int32(); // controller
    const partitions = answer.array(() => {
      const error = answer.int16();
      const topic = answer.string() ?? "";
      answer.int8(); // internal
      const found = answer.array(() => {
        answer.int16(); // error; where there is no leader, the leader is -1
        const [partition, leader] = [answer.int32(), answer.int32()];
        const [replicas, inSync] = [answer.array(() => answer.int32()), answer.array(() => answer.int32())];
        return { topic, partition, leader, replicas, inSync };
      });
      if (error !== 0) throw new Error(`topic ${topic}: Kafka's error ${error}`);
      return found;
    });
    return { brokers: new Map(brokers), partitions: partitions.flat() };
  });
}

/** The address of the group's coordinator; fails while there is none. Asking makes Kafka create its offsets topic. */
export function readCoordinator(address: string, group: string): Promise<string> {
  return askOnce(address, async (wire) => {
    const answer = await wire.request(10, 0, new WireWriter().string(group));
    const [error, , host, port] = [answer.int16(), answer.int32(), answer.string(), answer.int32()];
    if (error !== 0) throw new Error(`no coordinator: Kafka's error ${error}`);
    return `${host}:${port}`;
  });
}
