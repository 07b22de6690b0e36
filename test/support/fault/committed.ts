/** What a group has committed, by Kafka's protocol alone (OffsetFetch). */
import { readCoordinator } from "../servers/metadata.js";
import { askOnce, WireWriter } from "../servers/wire.js";

/** By partition; those without a committed offset are left out. Some brokers of `bootstrap` may be down. */
export async function readCommitted(
  bootstrap: string,
  group: string,
  topic: string,
  partitions: number,
): Promise<Map<number, bigint>> {
  let last: unknown;
  for (const address of bootstrap.split(",")) {
    try {
      return await readFrom(await readCoordinator(address, group), group, topic, partitions);
    } catch (error) {
      last = error;
    }
  }
  throw last;
}

/**
 * Stable, which is from version 7 on: a new coordinator tells other versions only what it knows to be on all replicas in
 * sync, and for a moment after it took over that is less than the old one had acknowledged (KafkaConsumer asks so, too). While a commit
 * is on its way the answer waits, so in times of trouble there are fewer samples.
 */
function readFrom(coordinator: string, group: string, topic: string, partitions: number) {
  return askOnce(coordinator, async (wire) => {
    const numbers = Array.from({ length: partitions }, (_, partition) => partition);
    const body = new WireWriter().compactString(group);
    body.compactArray([topic], (name) => {
      body.compactString(name).compactArray(numbers, (partition) => body.int32(partition));
      body.noTags();
    });
    body.int8(REQUIRE_STABLE).noTags();
    const answer = await wire.request(OFFSET_FETCH, 7, body, "flexible");
    answer.int32(); // throttled for so many ms
    const found = answer.compactArray(() => {
      answer.compactString();
      const ofTopic = answer.compactArray(() => {
        const [partition, offset] = [answer.int32(), answer.int64()];
        answer.int32(); // leader epoch
        answer.compactString(); // metadata
        check(answer.int16());
        answer.skipTags();
        return [partition, offset] as const;
      });
      answer.skipTags();
      return ofTopic;
    });
    check(answer.int16());
    return new Map(found.flat().filter(([, offset]) => offset >= 0n));

    function check(error: number): void {
      if (error !== 0) throw new Error(`offsets of ${group}: Kafka's error ${error}`);
    }
  });
}

const OFFSET_FETCH = 9;
const REQUIRE_STABLE = 1;
