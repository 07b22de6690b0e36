/** Numbers and names to bytes and back. Both sides throw RangeError for what they cannot hold or find. */

export interface ByteWriter {
  /** A whole number from 0, in as few bytes as it needs, 7 bits each (LEB128). */
  count(value: number): void;
  /** A whole number of either sign; small ones of both are short (zigzag). */
  step(value: number): void;
  double(value: number): void;
  /** Well-formed Unicode alone. */
  string(value: string): void;
  bytes(): Buffer;
}

export interface ByteReader {
  count(): number;
  step(): number;
  double(): number;
  string(): string;
  atEnd(): boolean;
}

export function byteWriter(): ByteWriter {
  let buffer = Buffer.allocUnsafe(256);
  let length = 0;
  const room = (bytes: number) => {
    if (length + bytes <= buffer.length) return;
    const wider = Buffer.allocUnsafe(Math.max(2 * buffer.length, length + bytes));
    buffer.copy(wider, 0, 0, length);
    buffer = wider;
  };
  const count = (value: number) => {
    if (!Number.isSafeInteger(value) || value < 0 || Object.is(value, -0)) {
      throw new RangeError("not a whole number from 0");
    }
    room(LONGEST_VARINT);
    let rest = value;
    for (; rest >= 128; rest = Math.floor(rest / 128)) buffer[length++] = (rest % 128) + 128;
    buffer[length++] = rest;
  };
  return {
    count,
    step: (value) => count(value < 0 ? -2 * value - 1 : 2 * value),
    double(value) {
      room(8);
      length = buffer.writeDoubleLE(value, length);
    },
    string(value) {
      if (!value.isWellFormed()) throw new RangeError("not well-formed Unicode");
      const bytes = Buffer.byteLength(value, "utf8");
      count(bytes);
      room(bytes);
      length += buffer.write(value, length, "utf8");
    },
    bytes: () => buffer.subarray(0, length),
  };
}

/** Of 53 bits. */
const LONGEST_VARINT = 8;

export function byteReader(buffer: Buffer): ByteReader {
  let at = 0;
  const count = () => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = buffer[at++];
      if (byte === undefined) throw new RangeError("cut");
      value += (byte % 128) * scale;
      if (!Number.isSafeInteger(value)) throw new RangeError("too large");
      if (byte < 128) return value;
    }
  };
  return {
    count,
    step() {
      const value = count();
      return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
    },
    double() {
      at += 8;
      return buffer.readDoubleLE(at - 8);
    },
    string() {
      const bytes = count();
      at += bytes;
      if (at > buffer.length) throw new RangeError("cut");
      return buffer.toString("utf8", at - bytes, at);
    },
    atEnd: () => at === buffer.length,
  };
}
