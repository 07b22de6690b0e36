import { createRequire } from "node:module";
import { SpanmillError } from "../../errors.js";

/**
 * Teaches kafkajs 2.2.4, which knows OffsetFetch up to version 4, the version 7 of it, with `require_stable` (KIP-447), by
 * which KafkaConsumer asks. Without it a coordinator answers out of what it knows to be on all replicas in sync: while a
 * commit is on its way that is the offset before it, and for a moment after a new coordinator took over it may be less than
 * the old one had acknowledged. Who reads on from there has documents again that were done, and commits a smaller offset.
 *
 * Kafka 4 answers version 7 once all that is written is certain, or after its `offset.commit.timeout.ms` with
 * NOT_COORDINATOR_FOR_GROUP. Kafka 2.5 to 3.9 refuse meanwhile with UNSTABLE_OFFSET_COMMIT. Brokers before do not have the
 * version; kafkajs asks them as ever.
 *
 * Once per process; later calls do nothing.
 *
 * @throws SpanmillError INTERNAL where kafkajs is no longer built as this expects.
 */
export function readStableOffsets(): void {
  const definition = load("protocol/requests/offsetFetch/index.js") as Definition;
  const { versions, protocol } = definition;
  if (versions.includes(VERSION)) return;
  if (versions.join() !== "1,2,3,4") {
    throw new SpanmillError(
      "INTERNAL",
      "kafkajs: OffsetFetch is not the one that spanmill extends. Use kafkajs 2.2.4.",
    );
  }
  definition.versions = [...versions, VERSION];
  definition.protocol = (wanted) => {
    if (wanted.version >= Number(VERSION)) return stable;
    // kafkajs takes the greatest version that the broker has, also where it is none of ours.
    return protocol({ version: Math.min(wanted.version, 4) });
  };
}

const VERSION = "7";

function stable({ groupId, topics }: Asked): { readonly request: Request; readonly response: Response } {
  return {
    request: {
      apiKey: 9,
      apiVersion: Number(VERSION),
      apiName: "OffsetFetch",
      // The first tags end the header. No topics mean all, as in the versions before.
      encode: async () =>
        noTags(
          noTags(new Encoder())
            .writeUVarIntString(groupId)
            .writeUVarIntArray(topics.length === 0 ? null : topics.map(topicOf))
            .writeBoolean(true),
        ),
    },
    response,
  };
}

function topicOf({ topic, partitions }: Asked["topics"][number]): Encoder {
  const numbers = partitions.map(({ partition }) => new Encoder().writeInt32(partition));
  return noTags(new Encoder().writeUVarIntString(topic).writeUVarIntArray(numbers));
}

function noTags(encoder: Encoder): Encoder {
  return encoder.writeUVarInt(0);
}

const response: Response = {
  decode: async (bytes) => {
    const from = new Decoder(bytes);
    skipTags(from);
    const clientSideThrottleTime = from.readInt32();
    const responses = from.readUVarIntArray(readTopic) ?? [];
    return { throttleTime: 0, clientSideThrottleTime, responses, errorCode: from.readInt16() };
  },
  // Errors are told as in the versions before.
  parse: (answer) => (load("protocol/requests/offsetFetch/v4/response.js") as Response).parse(answer),
};

function readTopic(from: Decoder): Answer["responses"][number] {
  const topic = from.readUVarIntString();
  const partitions = from.readUVarIntArray(readPartition) ?? [];
  skipTags(from);
  return { topic, partitions };
}

function readPartition(from: Decoder): PartitionAnswer {
  const partition = from.readInt32();
  const offset = from.readInt64().toString();
  from.readInt32(); // leader epoch
  const metadata = from.readUVarIntString();
  const errorCode = from.readInt16();
  skipTags(from);
  return { partition, offset, metadata, errorCode };
}

/** `readTaggedFields` of kafkajs takes the size of a field for one more than it is. */
function skipTags(from: Decoder): void {
  for (let left = from.readUVarInt(); left > 0; left--) {
    from.readUVarInt();
    from.forward(from.readUVarInt());
  }
}

interface Asked {
  readonly groupId: string;
  readonly topics: readonly {
    readonly topic: string;
    readonly partitions: readonly { readonly partition: number }[];
  }[];
}

interface Answer {
  readonly throttleTime: number;
  readonly clientSideThrottleTime: number;
  readonly responses: readonly {
    readonly topic: string | null;
    readonly partitions: readonly PartitionAnswer[];
  }[];
  readonly errorCode: number;
}

interface PartitionAnswer {
  readonly partition: number;
  /** -1: none is committed. */
  readonly offset: string;
  readonly metadata: string | null;
  readonly errorCode: number;
}

interface Request {
  readonly apiKey: number;
  readonly apiVersion: number;
  readonly apiName: string;
  encode(): Promise<Encoder>;
}

interface Response {
  decode(bytes: Buffer): Promise<Answer>;
  parse(answer: Answer): Promise<Answer>;
}

interface Definition {
  versions: readonly string[];
  protocol: (wanted: { readonly version: number }) => (asked: Asked) => unknown;
}

interface Encoder {
  writeInt32(value: number): Encoder;
  writeBoolean(value: boolean): Encoder;
  writeUVarInt(value: number): Encoder;
  writeUVarIntString(value: string): Encoder;
  writeUVarIntArray(values: readonly Encoder[] | null): Encoder;
}

interface Decoder {
  readInt16(): number;
  readInt32(): number;
  readInt64(): { toString(): string };
  readUVarIntString(): string | null;
  readUVarIntArray<T>(read: (from: Decoder) => T): T[] | null;
  readUVarInt(): number;
  forward(bytes: number): void;
}

const load = (path: string): unknown => createRequire(import.meta.url)(`kafkajs/src/${path}`);
const Encoder = load("protocol/encoder.js") as new () => Encoder;
const Decoder = load("protocol/decoder.js") as new (bytes: Buffer) => Decoder;
