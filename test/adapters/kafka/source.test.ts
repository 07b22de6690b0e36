import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Delivery } from "../../../src/ports/source.js";
import { sourceContract } from "../../contract/source.js";
import { textOf } from "../../support/holding-intake.js";
import {
  client,
  committed,
  numbered,
  openMember,
  produce,
  quickSource,
  withAdmin,
} from "../../support/kafka-members.js";
import { type KafkaServer, startKafka } from "../../support/servers/kafka.js";
import { freshGroup, freshTopic } from "../../support/servers/topics.js";
import { until } from "../../support/servers/until.js";

let kafka: KafkaServer;
beforeAll(async () => {
  kafka = await startKafka();
}, 180_000);
afterAll(() => kafka?.stop());

async function filled(count: number, partitions = 1, config = {}): Promise<[topic: string, group: string]> {
  const topic = await freshTopic(kafka.bootstrap, partitions, { config });
  if (count > 0) await produce(kafka.bootstrap, topic, numbered(0, count, partitions));
  return [topic, freshGroup()];
}

sourceContract({
  name: "a Kafka consumer group",
  keepsPosition: true,
  ground: async () => {
    const [topic, group] = await filled(0, 3);
    return {
      fill: async (values) => {
        const messages = values.map((value) => ({ value, partition: Number(value) % 3 }));
        if (messages.length > 0) await produce(kafka.bootstrap, topic, messages);
      },
      open: async () => quickSource(kafka.bootstrap, topic, group),
    };
  },
});

describe("a Kafka source", () => {
  it("commits the watermark while it runs, and resumes there", async () => {
    const [topic, group] = await filled(10);
    const first = openMember(kafka.bootstrap, topic, group);
    await until("ten", () => first.intake.held.length === 10);
    first.intake.finish((delivery) => ["0", "1", "2", "5"].includes(textOf(delivery)));
    await until("a commit", async () => (await committed(kafka.bootstrap, topic, group)).offset === "3");
    first.intake.finish((delivery) => textOf(delivery) === "3");
    await until("the next", async () => (await committed(kafka.bootstrap, topic, group)).offset === "4");
    await first.leave();
    const second = openMember(kafka.bootstrap, topic, group);
    await until("the rest", () => second.intake.taken.length === 6);
    expect(second.intake.taken.map(textOf)).toEqual(["4", "5", "6", "7", "8", "9"]);
    expect(second.source.status().partitions).toMatchObject([{ watermark: "4", open: 6, lag: 6 }]);
    second.intake.finish();
    expect(second.source.status().partitions).toMatchObject([{ watermark: "10", open: 0, lag: 0 }]);
    await second.leave();
  });

  it("knows its lag from the opening on, though nothing is fetched", async () => {
    const [topic, group] = await filled(10);
    // Where all is done no batch comes that would tell.
    const first = openMember(kafka.bootstrap, topic, group);
    first.intake.finishAtOnce();
    await until("all done", async () => (await committed(kafka.bootstrap, topic, group)).offset === "10");
    await first.leave();
    const second = openMember(kafka.bootstrap, topic, group);
    await until("a position", () => second.source.status().partitions[0]?.watermark === "10");
    expect(second.source.status().partitions).toMatchObject([{ lag: 0 }]);
    await second.leave();
  });

  it.each([
    ["CreateTime", (at: number) => at === 1_600_000_000_000],
    ["LogAppendTime", (at: number) => Math.abs(at - Date.now()) < 3_600_000],
  ])("carries key, value, headers and the time by %s", async (type, right) => {
    const [topic, group] = await filled(0, 1, {
      "message.timestamp.type": type,
      "message.timestamp.before.max.ms": "9223372036854775807",
    });
    await produce(kafka.bootstrap, topic, [
      { key: "k", value: "v", headers: { a: ["1", "2"], b: "3" }, timestamp: "1600000000000" },
      { key: "gone", value: null },
    ]);
    const member = openMember(kafka.bootstrap, topic, group);
    await until("both", () => member.intake.held.length === 2);
    const [first, second] = member.intake.held.map(({ message }) => message);
    expect(first!.key?.toString()).toBe("k");
    expect(first!.headers.map(([name, value]) => `${name}=${value}`)).toEqual(["a=1", "a=2", "b=3"]);
    expect(right(first!.timestamp!)).toBe(true);
    expect(second!.value).toBeUndefined();
    await member.leave();
  });

  it("stops at the distance from a slow head, by number and by bytes, and stays in the group meanwhile", async () => {
    const [topic, group] = await filled(50);
    for (const settings of [{ maxDistance: 7 }, { maxDistanceBytes: 7 }]) {
      const member = openMember(kafka.bootstrap, topic, group, { ...settings, sessionTimeout: 6_000 });
      await until("a full window", () => member.intake.taken.length === 7);
      // All but the head are done, and no more come for longer than the session.
      member.intake.finish((delivery) => textOf(delivery) !== "0");
      const beats = member.seen("heartbeat").length;
      const since = performance.now();
      await until("heartbeats for longer than the session", () => {
        return member.seen("heartbeat").length > beats + 8 && performance.now() - since > 6_000;
      });
      expect(member.intake.taken.length).toBe(7);
      expect(member.seen("assigned").length).toBe(1);
      expect(member.source.status().partitions).toMatchObject([{ distance: 7, open: 1, watermark: "0" }]);
      await member.leave();
    }
  }, 180_000);

  it("reads on behind transaction markers, and commits past them", async () => {
    const [topic, group] = await filled(0);
    for (const value of ["0", "1", "2"]) {
      await produce(kafka.bootstrap, topic, [{ value }], `${topic}-${value}`);
    }
    const member = openMember(kafka.bootstrap, topic, group);
    member.intake.finishAtOnce();
    await until("all three", () => member.intake.taken.length === 3);
    await until("the end", async () => (await committed(kafka.bootstrap, topic, group)).offset === "6");
    await produce(kafka.bootstrap, topic, [{ value: "3" }], `${topic}-3`);
    await until("one more", () => member.intake.taken.length === 4);
    expect(member.seen("jump")).toEqual([]);
    await member.leave();
  });

  it("picks up partitions that are added while it runs, from their beginning", async () => {
    const [topic, group] = await filled(3);
    const member = openMember(kafka.bootstrap, topic, group);
    member.intake.finishAtOnce();
    await until("the first", () => member.intake.taken.length === 3);
    await withAdmin(kafka.bootstrap, (admin) =>
      admin.createPartitions({ topicPartitions: [{ topic, count: 2 }] }),
    );
    const producer = client(kafka.bootstrap).producer({ createPartitioner: () => () => 1 });
    await producer.connect();
    await until("a leader", () => producer.send({ topic, messages: [{ value: "new", partition: 1 }] }));
    await producer.disconnect();
    await until("the new one", () => member.intake.taken.some((delivery) => textOf(delivery) === "new"));
    expect(member.intake.taken.length).toBe(4);
    await member.leave();
  });

  it("ends with a code where its topic does not exist", async () => {
    const member = openMember(kafka.bootstrap, "no-such-topic", freshGroup());
    await expect(member.run).rejects.toMatchObject({ code: "KAFKA_CONSUMER_FAILED" });
    await member.leave();
  });
});

