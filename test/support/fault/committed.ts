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

const OFFSET_FETCH = 9;

function readFrom(coordinator: string, group: string, topic: string, partitions: number) {
  return askOnce(coordinator, async (wire) => {
    const numbers = Array.from({ length: partitions }, (_, partition) => partition);
    const body = new WireWriter().string(group);
    body.array([topic], (name) => {
      body.string(name).array(numbers, (partition) => body.int32(partition));
    });
    const answer = await wire.request(OFFSET_FETCH, 1, body);
    const found = answer.array(() => {
      answer.string();
      return answer.array(() => {
        const [partition, offset] = [answer.int32(), answer.int64()];
        answer.string(); // metadata
        const error = answer.int16();
        if (error !== 0) throw new Error(`offsets of ${group}: Kafka's error ${error}`);
        return [partition, offset] as const;
      });
    });
    return new Map(found.flat().filter(([, offset]) => offset >= 0n));
  });
}
