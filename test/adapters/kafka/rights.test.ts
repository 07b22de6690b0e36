/** What an answer says of a right; that a broker answers so is tried in test/integration/rights.test.ts. */
import type { Kafka } from "kafkajs";
import { describe, expect, test } from "vitest";
import { askReadRights } from "../../../src/adapters/kafka/rights.js";

/** A client whose broker answers a fetch and a heartbeat so. */
function answering(fetch?: string, heartbeat?: string): Kafka {
  const answer = (type?: string) => async () => {
    if (type !== undefined) throw Object.assign(new Error(), { name: "KafkaJSProtocolError", type });
  };
  const broker = { fetch: answer(fetch), heartbeat: answer(heartbeat) };
  const nothing = async () => undefined;
  const cluster = {
    ...{ connect: nothing, disconnect: nothing, addMultipleTargetTopics: nothing },
    findLeaderForPartitions: () => ({ 1: [0] }),
    findBroker: async () => broker,
    findGroupCoordinator: async () => broker,
  };
  return { [Symbol("private:Kafka:createCluster")]: () => cluster } as unknown as Kafka;
}

const ask = (kafka: Kafka) => askReadRights(kafka, "g", [{ topic: "t", partition: 0, high: 7n }]);

describe("the right to read", () => {
  test.each([
    [undefined, "UNKNOWN_MEMBER_ID", { group: { is: "given" }, topics: [{ is: "given" }] }],
    ["OFFSET_OUT_OF_RANGE", undefined, { group: { is: "given" }, topics: [{ is: "given" }] }],
    [
      "TOPIC_AUTHORIZATION_FAILED",
      "GROUP_AUTHORIZATION_FAILED",
      { group: { is: "denied" }, topics: [{ is: "denied" }] },
    ],
    [
      "NOT_LEADER_FOR_PARTITION",
      "COORDINATOR_LOAD_IN_PROGRESS",
      {
        group: { is: "unknown", cause: "KafkaJSProtocolError COORDINATOR_LOAD_IN_PROGRESS" },
        topics: [{ is: "unknown", cause: "KafkaJSProtocolError NOT_LEADER_FOR_PARTITION" }],
      },
    ],
  ])("after %s and %s", async (fetch, heartbeat, rights) => {
    expect(await ask(answering(fetch, heartbeat))).toEqual(rights);
  });

  test("is asked of kafkajs as it was when this was written, and of no other", async () => {
    await expect(ask({} as Kafka)).rejects.toMatchObject({ code: "INTERNAL" });
  });
});
