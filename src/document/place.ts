/** Names that follow from where a message stands in its source, and from nothing else. */
import type { Place, SourceMessage } from "../ports/source.js";

/** `topic/partition/offset`: of a message without key and id, the document's name. */
export function placeName({ topic, partition, offset }: Place): string {
  return `${topic}/${partition}/${offset}`;
}

/**
 * Sortable as text: time of the message in milliseconds, partition, offset, each padded to the widest there can be.
 *
 * @param time milliseconds since 1970; undefined or before it counts as 0.
 */
export function revisionOf({ partition, offset }: Place, time: number | undefined): string {
  const milliseconds = Math.max(0, Math.floor(time ?? 0));
  return `${pad(milliseconds, 15)}-${pad(partition, 10)}-${pad(offset, 19)}`;
}

/** The end of the year 9999: what lies beyond cannot be written as RFC 3339, and is no time of a document. */
export const LAST_TIME = 253_402_300_799_999;

export const REVISION = /^\d{15}-\d{10}-\d{19}$/;

function pad(number: number | string, digits: number): string {
  return String(number).padStart(digits, "0");
}

/** The last header of the name, as text; Kafka allows several of one name. */
export function headerText({ headers }: Pick<SourceMessage, "headers">, name: string): string | undefined {
  return headers.findLast(([header]) => header === name)?.[1].toString("utf8");
}
