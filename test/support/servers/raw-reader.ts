/**
 * Reads whole topics by Kafka's protocol alone: no kafkajs, no consumer group, nothing of src. For whoever checks what
 * the worker has written. Record batches of version 2, uncompressed or gzip.
 * https://kafka.apache.org/documentation/#messageformat
 */
import { readMetadata } from "./metadata.js";
import { readBatches } from "./record-batch.js";
import { openWire, type Wire, WireWriter } from "./wire.js";

export interface RawRecord {
  readonly partition: number;
  readonly offset: bigint;
  /** Milliseconds since 1970, as the record says. */
  readonly timestamp: bigint;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  /** In their order; one key may come twice. */
  readonly headers: readonly (readonly [key: string, value: Buffer | null])[];
}

export interface TopicContent {
  /** By partition, then by offset. */
  readonly records: readonly RawRecord[];
  /** First offset that still exists, and the offset after the last, of each partition. */
  readonly ranges: ReadonlyMap<number, { readonly low: bigint; readonly high: bigint }>;
}

const LIST_OFFSETS = 2;
const FETCH = 1;
const EARLIEST = -2n;
const LATEST = -1n;
const MOST_BYTES = 4 * 1024 * 1024;

/**
 * All records that are in the topic when it is asked, up to the high watermark. Records of aborted transactions are
 * among them; markers of transactions are not.
 *
 * @param bootstrap addresses of brokers, `host:port`, joined by commas
 * @param from by partition, the first offset wanted; all where it is left out
 */
export async function readTopic(
  bootstrap: string,
  topic: string,
  from: ReadonlyMap<number, bigint> = new Map(),
): Promise<TopicContent> {
  const { brokers, partitions } = await readFirst(bootstrap.split(","), topic);
  const wires = new Map<number, Wire>();
  const ranges = new Map<number, { low: bigint; high: bigint }>();
  const records: RawRecord[] = [];
  try {
    for (const { partition, leader } of partitions.toSorted((a, b) => a.partition - b.partition)) {
      const address = brokers.get(leader);
      if (!address) throw new Error(`partition ${partition} of ${topic} has no leader`);
      const wire = wires.get(leader) ?? (await openWire(address));
      wires.set(leader, wire);
      const low = await listOffset(wire, topic, partition, EARLIEST);
      const high = await listOffset(wire, topic, partition, LATEST);
      ranges.set(partition, { low, high });
      const wanted = from.get(partition) ?? low;
      const start = wanted > low ? wanted : low;
      for await (const record of readPartition(wire, topic, partition, start, high)) records.push(record);
    }
  } finally {
    for (const wire of wires.values()) wire.close();
  }
  return { records, ranges };
}

/** From the first broker that answers: others may be down, which is what is being tested. */
async function readFirst(addresses: readonly string[], topic: string) {
  let last: unknown;
  for (const address of addresses) {
    try {
      return await readMetadata(address, [topic]);
    } catch (error) {
      last = error;
    }
  }
  throw last;
}

async function listOffset(wire: Wire, topic: string, partition: number, timestamp: bigint): Promise<bigint> {
  const body = new WireWriter().int32(-1);
  body.array([topic], (name) => {
    body.string(name).array([partition], (each) => body.int32(each).int64(timestamp));
  });
  const answer = await wire.request(LIST_OFFSETS, 1, body);
  const [found] = answer.array(() => {
    answer.string();
    return answer.array(() => {
      const [, error, , offset] = [answer.int32(), answer.int16(), answer.int64(), answer.int64()];
      if (error !== 0) throw new Error(`offsets of partition ${partition}: Kafka's error ${error}`);
      return offset;
    });
  });
  return found![0]!;
}

async function* readPartition(
  wire: Wire,
  topic: string,
  partition: number,
  low: bigint,
  high: bigint,
): AsyncGenerator<RawRecord> {
  for (let next = low; next < high; ) {
    const { records, end } = readBatches(await fetchFrom(wire, topic, partition, next));
    // Compaction may leave a batch that ends before the wanted offset, or none at all up to the end.
    if (end === undefined || end < next)
      throw new Error(`partition ${partition} has nothing at offset ${next}`);
    for (const record of records) {
      if (record.offset >= next && record.offset < high) yield { partition, ...record };
    }
    next = end + 1n;
  }
}

/** Version 11: brokers hold zstd back from those who ask in an older one. */
async function fetchFrom(wire: Wire, topic: string, partition: number, offset: bigint): Promise<Buffer> {
  const body = new WireWriter().int32(-1).int32(1000).int32(1).int32(MOST_BYTES).int8(0).int32(0).int32(-1);
  body.array([topic], (name) => {
    body.string(name).array([partition], (each) => {
      body.int32(each).int32(-1).int64(offset).int64(-1n).int32(MOST_BYTES);
    });
  });
  body.array([], () => {}).string("");
  const answer = await wire.request(FETCH, 11, body);
  answer.int32(); // throttled
  const failed = answer.int16();
  if (failed !== 0) throw new Error(`fetch: Kafka's error ${failed}`);
  answer.int32(); // session
  const [found] = answer.array(() => {
    answer.string();
    return answer.array(() => {
      const [, error] = [answer.int32(), answer.int16()];
      if (error !== 0) throw new Error(`partition ${partition} at ${offset}: Kafka's error ${error}`);
      answer.int64(); // high watermark
      answer.int64(); // last stable offset
      answer.int64(); // first offset
      answer.array(() => [answer.int64(), answer.int64()]); // aborted transactions
      answer.int32(); // replica to ask instead
      return answer.raw(Math.max(answer.int32(), 0));
    });
  });
  return found![0]!;
}
