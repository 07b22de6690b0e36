/** Where records go: Kafka topics, files, standard output. */

export const CHANNELS = ["documents", "entities", "pos", "chunks", "dead-letters"] as const;

/** A kind of output. The adapter knows which topic or file it is. */
export type Channel = (typeof CHANNELS)[number];

export interface OutputMessage {
  readonly channel: Channel;
  /** Messages of one key keep their order. Undefined: none to keep. */
  readonly key: Buffer | undefined;
  readonly value: Buffer | undefined;
  readonly headers: readonly (readonly [name: string, value: Buffer | string])[];
}

export interface Sink {
  /** Largest message that the channel takes, in bytes of key, value and headers; undefined: no limit. */
  limit(channel: Channel): number | undefined;
  /**
   * Kept when the message is acknowledged. Trouble that passes is waited out here.
   *
   * @throws SpanmillError SINK_TOO_LARGE for this message alone; others where the sink cannot go on.
   */
  send(message: OutputMessage): Promise<void>;
  /** Waits for what is under way, then closes. */
  close(): Promise<void>;
}
