/** Messages kept in memory as a sink: for demonstrations and tests. */
import { SpanmillError } from "../../errors.js";
import type { Channel, OutputMessage, Sink } from "../../ports/sink.js";

export interface MemorySinkSettings {
  /** Bytes of key, value and headers, by channel. */
  readonly limits?: Partial<Record<Channel, number>>;
  /** Awaited before a message is acknowledged; what it throws is the answer. */
  readonly acknowledge?: (message: OutputMessage) => Promise<void> | void;
}

export interface MemorySink extends Sink {
  /** Those that are acknowledged, in the order in which they were sent. */
  readonly messages: readonly OutputMessage[];
}

export function memorySink({ limits = {}, acknowledge }: MemorySinkSettings = {}): MemorySink {
  const kept: { readonly message: OutputMessage; isAcknowledged: boolean }[] = [];
  const underWay = new Set<Promise<void>>();
  let isClosed = false;

  async function keep(message: OutputMessage): Promise<void> {
    if (isClosed) throw new SpanmillError("INTERNAL", "A message was sent to a sink that is closed");
    const limit = limits[message.channel];
    const size = bytesOf(message);
    if (limit !== undefined && size > limit) {
      throw new SpanmillError(
        "SINK_TOO_LARGE",
        `A message of ${size} bytes was sent to ${message.channel}, which takes ${limit}`,
      );
    }
    const entry = { message, isAcknowledged: false };
    kept.push(entry);
    await acknowledge?.(message);
    entry.isAcknowledged = true;
  }

  return {
    get messages() {
      return kept.flatMap(({ message, isAcknowledged }) => (isAcknowledged ? [message] : []));
    },
    limit: (channel) => limits[channel],
    send(message) {
      const sending = keep(message);
      const settled = sending.then(
        () => {},
        () => {},
      );
      underWay.add(settled);
      void settled.then(() => underWay.delete(settled));
      return sending;
    },
    async close() {
      isClosed = true;
      await Promise.all(underWay);
    },
  };
}

function bytesOf({ key, value, headers }: OutputMessage): number {
  let size = (key?.length ?? 0) + (value?.length ?? 0);
  for (const [name, content] of headers) size += Buffer.byteLength(name) + Buffer.byteLength(content);
  return size;
}
