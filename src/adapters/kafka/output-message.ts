import type { IHeaders, Message } from "kafkajs";
import type { OutputMessage } from "../../ports/sink.js";

/** For kafkajs, which wants null for none. A header that stands twice becomes a list. */
export function toKafka({ key, value, headers }: OutputMessage): Message {
  const byName: IHeaders = Object.create(null);
  for (const [name, header] of headers) {
    const earlier = byName[name];
    if (earlier === undefined) byName[name] = header;
    else if (Array.isArray(earlier)) earlier.push(header);
    else byName[name] = [earlier, header];
  }
  return { key: key ?? null, value: value ?? null, headers: byName };
}

/** The most bytes that the message takes in a batch: its variable-length numbers are counted at their longest. */
export function wireBytes({ key, value, headers }: OutputMessage): number {
  let bytes = RECORD_BYTES + (key?.length ?? 0) + (value?.length ?? 0);
  for (const [name, header] of headers) {
    bytes += HEADER_BYTES + Buffer.byteLength(name) + Buffer.byteLength(header);
  }
  return bytes;
}

/** Of a batch without records. */
export const BATCH_BYTES = 61;

/** Length, attributes, time, offset, and the lengths of key, value and headers. */
const RECORD_BYTES = 5 + 1 + 10 + 5 + 5 + 5 + 5;
const HEADER_BYTES = 5 + 5;
