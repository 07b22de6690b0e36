/** Puts on record, before a document is worked on alone, that it may kill the process. */
import { SpanmillError } from "../../errors.js";
import type { Delivery } from "../../ports/source.js";
import type { Desk } from "./desk.js";
import type { Owners } from "./handover.js";

/** @throws SpanmillError DELIVERY_LOST where the partition went to another member: it must not be worked on here. */
export async function markSuspect(desk: Desk, owners: Owners, delivery: Delivery): Promise<void> {
  const partition = owners.get(delivery);
  const offset = BigInt(delivery.message.place.offset);
  const deaths = delivery.deaths + 1;
  if (partition !== undefined) partition.marked.set(offset, deaths);
  while (partition !== undefined && desk.phase !== "closed" && desk.assignment.owns(partition)) {
    if ((partition.tracker?.watermark ?? 0n) > offset) return;
    if ((await desk.commits.flush()) && desk.assignment.owns(partition)) return;
    await desk.waiting.pause(RETRY);
  }
  throw new SpanmillError(
    "DELIVERY_LOST",
    `offset ${offset} of partition ${delivery.message.place.partition} of topic ${delivery.message.place.topic} went to another member of the group before it was done; leave it to that one`,
  );
}

const RETRY = 200;
