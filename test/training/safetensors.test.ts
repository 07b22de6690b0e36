import { describe, expect, it } from "vitest";
import { readSafetensors } from "../../src/training/safetensors.js";
import { safetensorsFile } from "./safetensors-file.js";

const bytesOf = (numbers: Float32Array | Uint16Array) => new Uint8Array(numbers.buffer);

describe("a safetensors file", () => {
  it("gives names, shapes and numbers of 32 and 16 bits", () => {
    const file = safetensorsFile({
      wide: { dtype: "F32", shape: [2, 2], bytes: bytesOf(Float32Array.of(1, -2.5, 3e-20, 4)) },
      half: {
        dtype: "F16",
        shape: [7],
        bytes: bytesOf(Uint16Array.of(0x3c00, 0xc100, 0x0001, 0x7bff, 0x7c00, 0x8000, 0x3555)),
      },
      brain: { dtype: "BF16", shape: [3], bytes: bytesOf(Uint16Array.of(0x3f80, 0xc020, 0x0001)) },
    });
    const tensors = readSafetensors(file, "x");
    expect([...tensors.keys()]).toEqual(["wide", "half", "brain"]);
    expect(tensors.get("wide")!.shape).toEqual([2, 2]);
    expect([...tensors.get("wide")!.read()]).toEqual([1, -2.5, Math.fround(3e-20), 4]);
    expect([...tensors.get("half")!.read()]).toEqual([
      1,
      -2.5,
      2 ** -24,
      65504,
      Number.POSITIVE_INFINITY,
      -0,
      0.333251953125,
    ]);
    expect([...tensors.get("brain")!.read()]).toEqual([1, -2.5, 2 ** -133]);
  });

  it("may begin at any byte of its buffer", () => {
    const file = safetensorsFile({ a: { dtype: "F32", shape: [1], bytes: bytesOf(Float32Array.of(7)) } });
    const moved = new Uint8Array(file.length + 3);
    moved.set(file, 3);
    expect([...readSafetensors(moved.subarray(3), "x").get("a")!.read()]).toEqual([7]);
  });

  const good = safetensorsFile({ a: { dtype: "F32", shape: [2], bytes: new Uint8Array(8) } });
  const header = (text: string) => {
    const bytes = new Uint8Array(8 + text.length);
    new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
    bytes.set(new TextEncoder().encode(text), 8);
    return bytes;
  };
  const BROKEN: Record<string, readonly [Uint8Array, RegExp]> = {
    "is empty": [new Uint8Array(0), /0 bytes/],
    "is a Git LFS pointer": [
      new TextEncoder().encode("version https://git-lfs.github.com/spec/v1\n"),
      /Git LFS/,
    ],
    "is cut off in its header": [good.subarray(0, 20), /cut off/],
    "is cut off in its numbers": [good.subarray(0, good.length - 1), /tensor a ends at byte .* cut off/],
    "has a header that is no JSON": [header("{oops"), /no JSON/],
    "has a header that is a list": [header("[1]"), /does not describe/],
    "has a tensor without a shape": [header('{"a":{"dtype":"F32"}}'), /does not describe a/],
    "has fewer numbers than its shape": [
      safetensorsFile({ a: { dtype: "F32", shape: [3], bytes: new Uint8Array(8) } }),
      /tensor a has 8 bytes for 3/,
    ],
    "has numbers of another kind": [
      safetensorsFile({ a: { dtype: "I64", shape: [1], bytes: new Uint8Array(8) } }),
      /tensor a is of I64; F32, F16, BF16/,
    ],
  };
  it.each(Object.keys(BROKEN))("that %s is refused with its name", (name) => {
    const [bytes, message] = BROKEN[name]!;
    const read = () =>
      [...readSafetensors(bytes, "some.safetensors").values()].map((tensor) => tensor.read());
    expect(read).toThrow(
      expect.objectContaining({ code: "MODEL_BROKEN", message: expect.stringMatching(message) }),
    );
    expect(read).toThrow(/^some\.safetensors/);
  });
});
