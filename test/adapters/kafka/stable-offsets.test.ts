import { createRequire } from "node:module";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openKafka } from "../../../src/adapters/kafka/client.js";
import { readPositions } from "../../../src/adapters/kafka/positions.js";
import { KAFKA_GIVEN, type KafkaServer, startKafka } from "../../support/servers/kafka.js";
import { readCoordinator, readMetadata } from "../../support/servers/metadata.js";
import { freshGroup, freshTopic } from "../../support/servers/topics.js";
import { until } from "../../support/servers/until.js";
import { askOnce, type Wire, WireWriter } from "../../support/servers/wire.js";

describe("of versions of OffsetFetch", () => {
  const asked = { groupId: "g", topics: [] };
  it.each([
    [11, 7],
    [7, 7],
    [6, 4],
    [5, 4],
    [3, 3],
  ])("where the broker has up to %s, %s is asked", async (has, version) => {
    await openKafka({ brokers: ["127.0.0.1:1"], clientId: "c" }, () => {});
    const load = createRequire(import.meta.url);
    const { lookup, requests } = load("kafkajs/src/protocol/requests/index.js") as {
      lookup: (versions: object) => (key: number, of: unknown) => (asked: object) => { request: object };
      requests: { OffsetFetch: unknown };
    };
    const { request } = lookup({ 9: { minVersion: 1, maxVersion: has } })(9, requests.OffsetFetch)(asked);
    expect(request).toMatchObject({ apiKey: 9, apiVersion: version });
  });
});

describe.skipIf(KAFKA_GIVEN)("while a replica is behind (skipped with that of KAFKA_BOOTSTRAP)", () => {
  let kafka: KafkaServer;
  beforeAll(async () => {
    // A broker that sleeps is out of the replicas in sync before the coordinator gives up on what it wrote.
    const properties = { "broker.session.timeout.ms": "3000", "offset.commit.timeout.ms": "30000" };
    kafka = await startKafka({ brokers: 3, properties });
  }, 180_000);
  afterAll(() => kafka?.stop());

  it("the position read is that of the commit under way, not of the one before", async () => {
    const [topic, group] = [await freshTopic(kafka.bootstrap), freshGroup()];
    const coordinator = await until("a coordinator", () => readCoordinator(kafka.brokers[0]!, group));
    const { partitions } = await readMetadata(coordinator, [topic]);
    const needed = [kafka.brokers.indexOf(coordinator) + 1, partitions[0]!.leader];
    const asleep = [1, 2, 3].find((broker) => !needed.includes(broker))!;
    const commit = (offset: bigint) => askOnce(coordinator, (wire) => commitTo(wire, group, topic, offset));
    const client = await openKafka({ brokers: [coordinator], clientId: "reader" }, () => {});
    const read = async () => (await readPositions(client, group, [{ topic, partition: 0 }]))[0];
    await commit(5n);
    expect(await read()).toMatchObject({ committed: 5n, metadata: "at 5" });
    const before = await endOfOffsets(coordinator);

    await kafka.kill(asleep, "SIGSTOP");
    const underWay = commit(9n);
    await until("the commit in the leader's log", async () => (await endOfOffsets(coordinator)) > before);
    expect(await read()).toMatchObject({ committed: 9n, metadata: "at 9" });
    await underWay;
    await kafka.kill(asleep, "SIGCONT");
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
