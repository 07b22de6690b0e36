import { CompressionCodecs, CompressionTypes, Kafka, logLevel } from "kafkajs";
import * as snappy from "snappy";
import { beforeAll, describe, expect, test } from "vitest";
import {
  COMPRESSION_TYPE,
  type Compression,
  readSnappy,
  registerCodecs,
} from "../../../src/adapters/kafka/codecs.js";
import { native, portable } from "../../../src/adapters/kafka/zstd.js";
import { sharedKafka } from "../../support/servers/shared.js";
import { freshTopic } from "../../support/servers/topics.js";
import { readTopic } from "./read-topic.js";

const OURS = ["snappy", "lz4", "zstd"] as const satisfies readonly Compression[];
const TEXT = Buffer.from("Sehr geehrte Frau Öztürk, 😀 the order 4711 is late again.\n".repeat(400));
/** Squeezes to little, and is more than the first guess for contents of unknown size. */
const LONG = Buffer.alloc(150_000, "spanmill ");

describe.each(OURS)("%s", (name) => {
  test.each([
    ["nothing", Buffer.alloc(0)],
    ["a text", TEXT],
    ["three megabytes", Buffer.alloc(3 << 20, "spanmill ")],
    ["noise", Buffer.from(Array.from({ length: 100_000 }, (_, at) => (at * at * 7919) >>> 3))],
  ])("gives back %s", async (_, bytes) => {
    const codec = codecOf(name);
    expect((await codec.decompress(await codec.compress({ buffer: bytes }))).equals(bytes)).toBe(true);
  });
});

describe("snappy", () => {
  test("is read raw, as clients without Java write it, and in several blocks, as Java does", async () => {
    const raw = await snappy.compress(TEXT);
    expect((await readSnappy(raw)).equals(TEXT)).toBe(true);
    const framed = await codecOf("snappy").compress({ buffer: TEXT });
    const blocks = Buffer.concat([framed, framed.subarray(16)]);
    expect((await readSnappy(blocks)).equals(Buffer.concat([TEXT, TEXT]))).toBe(true);
  });

  test("refuses a stream that is cut", async () => {
    const framed = await codecOf("snappy").compress({ buffer: TEXT });
    await expect(readSnappy(framed.subarray(0, -1))).rejects.toThrow("snappy");
  });
});

describe("zstd where Node has none", () => {
  test("reads what Node's own writes, and the other way round, where Node has one", async () => {
    const [theirs, ours] = [native() ?? portable(), portable()];
    expect((await ours.decompress(await theirs.compress(TEXT))).equals(TEXT)).toBe(true);
    expect((await theirs.decompress(await ours.compress(TEXT))).equals(TEXT)).toBe(true);
  });

  test("may be asked for again: a process has a source and a sink", async () => {
    const [first, second] = [portable(), portable()];
    const squeezed = await first.compress(TEXT);
    expect((await second.decompress(squeezed)).equals(TEXT)).toBe(true);
    expect((await first.decompress(await second.compress(TEXT))).equals(TEXT)).toBe(true);
  });

  test("refuses a frame that claims more than any batch holds, before it asks for the room", async () => {
    const frame = Buffer.alloc(32);
    frame.writeUInt32LE(0xfd2fb528, 0);
    frame[4] = 0xe0; // eight bytes of size, one segment
    frame.writeBigUInt64LE(1n << 40n, 5);
    await expect(portable().decompress(frame)).rejects.toThrow("over what");
    await expect(portable().compress(Buffer.alloc(4 << 20))).rejects.toThrow("over what");
    await expect(portable().decompress(Buffer.from("not a frame at all"))).rejects.toThrow("not a frame");
  });
});

describe("zstd of many megabytes", () => {
  // One byte repeated, 128 KiB a block of four bytes: RFC 8878, 3.1.1.2.
  function repeated(blocks: number): Buffer {
    const header = [0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x38];
    const size = (1 << 17) << 3;
    const block = (last: number) => [last | 2 | (size & 0xf8), (size >> 8) & 0xff, size >> 16, 0x61];
    return Buffer.from([
      ...header,
      ...Array.from({ length: blocks - 1 }, () => block(0)).flat(),
      ...block(1),
    ]);
  }

  test("is read whole", async () => {
    const text = await portable().decompress(repeated(512));
    expect(text.equals(Buffer.alloc(64 << 20, "a"))).toBe(true);
  });

  test("is left where it swells past all bounds", async () => {
    await expect(portable().decompress(repeated(2049))).rejects.toThrow("over what");
    const own = native();
    if (own !== undefined) await expect(own.decompress(repeated(2049))).rejects.toThrow();
  });
});

describe("with a real broker", () => {
  let server: Awaited<ReturnType<typeof sharedKafka>>;
  beforeAll(async () => {
    server = await sharedKafka();
  }, 180_000);

  // The broker squeezes anew what comes in another codec than its topic's, so Java's libraries write here.
  test.each(OURS)("reads %s that Java wrote", async (name) => {
    const values = await through(name, "none");
    expect(values.every((value, at) => value.equals([TEXT, LONG][at % 2]!))).toBe(true);
  });

  test.each(OURS)("reads a batch of %s with 18 megabytes in it", async (name) => {
    // Of little repetition, so that much has to be kept while it is read.
    let state = 1;
    const words = Array.from({ length: 1 << 18 }, () => {
      state = (state * 48_271) % 2_147_483_647;
      return (state % 50_000).toString(36).padStart(5, " ");
    });
    const large = Buffer.from(words.join(" "));
    const values = await through(name, "none", [large, TEXT], 24);
    expect(values.every((value, at) => value.equals([large, TEXT][at % 2]!))).toBe(true);
  });

  // And here they read ours: the topic wants another codec, so the broker has to take our batch apart.
  test.each(OURS)("writes %s that Java reads", async (name) => {
    const values = await through("gzip", name);
    expect(values.every((value, at) => value.equals([TEXT, LONG][at % 2]!))).toBe(true);
  });

  /** Values in turn to a topic of one codec, in one batch of another. */
  async function through(
    stored: Compression,
    sent: Compression,
    turns: readonly Buffer[] = [TEXT, LONG],
    count = 20,
  ): Promise<Buffer[]> {
    registerCodecs();
    const config = { "compression.type": stored, "max.message.bytes": "40000000" };
    const topic = await freshTopic(server.bootstrap, 1, { config });
    const kafka = new Kafka({ brokers: [...server.brokers], logLevel: logLevel.NOTHING });
    const producer = kafka.producer({ createPartitioner: () => () => 0 });
    await producer.connect();
    const messages = Array.from({ length: count }, (_, at) => ({ value: turns[at % turns.length]! }));
    await producer.send({ topic, messages, compression: COMPRESSION_TYPE[sent] });
    await producer.disconnect();
    const found = await readTopic(server.brokers, topic);
    expect(found).toHaveLength(count);
    return found.map(({ value }) => value ?? Buffer.alloc(0));
  }
});

interface Codec {
  compress(encoder: { buffer: Buffer }): Promise<Buffer>;
  decompress(data: Buffer): Promise<Buffer>;
}

function codecOf(name: (typeof OURS)[number]): Codec {
  registerCodecs();
  const types = { snappy: CompressionTypes.Snappy, lz4: CompressionTypes.LZ4, zstd: CompressionTypes.ZSTD };
  return CompressionCodecs[types[name] as CompressionTypes.ZSTD]() as Codec;
}
