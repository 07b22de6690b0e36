/** Record batches of version 2, as a broker keeps and hands them out. */
import { gunzipSync } from "node:zlib";
import type { RawRecord } from "./raw-reader.js";
import { WireReader } from "./wire.js";

const HEADER = 61;
const CODECS = 0x07;
const CONTROL = 0x20;
const APPEND_TIME = 0x08;

/** The records of all whole batches, and the last offset that they cover. A batch cut off at the end is left out. */
export function readBatches(bytes: Buffer): {
  records: Omit<RawRecord, "partition">[];
  end: bigint | undefined;
} {
  const records: Omit<RawRecord, "partition">[] = [];
  let end: bigint | undefined;
  for (let at = 0; bytes.length - at >= HEADER; ) {
    const size = 12 + bytes.readInt32BE(at + 8);
    if (bytes.length - at < size) break;
    const batch = readBatch(bytes.subarray(at, at + size));
    for (const record of batch.records) records.push(record);
    end = batch.end;
    at += size;
  }
  return { records, end };
}

function readBatch(bytes: Buffer): { records: Omit<RawRecord, "partition">[]; end: bigint } {
  const magic = bytes.readInt8(16);
  if (magic !== 2) throw new Error(`a record batch of version ${magic}`);
  const base = bytes.readBigInt64BE(0);
  const attributes = bytes.readInt16BE(21);
  const end = base + BigInt(bytes.readInt32BE(23));
  const [first, latest] = [bytes.readBigInt64BE(27), bytes.readBigInt64BE(35)];
  if ((attributes & CONTROL) !== 0) return { records: [], end };
  const reader = new WireReader(decompress(attributes & CODECS, bytes.subarray(HEADER)));
  const records = Array.from({ length: bytes.readInt32BE(57) }, () => {
    reader.varint(); // length
    reader.int8(); // attributes
    const timestamp = first + reader.varlong();
    const offset = base + reader.varlong();
    const [key, value] = [readBytes(reader), readBytes(reader)];
    const headers = Array.from({ length: reader.varint() }, () => {
      const name = reader.raw(reader.varint()).toString("utf8");
      return [name, readBytes(reader)] as const;
    });
    return { offset, timestamp: (attributes & APPEND_TIME) !== 0 ? latest : timestamp, key, value, headers };
  });
  return { records, end };
}

function readBytes(reader: WireReader): Buffer | null {
  const size = reader.varint();
  return size < 0 ? null : reader.raw(size);
}

function decompress(codec: number, bytes: Buffer): Buffer {
  if (codec === 0) return bytes;
  if (codec === 1) return gunzipSync(bytes);
  throw new Error(`a record batch of codec ${codec}, which this reader does not know`);
}
