import fc from "fast-check";
import { Partitioners } from "kafkajs";
import { describe, expect, test } from "vitest";
import { murmur2, partitionOf } from "../../../src/adapters/kafka/partition.js";

describe("murmur2", () => {
  // org.apache.kafka.common.utils.UtilsTest.testMurmur2
  test.each([
    ["21", -973932308],
    ["foobar", -790332482],
    ["a-little-bit-long-string", -985981536],
    ["a-little-bit-longer-string", -1486304829],
    ["lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971],
    ["abc", 479470107],
  ])("gives Kafka's own number for %s", (key, hash) => {
    expect(murmur2(Buffer.from(key))).toBe(hash);
  });
});

describe("partitionOf", () => {
  test("puts every key where kafkajs's Java-compatible partitioner puts it", () => {
    const theirs = Partitioners.JavaCompatiblePartitioner();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 70 }), fc.integer({ min: 1, max: 200 }), (bytes, partitions) => {
        const key = Buffer.from(bytes);
        const partitionMetadata = Array.from({ length: partitions }, (_, partitionId) => ({
          partitionId,
          leader: 1,
          partitionErrorCode: 0,
          replicas: [],
          isr: [],
        }));
        expect(partitionOf(key, partitions)).toBe(
          theirs({ topic: "t", partitionMetadata, message: { key, value: null } }),
        );
      }),
    );
  });
});
