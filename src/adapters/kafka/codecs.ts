import { createRequire } from "node:module";
import kafkajs, { CompressionTypes } from "kafkajs";
import { SpanmillError, systemCode } from "../../errors.js";
import { zstd } from "./zstd.js";

// Node sees only some of the names that this CommonJS package exports.
const { CompressionCodecs } = kafkajs;
const require = createRequire(import.meta.url);

export const COMPRESSIONS = ["none", "gzip", "snappy", "lz4", "zstd"] as const;
export type Compression = (typeof COMPRESSIONS)[number];

/** kafkajs's number of a codec. */
export const COMPRESSION_TYPE: Readonly<Record<Compression, CompressionTypes>> = {
  none: CompressionTypes.None,
  gzip: CompressionTypes.GZIP,
  snappy: CompressionTypes.Snappy,
  lz4: CompressionTypes.LZ4,
  zstd: CompressionTypes.ZSTD,
};

/**
 * Gives kafkajs the codecs that it lacks. Without them a producer elsewhere that uses one crashes our consumer, so
 * all are registered, whatever we write. kafkajs has gzip built in.
 *
 * @throws SpanmillError KAFKA_CODEC_MISSING naming those whose library cannot be loaded.
 */
export function registerCodecs(): void {
  const missing: string[] = [];
  for (const [name, load] of OURS) {
    try {
      const codec = load();
      CODECS[COMPRESSION_TYPE[name]] = () => codec;
    } catch (error) {
      missing.push(`${name} (${systemCode(error) ?? "its native part does not load"})`);
    }
  }
  if (missing.length > 0) throw missingCodecs(missing);
}

/**
 * Has each codec read what it has written.
 *
 * @returns names of those that gave back something else, or failed.
 * @throws SpanmillError KAFKA_CODEC_MISSING
 */
export async function brokenCodecs(): Promise<Compression[]> {
  registerCodecs();
  const broken: Compression[] = [];
  for (const name of COMPRESSIONS) {
    const codec = CODECS[COMPRESSION_TYPE[name]]?.();
    try {
      if (codec === undefined) continue;
      const back = await codec.decompress(await codec.compress({ buffer: SAMPLE }));
      if (!SAMPLE.equals(back)) broken.push(name);
    } catch {
      broken.push(name);
    }
  }
  return broken;
}

const SAMPLE = Buffer.from("spanmill ".repeat(1_000));

/** kafkajs's table, by its numbers. */
const CODECS = CompressionCodecs as Partial<Record<CompressionTypes, () => Codec>>;

interface Codec {
  compress(encoder: { readonly buffer: Buffer }): Promise<Buffer>;
  decompress(data: Buffer): Promise<Buffer>;
}

/** Loaded in turn, not imported: one that was built for another system is to be named, not to end the process. */
const OURS: readonly (readonly [name: Compression, load: () => Codec])[] = [
  [
    "snappy",
    () => {
      const snappy = require("snappy") as typeof import("snappy");
      return {
        compress: async ({ buffer }) => wrapXerial(await snappy.compress(buffer)),
        decompress: readSnappy,
      };
    },
  ],
  [
    "lz4",
    () => {
      const { compressFrame, decompressFrame } = require("lz4-napi") as typeof import("lz4-napi");
      return {
        compress: ({ buffer }) => compressFrame(buffer),
        decompress: (data) => decompressFrame(data),
      };
    },
  ],
  [
    "zstd",
    () => {
      const { compress, decompress } = zstd();
      return { compress: ({ buffer }) => compress(buffer), decompress };
    },
  ],
];

function missingCodecs(missing: readonly string[]): SpanmillError {
  return new SpanmillError(
    "KAFKA_CODEC_MISSING",
    `Records that are compressed cannot be read here: ${missing.join(", ")}. Run npm ci on a machine of this kind ` +
      "(system, processor, libc), optional packages included.",
  );
}

/**
 * The stream format of snappy-java, which Kafka's own clients write: 8 bytes of magic, two versions, then blocks of
 * raw snappy, each behind its length. Other clients write raw snappy; both are read.
 */
export async function readSnappy(data: Buffer): Promise<Buffer> {
  if (!data.subarray(0, MAGIC.length).equals(MAGIC)) return uncompress(data);
  const blocks: Buffer[] = [];
  for (let at = HEADER_BYTES; at < data.length; ) {
    const size = data.readInt32BE(at);
    const end = at + 4 + size;
    if (size < 0 || end > data.length) throw new RangeError("snappy: a block ends after its stream");
    blocks.push(await uncompress(data.subarray(at + 4, end)));
    at = end;
  }
  return blocks.length === 1 ? blocks[0]! : Buffer.concat(blocks);
}

function wrapXerial(block: Buffer): Buffer {
  const header = Buffer.alloc(HEADER_BYTES + 4);
  MAGIC.copy(header);
  header.writeInt32BE(1, 8);
  header.writeInt32BE(1, 12);
  header.writeInt32BE(block.length, HEADER_BYTES);
  return Buffer.concat([header, block]);
}

async function uncompress(block: Buffer): Promise<Buffer> {
  const snappy = require("snappy") as typeof import("snappy");
  return (await snappy.uncompress(block, { asBuffer: true })) as Buffer;
}

const MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0]);
const HEADER_BYTES = 16;
