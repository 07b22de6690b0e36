import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { fileSource } from "../../../src/adapters/files/message-source.js";
import type { SourceMessage } from "../../../src/ports/source.js";
import { sourceContract } from "../../contract/source.js";
import { collectGarbage } from "../../support/garbage.js";
import { temporaryFolder } from "../../support/temporary.js";

const folder = temporaryFolder();
let grounds = 0;
const LIMITS = { unit: "line", maxBytes: 100 } as const;

sourceContract({
  name: "files",
  keepsPosition: false,
  ground: async () => {
    const paths = ["first", "second"].map((name) => join(folder, `${name}-${grounds++}.txt`));
    return {
      fill: async (values) => {
        const half = Math.ceil(values.length / 2);
        paths.forEach((path, i) => {
          writeFileSync(path, values.slice(i * half, (i + 1) * half).join("\n"));
        });
      },
      open: async () => fileSource({ paths, ...LIMITS }),
    };
  },
});

describe("standard input", () => {
  const own = Object.getOwnPropertyDescriptor(process, "stdin")!;
  afterEach(() => Object.defineProperty(process, "stdin", own));

  sourceContract({
    name: "standard input",
    keepsPosition: false,
    ground: async () => {
      let content = "";
      return {
        fill: async (values) => {
          content = values.map((value) => `${value}\n`).join("");
        },
        // A pipe that is filled anew for each.
        open: async () => {
          const chunks = content === "" ? [] : [Buffer.from(content)];
          Object.defineProperty(process, "stdin", { value: Readable.from(chunks), configurable: true });
          return fileSource({ paths: ["-"], ...LIMITS });
        },
      };
    },
  });
});

async function read(
  contents: readonly (string | Buffer)[],
  unit: "line" | "file",
  maxBytes = 100,
  most = Infinity,
) {
  const paths = contents.map((content, i) => {
    const path = join(folder, `${i}.txt`);
    writeFileSync(path, content);
    return path;
  });
  const source = fileSource({ paths, unit, maxBytes });
  const taken: SourceMessage[] = [];
  await source.run({
    room: () => (taken.length < most ? undefined : new Promise((resolve) => setImmediate(resolve))),
    take: ({ message }) => {
      taken.push(message);
      if (taken.length === most) void source.stop();
    },
  });
  await source.close();
  return { paths, taken };
}

const found = ({ paths, taken }: Awaited<ReturnType<typeof read>>) =>
  taken.map(({ place, value }) => [paths.indexOf(place.topic), place.offset, String(value)]);

describe("files as a source", () => {
  it("give every line that is not empty, with its number", async () => {
    const line = fc.string({ unit: fc.constantFrom("a", "é", "😀", " "), maxLength: 8 });
    const file = fc.tuple(fc.array(line, { maxLength: 6 }), fc.constantFrom("\n", "\r\n"), fc.boolean());
    await fc.assert(
      fc.asyncProperty(fc.array(file, { maxLength: 3 }), async (files) => {
        const contents = files.map(([lines, end, isEnded]) => lines.join(end) + (isEnded ? end : ""));
        const expected = files.flatMap(([lines], i) =>
          lines.flatMap((line, number) => (line === "" ? [] : [[i, String(number + 1), line]])),
        );
        expect(found(await read(contents, "line"))).toEqual(expected);
      }),
      { numRuns: 50 },
    );
  });

  it("give a file whole", async () => {
    expect(found(await read(["a\nb\n", ""], "file"))).toEqual([
      [0, "0", "a\nb\n"],
      [1, "0", ""],
    ]);
  });

  it("hold no more of what is too long than shows it, and go on after it", async () => {
    const { taken } = await read([`${"x".repeat(500)}\n${"y".repeat(100)}\r\nz`], "line");
    const lengths = taken.map(({ value }) => value!.length);
    expect(lengths[0]).toBeGreaterThan(100);
    expect(lengths[0]).toBeLessThan(105);
    expect(lengths.slice(1)).toEqual([100, 1]);
  });

  it("give nothing after they are stopped", async () => {
    expect((await read(["a\nb\nc\n"], "line", 100, 2)).taken).toHaveLength(2);
  });

  it("hold on to nothing that they have handed over", async () => {
    const path = join(folder, "many.txt");
    writeFileSync(path, `${"x".repeat(2_000)}\n`.repeat(4_000));
    const source = fileSource({ paths: [path], unit: "line", maxBytes: 4_000 });
    const taken: WeakRef<Buffer>[] = [];
    let isRead = false;
    let held = Number.NaN;
    await source.run({
      // Before the last line there is no room until what is held was counted.
      room: () => {
        if (taken.length < 3_999 || isRead) return undefined;
        isRead = true;
        return collectGarbage().then(() => {
          held = taken.filter((one) => one.deref() !== undefined).length;
        });
      },
      take: ({ message }) => void taken.push(new WeakRef(message.value!)),
    });
    expect(taken).toHaveLength(4_000);
    expect(held).toBeLessThan(10);
  });

  it("that are not there are named at once", () => {
    expect(() => fileSource({ paths: ["/no/such/file"], unit: "line", maxBytes: 1 })).toThrow(
      expect.objectContaining({ code: "INPUT_NOT_FOUND" }),
    );
  });
});
