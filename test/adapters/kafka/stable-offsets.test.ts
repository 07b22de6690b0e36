import { createRequire } from "node:module";
import type { Kafka } from "kafkajs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readPositions } from "../../../src/adapters/kafka/positions.js";
import { readStableOffsets } from "../../../src/adapters/kafka/stable-offsets.js";
import { KAFKA_GIVEN, type KafkaServer, startKafka } from "../../support/servers/kafka.js";
import { readCoordinator, readMetadata } from "../../support/servers/metadata.js";
import { freshGroup, freshTopic } from "../../support/servers/topics.js";
import { until } from "../../support/servers/until.js";
import { askOnce, type Wire, WireWriter } from "../../support/servers/wire.js";

readStableOffsets();
const { lookup, requests } = createRequire(import.meta.url)("kafkajs/src/protocol/requests/index.js") as {
  lookup: (versions: object) => (
    key: number,
    of: unknown,
  ) => (asked: Asked) => {
    request: { apiVersion: number; encode(): Promise<{ buffer: Buffer }> };
    response: { decode(bytes: Buffer): Promise<Answer>; parse(answer: Answer): Promise<Answer> };
  };
  requests: { OffsetFetch: unknown };
};
type Asked = { groupId: string; topics: { topic: string; partitions: { partition: number }[] }[] };
type Answer = { responses: { topic: string; partitions: { offset: string; metadata: string }[] }[] };

/** As kafkajs asks a broker that has versions up to `has`. */
function asks(has: number, asked: Asked) {
  return lookup({ [OFFSET_FETCH]: { minVersion: 1, maxVersion: has } })(OFFSET_FETCH, requests.OffsetFetch)(
    asked,
  );
}

const OFFSET_FETCH = 9;

describe("OffsetFetch", () => {
  it.each([
    [11, 7],
    [7, 7],
    [6, 4],
    [5, 4],
    [3, 3],
  ])("where the broker has up to version %s, %s is asked", (has, version) => {
    expect(asks(has, { groupId: "g", topics: [] }).request.apiVersion).toBe(version);
  });

  it("of no topics asks for all, as in the versions before", async () => {
    const { buffer } = await asks(7, { groupId: "g", topics: [] }).request.encode();
    // Tags of the header, "g", null, require_stable, tags.
    expect([...buffer]).toEqual([0, 2, 103, 0, 1, 0]);
  });

  it("reads an answer, and passes over tagged fields that it does not know", async () => {
    const answer = await asks(7, ASKED).response.decode(answerOf({ offset: 9n, tagged: true }));
    expect(answer).toEqual({
      throttleTime: 0,
      clientSideThrottleTime: 250,
      responses: [{ topic: "t", partitions: [{ partition: 0, offset: "9", metadata: "at", errorCode: 0 }] }],
      errorCode: 0,
    });
  });

  it.each([
    ["of the group", { error: 16 }, "NOT_COORDINATOR_FOR_GROUP"],
    ["of a partition", { ofPartition: 88 }, "UNSTABLE_OFFSET_COMMIT"],
  ])("tells an error %s", async (_, errors, type) => {
    const { response } = asks(7, ASKED);
    const answer = await response.decode(answerOf({ offset: -1n, ...errors }));
    await expect(response.parse(answer)).rejects.toMatchObject({ type });
  });
});

const ASKED = { groupId: "g", topics: [{ topic: "t", partitions: [{ partition: 0 }] }] };

interface Answered {
  readonly offset: bigint;
  readonly ofPartition?: number;
  readonly error?: number;
  readonly tagged?: boolean;
}

/** From behind the correlation id on. */
function answerOf({ offset, ofPartition = 0, error = 0, tagged = false }: Answered): Buffer {
  const body = new WireWriter();
  // One tag, its number 5, of three bytes.
  const tags = () => body.raw(tagged ? Buffer.of(1, 5, 3, 255, 255, 255) : Buffer.of(0));
  tags().int32(250);
  body.compactArray(["t"], (topic) => {
    body.compactString(topic).compactArray([0], (partition) => {
      body.int32(partition).int64(offset).int32(-1).compactString("at").int16(ofPartition);
      tags();
    });
    tags();
  });
  body.int16(error);
  return tags().bytes();
}

