import kafkajs, { CompressionTypes } from "kafkajs";
import { compressFrame, decompressFrame } from "lz4-napi";
import * as snappy from "snappy";
import { zstd } from "./zstd.js";

// Node sees only some of the names that this CommonJS package exports.
const { CompressionCodecs } = kafkajs;

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
 */
export function registerCodecs(): void {
  const zstdCodec = zstd();
  CompressionCodecs[CompressionTypes.Snappy] = () => ({
    compress: async ({ buffer }: Encoder) => wrapXerial(await snappy.compress(buffer)),
    decompress: readSnappy,
  });
  CompressionCodecs[CompressionTypes.LZ4] = () => ({
    compress: ({ buffer }: Encoder) => compressFrame(buffer),
    decompress: (data: Buffer) => decompressFrame(data),
  });
  CompressionCodecs[CompressionTypes.ZSTD] = () => ({
    compress: ({ buffer }: Encoder) => zstdCodec.compress(buffer),
    decompress: (data: Buffer) => zstdCodec.decompress(data),
  });
}

/** kafkajs's own, of which a codec needs the bytes. */
interface Encoder {
  readonly buffer: Buffer;
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
  return (await snappy.uncompress(block, { asBuffer: true })) as Buffer;
}

const MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0]);
const HEADER_BYTES = 16;
