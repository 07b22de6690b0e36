import type { KafkaMessage } from "kafkajs";
import { describe, expect, it } from "vitest";
import { copyMessage } from "../../../src/adapters/kafka/message.js";

function fetched(part: Partial<KafkaMessage>): KafkaMessage {
  return {
    key: null,
    value: null,
    timestamp: "-1",
    attributes: 0,
    offset: "7",
    headers: {},
    ...part,
  } as KafkaMessage;
}

describe("a message out of a fetch buffer", () => {
  it("has memory of its own, as much as it needs", () => {
    const buffer = Buffer.alloc(1 << 20, "x");
    buffer.write("keyvaluehead");
    const { message, bytes } = copyMessage(
      "t",
      3,
      fetched({
        key: buffer.subarray(0, 3),
        value: buffer.subarray(3, 8),
        headers: { h: buffer.subarray(8, 12) },
        timestamp: "1700000000000",
      }),
    );
    buffer.fill(0);
    expect(bytes).toBe(12);
    expect(message.key?.toString()).toBe("key");
    expect(message.value?.toString()).toBe("value");
    expect(message.headers.map(([name, value]) => [name, value.toString()])).toEqual([["h", "head"]]);
    expect(message.value?.buffer.byteLength).toBe(12);
    expect(message.timestamp).toBe(1_700_000_000_000);
    expect(message.place).toEqual({ topic: "t", partition: 3, offset: "7" });
  });

  it("tells no key from an empty one, and a tombstone from an empty value", () => {
    expect(copyMessage("t", 0, fetched({})).message).toMatchObject({ key: undefined, value: undefined });
    const empty = copyMessage("t", 0, fetched({ key: Buffer.alloc(0), value: Buffer.alloc(0) })).message;
    expect([empty.key?.length, empty.value?.length]).toEqual([0, 0]);
  });

  it("keeps headers that stand more than once, and those without a value", () => {
    const headers = {
      a: [Buffer.from("1"), Buffer.from("2")],
      b: null,
      c: "3",
    } as unknown as NonNullable<KafkaMessage["headers"]>;
    const { message } = copyMessage("t", 0, fetched({ headers }));
    expect(message.headers.map(([name, value]) => `${name}=${value}`)).toEqual(["a=1", "a=2", "b=", "c=3"]);
  });

  it.each([
    ["the log has none", "-1"],
    ["it is in microseconds", "1700000000000000"],
    ["it is in nanoseconds", "1700000000000000000"],
    ["it is just past the year 9999", "253402300800000"],
  ])("has no time where %s", (_, timestamp) => {
    expect(copyMessage("t", 0, fetched({ timestamp })).message.timestamp).toBeUndefined();
  });

  it("has a time up to the end of the year 9999", () => {
    const { timestamp } = copyMessage("t", 0, fetched({ timestamp: "253402300799999" })).message;
    expect(new Date(timestamp!).toISOString()).toBe("9999-12-31T23:59:59.999Z");
  });
});