describe("a suspect", () => {
  it("is on record with the watermark before the call is kept, and off it when done", async () => {
    const [topic, group] = await filled(5);
    const member = openMember(kafka.bootstrap, topic, group, { commitInterval: 60_000 });
    await until("five", () => member.intake.held.length === 5);
    const [zero, , two] = member.intake.held;
    zero!.done();
    await member.source.suspect(two!);
    expect(await committed(kafka.bootstrap, topic, group)).toMatchObject({
      offset: "1",
      metadata: expect.stringMatching(/^spanmill:1:2:1,run:/),
    });
    two!.done();
    await member.leave();
    expect(await committed(kafka.bootstrap, topic, group)).toMatchObject({ offset: "1", metadata: null });
  });

  it("takes the place of the one before it; of several none is blamed", async () => {
    const [topic, group] = await filled(5);
    const member = openMember(kafka.bootstrap, topic, group, { commitInterval: 60_000 });
    await until("five", () => member.intake.held.length === 5);
    const [, one, two, three] = member.intake.held;
    const suspects = async () =>
      /^spanmill:1:(.*?),?run:/.exec((await committed(kafka.bootstrap, topic, group)).metadata ?? "")?.[1];
    await member.source.suspect(one!);
    expect(await suspects()).toBe("1:1");
    await member.source.suspect(two!);
    expect(await suspects()).toBe("2:1");
    await member.source.suspect(one!, three!);
    expect(await suspects()).toBe("1:0,3:0");
    await member.source.suspect();
    expect(await suspects()).toBe("");
    await member.leave();
  });

  it("goes on record though another of the same call went elsewhere", async () => {
    const [topic, group] = await filled(6, 2);
    const quick = { commitInterval: 60_000, drainTimeout: 200 };
    const member = openMember(kafka.bootstrap, topic, group, quick);
    await until("six", () => member.intake.held.length === 6);
    const second = openMember(kafka.bootstrap, topic, group);
    await until("a partition less", () => member.seen("assigned").at(-1)!.lost.length === 1);
    const { lost } = member.seen("assigned").at(-1)!;
    const isLost = ({ message: { place } }: Delivery) => place.partition === lost[0]!.partition;
    const gone = member.intake.held.find(isLost)!;
    const kept = member.intake.held.findLast((delivery) => !isLost(delivery))!;
    await expect(member.source.suspect(gone, kept)).rejects.toMatchObject({ code: "DELIVERY_LOST" });
    expect(await committed(kafka.bootstrap, topic, group, kept.message.place.partition)).toMatchObject({
      metadata: expect.stringMatching(/^spanmill:1:2:0,run:/),
    });
    await second.leave();
    await member.leave();
  });

  it("is refused where the partition went elsewhere", async () => {
    const [topic, group] = await filled(2);
    const member = openMember(kafka.bootstrap, topic, group);
    await until("both", () => member.intake.held.length === 2);
    await member.leave();
    await expect(member.source.suspect(member.intake.held[0]!)).rejects.toMatchObject({
      code: "DELIVERY_LOST",
    });
  });
});
