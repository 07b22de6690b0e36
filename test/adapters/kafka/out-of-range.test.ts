import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { textOf } from "../../support/holding-intake.js";
import { committed, numbered, openMember, produce, withAdmin } from "../../support/kafka-members.js";
import { type KafkaServer, startKafka } from "../../support/servers/kafka.js";
import { freshGroup, freshTopic } from "../../support/servers/topics.js";
import { until } from "../../support/servers/until.js";

let kafka: KafkaServer;
beforeAll(async () => {
  kafka = await startKafka();
}, 180_000);
afterAll(() => kafka?.stop());

/** Messages 0 to 9 of which the group has done 0 to 2; then the log loses all before `offset`. */
async function lossy(): Promise<{ topic: string; group: string }> {
  const topic = await freshTopic(kafka.bootstrap);
  const group = freshGroup();
  await produce(kafka.bootstrap, topic, numbered(0, 10));
  const member = openMember(kafka.bootstrap, topic, group);
  await until("ten", () => member.intake.held.length === 10);
  member.intake.finish((delivery) => Number(textOf(delivery)) < 3);
  await member.leave();
  return { topic, group };
}

function loseUpTo(topic: string, offset: string): Promise<void> {
  return withAdmin(kafka.bootstrap, async (admin) => {
    // kafkajs deletes only from topics that it has met.
    await admin.fetchTopicOffsets(topic);
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset }] });
  });
}

describe("a position that the log lost while nobody read", () => {
  it("ends the source by policy fail before anything is handed over, and stays on record", async () => {
    const { topic, group } = await lossy();
    await loseUpTo(topic, "6");
    for (let start = 0; start < 2; start++) {
      const member = openMember(kafka.bootstrap, topic, group, { outOfRange: "fail" });
      await expect(member.run).rejects.toMatchObject({
        code: "KAFKA_OFFSET_OUT_OF_RANGE",
        message: expect.stringMatching(/offset 3\b.*\b6\b/),
      });
      expect(member.seen("jump")).toMatchObject([{ expected: "3", found: "6" }]);
      expect(member.intake.taken).toEqual([]);
      await member.leave();
      expect((await committed(kafka.bootstrap, topic, group)).offset).toBe("3");
    }
  });

  it("is passed over by policy earliest, and told", async () => {
    const { topic, group } = await lossy();
    await loseUpTo(topic, "6");
    const member = openMember(kafka.bootstrap, topic, group, { outOfRange: "earliest" });
    await until("what is left", () => member.intake.taken.length === 4);
    expect(member.intake.taken.map(textOf)).toEqual(["6", "7", "8", "9"]);
    expect(member.seen("jump")).toMatchObject([{ expected: "3", found: "6" }]);
    await until(
      "the new position",
      async () => (await committed(kafka.bootstrap, topic, group)).offset === "6",
    );
    await member.leave();
  });

  it("is passed over to the end by policy latest, and told", async () => {
    const { topic, group } = await lossy();
    await loseUpTo(topic, "6");
    const member = openMember(kafka.bootstrap, topic, group, { outOfRange: "latest" });
    // Before a document comes: else who starts next would jump again, over those that came meanwhile.
    await until(
      "the new position",
      async () => (await committed(kafka.bootstrap, topic, group)).offset === "10",
    );
    await produce(kafka.bootstrap, topic, numbered(10, 12));
    await until("the new ones", () => member.intake.taken.length === 2);
    expect(member.intake.taken.map(textOf)).toEqual(["10", "11"]);
    expect(member.seen("jump")).toMatchObject([{ expected: "3", found: "10" }]);
    await member.leave();
  });
});

describe("a position that the log lost while we read", () => {
  /** A reader that waits at offset 7 for room, with six more to fetch, of which the log loses some. */
  async function overtaken(outOfRange: "fail" | "earliest" | "latest") {
    const topic = await freshTopic(kafka.bootstrap);
    const group = freshGroup();
    await produce(kafka.bootstrap, topic, numbered(0, 5));
    const member = openMember(kafka.bootstrap, topic, group, { outOfRange, maxDistance: 5 });
    await until("five", () => member.intake.held.length === 5);
    // A sixth makes the handler wait with it in hand; the rest comes with a later fetch.
    await produce(kafka.bootstrap, topic, numbered(5, 6));
    await until("its fetch", () => member.source.status().partitions[0]?.lag === 6);
    await produce(kafka.bootstrap, topic, numbered(6, 12));
    await loseUpTo(topic, "9");
    member.intake.finish();
    return { topic, group, member };
  }

  it("ends the source by policy fail before the first record behind the gap, and stays on record", async () => {
    const { topic, group, member } = await overtaken("fail");
    await expect(member.run).rejects.toMatchObject({ code: "KAFKA_OFFSET_OUT_OF_RANGE" });
    expect(member.seen("jump")).toMatchObject([{ expected: "6", found: "9" }]);
    expect(member.intake.taken.map(textOf)).toEqual(["0", "1", "2", "3", "4", "5"]);
    member.intake.finish();
    await member.leave();
    // Not what kafkajs committed when it jumped.
    expect((await committed(kafka.bootstrap, topic, group)).offset).toBe("6");
  });

  it("is passed over by policy earliest, and told", async () => {
    const { topic, group, member } = await overtaken("earliest");
    await until("the rest", () => member.intake.taken.length === 9);
    expect(member.intake.taken.map(textOf)).toEqual(["0", "1", "2", "3", "4", "5", "9", "10", "11"]);
    expect(member.seen("jump")).toMatchObject([{ expected: "6", found: "9" }]);
    member.intake.finish();
    await until("the end", async () => (await committed(kafka.bootstrap, topic, group)).offset === "12");
    await member.leave();
  });

  it("is passed over to the end by policy latest, and told", async () => {
    const { topic, member } = await overtaken("latest");
    await until("the jump", () => member.seen("jump").length > 0);
    await produce(kafka.bootstrap, topic, numbered(12, 13));
    await until("the new one", () => member.intake.taken.some((delivery) => textOf(delivery) === "12"));
    expect(member.intake.taken.map(textOf)).toEqual(["0", "1", "2", "3", "4", "5", "12"]);
    expect(member.seen("jump")).toMatchObject([{ expected: "6", found: "12" }]);
    await member.leave();
  });
});
