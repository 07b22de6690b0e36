/** Puts on record, before documents are worked on alone or a few at a time, that they may kill the process. */
import { SpanmillError } from "../../errors.js";
import type { Delivery } from "../../ports/source.js";
import type { Desk } from "./desk.js";
import type { Owners } from "./handover.js";

/** @throws SpanmillError DELIVERY_LOST where a partition went to another member: it must not be worked on here. */
export async function markSuspects(
  desk: Desk,
  owners: Owners,
  deliveries: readonly Delivery[],
): Promise<void> {
  for (const { marked } of desk.assignment.all()) marked.clear();
  for (const delivery of deliveries) {
    const deaths = deliveries.length === 1 ? delivery.deaths + 1 : delivery.deaths;
    owners.get(delivery)?.marked.set(BigInt(delivery.message.place.offset), deaths);
  }
  const lost = () => deliveries.filter((delivery) => isLost(desk, owners, delivery));
  // Those that are ours still go on record, whatever became of the others.
  while (desk.phase !== "closed" && (deliveries.length === 0 || lost().length < deliveries.length)) {
    if (await desk.commits.flush()) break;
    await desk.waiting.pause(RETRY);
  }
  const [first] = lost();
  if (first !== undefined) throw deliveryLost(first);
}

function isLost(desk: Desk, owners: Owners, delivery: Delivery): boolean {
  const partition = owners.get(delivery);
  return partition === undefined || desk.phase === "closed" || !desk.assignment.owns(partition);
}

function deliveryLost({ message: { place } }: Delivery): SpanmillError {
  return new SpanmillError(
    "DELIVERY_LOST",
    `offset ${place.offset} of partition ${place.partition} of topic ${place.topic} went to another member of the group before it was done; leave it to that one`,
  );
}

const RETRY = 200;
