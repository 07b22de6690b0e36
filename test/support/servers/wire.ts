/**
 * Kafka's protocol by hand, for the few requests that the tests need beside kafkajs, and so that what checks does not
 * share code with what is checked. Flexible versions (KIP-482) where `request` is told so: their lengths are one more, as
 * unsigned varints, and each structure ends with tagged fields, of which we send none and skip what comes.
 * https://kafka.apache.org/protocol
 */
import { connect } from "node:net";

export class WireWriter {
  #parts: Buffer[] = [];

  int8(value: number): this {
    return this.#add(1, (bytes) => bytes.writeInt8(value));
  }
  int16(value: number): this {
    return this.#add(2, (bytes) => bytes.writeInt16BE(value));
  }
  int32(value: number): this {
    return this.#add(4, (bytes) => bytes.writeInt32BE(value));
  }
  int64(value: bigint): this {
    return this.#add(8, (bytes) => bytes.writeBigInt64BE(value));
  }
  string(value: string): this {
    const bytes = Buffer.from(value);
    return this.int16(bytes.length).raw(bytes);
  }
  array<T>(values: readonly T[], write: (value: T) => void): this {
    this.int32(values.length);
    for (const value of values) write(value);
    return this;
  }
  compactString(value: string): this {
    const bytes = Buffer.from(value);
    return this.#unsignedVarint(bytes.length + 1).raw(bytes);
  }
  compactArray<T>(values: readonly T[], write: (value: T) => void): this {
    this.#unsignedVarint(values.length + 1);
    for (const value of values) write(value);
    return this;
  }
  noTags(): this {
    return this.int8(0);
  }
  raw(bytes: Buffer): this {
    this.#parts.push(bytes);
    return this;
  }
  bytes(): Buffer {
    return Buffer.concat(this.#parts);
  }

  #unsignedVarint(value: number): this {
    for (; value > 0x7f; value >>>= 7) this.raw(Buffer.of((value & 0x7f) | 0x80));
    return this.raw(Buffer.of(value));
  }
  #add(size: number, write: (bytes: Buffer) => void): this {
    const bytes = Buffer.alloc(size);
    write(bytes);
    return this.raw(bytes);
  }
}

export class WireReader {
  #at = 0;
  constructor(readonly buffer: Buffer) {}

  get left(): number {
    return this.buffer.length - this.#at;
  }
  int8(): number {
    return this.buffer.readInt8(this.#skip(1));
  }
  int16(): number {
    return this.buffer.readInt16BE(this.#skip(2));
  }
  int32(): number {
    return this.buffer.readInt32BE(this.#skip(4));
  }
  int64(): bigint {
    return this.buffer.readBigInt64BE(this.#skip(8));
  }
  /** A string with a length of 16 bits, null where that is -1. */
  string(): string | null {
    const size = this.int16();
    return size < 0 ? null : this.raw(size).toString("utf8");
  }
  array<T>(read: () => T): T[] {
    return Array.from({ length: Math.max(this.int32(), 0) }, read);
  }
  /** null where the length is 0. */
  compactString(): string | null {
    const size = this.#unsignedVarint() - 1;
    return size < 0 ? null : this.raw(size).toString("utf8");
  }
  compactArray<T>(read: () => T): T[] {
    return Array.from({ length: Math.max(this.#unsignedVarint() - 1, 0) }, read);
  }
  skipTags(): void {
    for (let left = this.#unsignedVarint(); left > 0; left--) {
      this.#unsignedVarint();
      this.raw(this.#unsignedVarint());
    }
  }
  /** Zigzag, as records have it. */
  varint(): number {
    return Number(this.varlong());
  }
  varlong(): bigint {
    const value = this.#unsignedVarlong();
    return (value >> 1n) ^ -(value & 1n);
  }
  raw(size: number): Buffer {
    const from = this.#skip(size);
    return this.buffer.subarray(from, from + size);
  }

  #unsignedVarint(): number {
    return Number(this.#unsignedVarlong());
  }
  #unsignedVarlong(): bigint {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.buffer.readUInt8(this.#skip(1));
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  }
  #skip(size: number): number {
    const from = this.#at;
    if (size < 0 || from + size > this.buffer.length) throw new RangeError("the answer ends early");
    this.#at += size;
    return from;
  }
}

export interface Wire {
  /** Sends one request and gives its answer, read to the end of the header. */
  request(apiKey: number, version: number, body: WireWriter, flexible?: "flexible"): Promise<WireReader>;
  close(): void;
}

/** @param address `host:port` of a broker */
export function openWire(address: string): Promise<Wire> {
  const [host, port] = [
    address.slice(0, address.lastIndexOf(":")),
    address.slice(address.lastIndexOf(":") + 1),
  ];
  const waiting = new Map<number, { answer(reader: WireReader): void; fail(error: Error): void }>();
  let correlation = 0;
  let kept: Buffer = Buffer.alloc(0);

  const socket = connect(Number(port), host);
  const fail = (error: Error) => {
    for (const { fail } of waiting.values()) fail(error);
    waiting.clear();
  };
  socket.on("data", (bytes) => {
    kept = Buffer.concat([kept, bytes]);
    while (kept.length >= 4 && kept.length >= 4 + kept.readInt32BE()) {
      const reader = new WireReader(kept.subarray(4, 4 + kept.readInt32BE()));
      kept = kept.subarray(4 + kept.readInt32BE());
      const id = reader.int32();
      waiting.get(id)?.answer(reader);
      waiting.delete(id);
    }
  });
  socket.on("error", fail).on("close", () => fail(new Error(`${address} closed the connection`)));
  socket.setTimeout(20_000, () => socket.destroy(new Error(`${address} does not answer`)));

  const request: Wire["request"] = async (apiKey, version, body, flexible) => {
    const id = correlation++;
    const frame = new WireWriter().int16(apiKey).int16(version).int32(id).string("spanmill-test");
    if (flexible) frame.noTags();
    frame.raw(body.bytes());
    const reader = await new Promise<WireReader>((answer, fail) => {
      waiting.set(id, { answer, fail });
      socket.write(new WireWriter().int32(frame.bytes().length).raw(frame.bytes()).bytes());
    });
    if (flexible) reader.skipTags();
    return reader;
  };
  return new Promise((resolve, reject) => {
    socket.once("connect", () => resolve({ request, close: () => socket.destroy() })).once("error", reject);
  });
}

/** Opens, asks and closes. */
export async function askOnce<T>(address: string, ask: (wire: Wire) => Promise<T>): Promise<T> {
  const wire = await openWire(address);
  try {
    return await ask(wire);
  } finally {
    wire.close();
  }
}
