/** What was seen of a run, by Kafka's protocol and the workers' logs alone: all that the checker judges by. */
import type { RawRecord } from "../servers/raw-reader.js";
import type { Expected } from "./documents.js";
import type { Held } from "./held.js";
import type { FaultEvent } from "./timeline.js";

export const CHANNELS = ["documents", "entities", "dead-letters"] as const;
export type FaultChannel = (typeof CHANNELS)[number];

export interface Input extends RawRecord {
  /** As the design writes it: the record's time, partition and offset. */
  readonly revision: string;
  readonly expected: Expected;
}

/** A record of an output topic. */
export interface Copy extends RawRecord {
  readonly channel: FaultChannel;
  /** When the broker appended it, in milliseconds since 1970. */
  readonly at: number;
  /** Name of the input that it says it comes from; undefined where it names none that there is. */
  readonly input: string | undefined;
}

export interface Sample {
  /** When it was asked for, and when the answer was there: what was committed stood so at some moment between. */
  readonly at: number;
  readonly by: number;
  readonly committed: ReadonlyMap<number, bigint>;
}

export interface History {
  /** By name. */
  readonly inputs: ReadonlyMap<string, Input>;
  /** In the order of each partition. */
  readonly copies: readonly Copy[];
  readonly samples: readonly Sample[];
  /** Names of inputs that were below the committed offset before their output was in the log (I2). */
  readonly unsafe: readonly string[];
  /** Names of inputs that were deleted before they were read: nothing need become of them. */
  readonly gone?: ReadonlySet<string>;
  readonly events: readonly FaultEvent[];
  /** Milliseconds between the beginning of the tail without faults and lag 0; undefined where it was not reached. */
  readonly settledMs: number | undefined;
  /** The most of any worker. */
  readonly usage: { readonly rssMb: number; readonly descriptors: number } & Held;
  /** Workers that ended as they should not have. */
  readonly ends: readonly string[];
}

export function nameOf({ partition, offset }: { partition: number | string; offset: bigint | string }) {
  return `${Number(partition)}/${BigInt(offset)}`;
}

export function header({ headers }: RawRecord, name: string): string | undefined {
  return headers.find(([one]) => one === name)?.[1]?.toString("utf8");
}
