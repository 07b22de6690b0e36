/** A message of kafkajs as one of ours, its bytes copied out of the fetch buffer. */
import type { KafkaMessage } from "kafkajs";
import { LAST_TIME } from "../../document/place.js";
import type { SourceMessage } from "../../ports/source.js";

export interface Copied {
  readonly message: SourceMessage;
  /** Of key, value and headers. */
  readonly bytes: number;
}

/**
 * kafkajs hands out slices of the whole fetch response: one kept slice keeps megabytes, and a slice posted to a
 * thread copies them. Here all bytes of a message lie in one piece of memory of their own.
 */
export function copyMessage(topic: string, partition: number, from: KafkaMessage): Copied {
  const headers = flatHeaders(from.headers);
  const bytes =
    (from.key?.length ?? 0) +
    (from.value?.length ?? 0) +
    headers.reduce((sum, [, value]) => sum + value.length, 0);
  const own = Buffer.allocUnsafeSlow(bytes);
  let end = 0;
  const copy = (part: Buffer): Buffer => {
    const start = end;
    end += part.copy(own, start);
    return own.subarray(start, end);
  };
  const timestamp = Number(from.timestamp);
  return {
    bytes,
    message: {
      place: { topic, partition, offset: from.offset },
      key: from.key === null ? undefined : copy(from.key),
      value: from.value === null ? undefined : copy(from.value),
      headers: headers.map(([name, value]) => [name, copy(value)] as const),
      // -1 where the log has none; producers that count in micro- or nanoseconds say nothing that can be used.
      timestamp: timestamp >= 0 && timestamp <= LAST_TIME ? timestamp : undefined,
    },
  };
}

/** A header that stands more than once is a list in kafkajs; one without a value counts as empty. */
function flatHeaders(headers: KafkaMessage["headers"]): (readonly [string, Buffer])[] {
  return Object.entries(headers ?? {}).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value]).map(
      (one) => [name, typeof one === "string" ? Buffer.from(one) : (one ?? EMPTY)] as const,
    ),
  );
}

const EMPTY = Buffer.alloc(0);