describe("positions that are not certain yet", () => {
  const once = (refusals: number, type: string) => {
    let left = refusals;
    const admin = {
      connect: async () => {},
      disconnect: async () => {},
      fetchTopicOffsets: async () => [{ partition: 0, offset: "9", low: "0", high: "9" }],
      fetchOffsets: async () => {
        if (left-- > 0) throw Object.assign(new Error(type), { type });
        return [{ topic: "t", partitions: [{ partition: 0, offset: "7", metadata: "" }] }];
      },
    };
    return { admin: () => admin } as unknown as Kafka;
  };
  const read = (kafka: Kafka) => readPositions(kafka, "g", [{ topic: "t", partition: 0 }]);

  // Refusals that no broker of the tests gives: it is newer.
  it.each(["UNSTABLE_OFFSET_COMMIT", "NOT_COORDINATOR_FOR_GROUP"])(
    "are asked for again: %s",
    async (type) => {
      await expect(read(once(2, type))).resolves.toMatchObject([{ committed: 7n }]);
      await expect(read(once(1_000, type))).rejects.toMatchObject({ type });
    },
  );

  it("are not where asking again would not help", async () => {
    await expect(read(once(1, "GROUP_AUTHORIZATION_FAILED"))).rejects.toMatchObject({
      type: "GROUP_AUTHORIZATION_FAILED",
    });
  });
});

describe.skipIf(KAFKA_GIVEN)("while a replica is behind (skipped with that of KAFKA_BOOTSTRAP)", () => {
  let kafka: KafkaServer;
  beforeAll(async () => {
    kafka = await startKafka({ brokers: 3 });
  }, 180_000);
  afterAll(() => kafka?.stop());

  it("the position read is that of the commit under way, not of the one before", async () => {
    const [topic, group] = [await freshTopic(kafka.bootstrap), freshGroup()];
    const coordinator = await until("a coordinator", () => readCoordinator(kafka.brokers[0]!, group));
    const asleep = ((kafka.brokers.indexOf(coordinator) + 1) % 3) + 1;
    const commit = (offset: bigint) => askOnce(coordinator, (wire) => commitTo(wire, group, topic, offset));
    const read = (has: number) =>
      askOnce(coordinator, async (wire) => {
        const asked = { groupId: group, topics: [{ topic, partitions: [{ partition: 0 }] }] };
        const { request, response } = asks(has, asked);
        const body = new WireWriter().raw((await request.encode()).buffer);
        const answer = await wire.request(OFFSET_FETCH, request.apiVersion, body);
        const { responses } = await response.parse(await response.decode(answer.raw(answer.left)));
        return responses[0]!.partitions[0]!;
      });
    await commit(5n);
    await until("three replicas in sync", async () => {
      const { partitions } = await readMetadata(coordinator, ["__consumer_offsets"]);
      return partitions[0]!.inSync.length === 3;
    });
    expect(await read(7)).toMatchObject({ offset: "5", metadata: "at 5" });
    const before = await endOfOffsets(coordinator);

    await kafka.kill(asleep, "SIGSTOP");
    try {
      // The coordinator gives up on its answer, but not on what it wrote.
      const underWay = commit(9n).catch(() => undefined);
      await until("the commit in the leader's log", async () => (await endOfOffsets(coordinator)) > before);
      expect(await read(4)).toMatchObject({ offset: "5", metadata: "at 5" });
      // Until the sleeper is out of the replicas in sync, in 6 s, there is no answer or a refusal after 5 s.
      const certain = await until("a position", () => read(7));
      expect(certain).toMatchObject({ offset: "9", metadata: "at 9" });
      await underWay;
    } finally {
      await kafka.kill(asleep, "SIGCONT");
    }
  }, 120_000);
});

/** OffsetCommit of no member. */
async function commitTo(wire: Wire, group: string, topic: string, offset: bigint): Promise<void> {
  const body = new WireWriter().string(group).int32(-1).string("").int64(-1n);
  body.array([topic], (name) => {
    body.string(name).array([offset], () => body.int32(0).int64(offset).string(`at ${offset}`));
  });
  const answer = await wire.request(8, 2, body);
  const errors = answer.array(() => [
    answer.string(),
    answer.array(() => [answer.int32(), answer.int16()] as const),
  ]);
  expect(errors).toEqual([[topic, [[0, 0]]]]);
}

/** Where the leader's log of the groups' offsets ends, whatever the replicas have of it (ListOffsets as a debugger). */
function endOfOffsets(leader: string): Promise<bigint> {
  return askOnce(leader, async (wire) => {
    const body = new WireWriter().int32(-2);
    body.array(["__consumer_offsets"], (name) => {
      body.string(name).array([0], (partition) => body.int32(partition).int64(-1n));
    });
    const answer = await wire.request(2, 1, body);
    const [end] = answer
      .array(() => {
        answer.string();
        return answer.array(() => {
          const [, error, , offset] = [answer.int32(), answer.int16(), answer.int64(), answer.int64()];
          expect(error).toBe(0);
          return offset;
        });
      })
      .flat();
    return end!;
  });
}
