import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Line, openLines, splitLines } from "../../../src/adapters/files/lines.js";

const LIMIT = 1 << 20;
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "spanmill-lines-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, content: string | Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

async function read(path: string, limit = LIMIT): Promise<Line[]> {
  return flat((await openLines(path, limit)).batches);
}

async function flat(batches: AsyncIterable<readonly Line[]>): Promise<Line[]> {
  const lines: Line[] = [];
  for await (const batch of batches) lines.push(...batch);
  return lines;
}

async function* cut(bytes: Buffer, sizes: readonly number[]): AsyncGenerator<Buffer> {
  let at = 0;
  for (let i = 0; at < bytes.length; i++) {
    const end = at + sizes[i % sizes.length]!;
    yield bytes.subarray(at, end);
    at = end;
  }
}

function texts(lines: readonly Line[]): string[] {
  return lines.map((line) => (line.kind === "line" ? line.text : line.code));
}

describe("splitLines", () => {
  test("gives the same lines however the bytes are cut, with numbers and byte offsets", async () => {
    const part = fc.constantFrom(
      "\n",
      "\r\n",
      "\r",
      "\u2028",
      "\u0085",
      "\v",
      "a",
      "é",
      "😀",
      "",
      "long ".repeat(4),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(part, { maxLength: 40 }),
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 }),
        fc.integer({ min: 1, max: 12 }),
        async (parts, sizes, limit) => {
          const text = parts.join("");
          const expected = text.split("\n");
          if (expected.at(-1) === "") expected.pop();
          let byteOffset = 0;
          const lines = await flat(splitLines(cut(Buffer.from(text), sizes), limit));
          expect(lines).toHaveLength(expected.length);
          expected.forEach((raw, i) => {
            const content = raw.replace(/\r$/, "");
            const line = lines[i]!;
            expect(line).toMatchObject({ number: i + 1, byteOffset });
            if (Buffer.byteLength(content) <= limit)
              expect(line).toMatchObject({ kind: "line", text: content });
            else {
              const bytes = Buffer.byteLength(content);
              const reason = `the line has ${bytes} bytes, over the limit of ${limit}`;
              expect(line).toMatchObject({ kind: "rejected", code: "DOCUMENT_TOO_LARGE", reason });
            }
            byteOffset += Buffer.byteLength(raw) + 1;
          });
        },
      ),
      { numRuns: 500 },
    );
  });

  test.each([1, 3, 1000])(
    "names the first byte of a line that is not UTF-8, in chunks of %i",
    async (size) => {
      const bytes = Buffer.concat([
        Buffer.from("good\nab"),
        Buffer.from([0xff]),
        Buffer.from("c\ngood\n"),
        Buffer.from([0xe2, 0x82]),
      ]);
      const lines = await flat(splitLines(cut(bytes, [size]), LIMIT));
      expect(lines.map(({ kind }) => kind)).toEqual(["line", "rejected", "line", "rejected"]);
      expect(lines[1]).toMatchObject({
        number: 2,
        code: "DOCUMENT_NOT_UTF8",
        reason: "byte 2 of the line, counted from 0, is not valid UTF-8",
      });
      expect(lines[3]).toMatchObject({ number: 4, reason: expect.stringContaining("byte 0 ") });
    },
  );

  test("skips a line of 100 MB without holding it", async () => {
    const chunk = Buffer.alloc(256 * 1024, "x");
    const before = process.memoryUsage().arrayBuffers;
    let most = 0;
    async function* chunks(): AsyncGenerator<Buffer> {
      yield Buffer.from("first\n");
      for (let i = 0; i < 400; i++) {
        most = Math.max(most, process.memoryUsage().arrayBuffers - before);
        yield chunk;
      }
      yield Buffer.from("\nlast\n");
    }
    const lines = await flat(splitLines(chunks(), 4 << 20));
    expect(texts(lines)).toEqual(["first", "DOCUMENT_TOO_LARGE", "last"]);
    expect(lines[1]).toMatchObject({
      reason: `the line has ${400 * chunk.length} bytes, over the limit of 4194304`,
    });
    expect(most).toBeLessThan(16 << 20);
  });

  test("a long line under the limit is whole, after and before others", async () => {
    const long = Array.from({ length: 60_000 }, (_, i) => `${i}é`).join(" ");
    const lines = await flat(splitLines(cut(Buffer.from(`a\n${long}\nb\n${long}`), [50_001]), LIMIT));
    expect(texts(lines)).toEqual(["a", long, "b", long]);
  });

  test("short lines come many at a time", async () => {
    let batches = 0;
    let lines = 0;
    async function* chunks(): AsyncGenerator<Buffer> {
      yield Buffer.from("short\n".repeat(100_000));
    }
    for await (const batch of splitLines(chunks(), LIMIT)) {
      batches++;
      lines += batch.length;
      expect(batch.length).toBeLessThanOrEqual(1024);
    }
    expect(lines).toBe(100_000);
    expect(batches).toBeLessThan(110);
  });
});

describe("openLines", () => {
  test.each([
    ["nothing", "", []],
    ["one line feed", "\n", [""]],
    ["no last line end", "a\nb", ["a", "b"]],
    ["CR LF, the last one cut in half", "a\r\nb\r\n\r\nc\r", ["a", "b", "", "c"]],
    ["a byte order mark", "\ufeffa\n\ufeffb\n", ["a", "\ufeffb"]],
    ["a byte order mark alone", "\ufeff", [""]],
  ])("%s", async (name, content, expected) => {
    expect(texts(await read(file(`${name}.txt`, content)))).toEqual(expected);
    expect(texts(await read(file(`${name}.gz`, gzipSync(content))))).toEqual(expected);
  });

  test("reads gzip of two members as one file, and zeros after the last", async () => {
    const packed = Buffer.concat([gzipSync("one\ntw"), gzipSync("o\nthree"), Buffer.alloc(100)]);
    expect(texts(await read(file("two.gz", packed)))).toEqual(["one", "two", "three"]);
  });

  test("a truncated gzip is an error that names the file, after the lines before it", async () => {
    const content = Array.from({ length: 300_000 }, (_, i) => `canary ${(i * 7919) % 10007}\n`).join("");
    const packed = gzipSync(content);
    const path = file("cut.gz", packed.subarray(0, packed.length / 2));
    const seen: Line[] = [];
    const error = await (async () => {
      for await (const batch of (await openLines(path, LIMIT)).batches) seen.push(...batch);
    })().catch((caught: unknown) => caught);
    expect(error).toMatchObject({
      code: "INPUT_UNREADABLE",
      message: expect.stringContaining("ends too early"),
    });
    expect((error as Error).message).toContain(path);
    expect((error as Error).message).not.toContain("canary");
    expect(seen.length).toBeGreaterThan(1000);
  });

  test("damaged gzip, UTF-16, a missing file, a directory and a failing disk each say so", async () => {
    const damaged = gzipSync("x".repeat(1000));
    damaged.fill(0xff, 12, 20);
    await expect(read(file("damaged.gz", damaged))).rejects.toMatchObject({
      code: "INPUT_UNREADABLE",
      message: expect.stringContaining("damaged"),
    });
    await expect(read(file("utf16.txt", Buffer.from("\ufeffabc", "utf16le")))).rejects.toMatchObject({
      code: "INPUT_UNREADABLE",
      message: expect.stringContaining("iconv -f UTF-16"),
    });
    await expect(read(join(folder, "missing.txt"))).rejects.toMatchObject({
      code: "INPUT_NOT_FOUND",
      message: expect.stringContaining("missing.txt"),
    });
    await expect(read(`${folder}/`)).rejects.toMatchObject({
      code: "INPUT_IS_DIRECTORY",
      message: expect.stringContaining(`${folder}/*.txt`),
    });
  });

  test.runIf(process.platform === "linux")("an error of the device is INPUT_UNREADABLE", async () => {
    // The first page of a process's memory is never mapped, and reading it is an I/O error, to root too.
    await expect(read("/proc/self/mem")).rejects.toMatchObject({
      code: "INPUT_UNREADABLE",
      message: expect.stringContaining("EIO"),
    });
  });

  test("knows its size and how much of it is read, packed as it lies there", async () => {
    const packed = gzipSync("some line\n".repeat(1000));
    const source = await openLines(file("sized.gz", packed), LIMIT);
    expect(source.size).toBe(packed.length);
    expect(source.consumed()).toBe(0);
    expect(await flat(source.batches)).toHaveLength(1000);
    expect(source.consumed()).toBe(packed.length);
  });

  test.runIf(process.platform === "linux")("ending early, or closing unread, closes the file", async () => {
    const path = file("open.txt", "line\n".repeat(500_000));
    for (let i = 0; i < 3; i++) {
      for await (const _ of (await openLines(path, LIMIT)).batches) break;
      const unread = await openLines(path, LIMIT);
      await unread.close();
    }
    const listed = execFileSync("ls", ["-l", `/proc/${process.pid}/fd`], { encoding: "utf8" });
    expect(listed).not.toContain("open.txt");
  });
});

describe("standard input", () => {
  const script = `
    import { openLines } from ${JSON.stringify(new URL("../../../src/adapters/files/lines.js", import.meta.url).href)};
    try {
      const source = await openLines("-", 1 << 20);
      for await (const batch of source.batches)
        for (const line of batch) process.stdout.write(line.number + ":" + line.text + "\\n");
      process.stdout.write([source.name, source.size, source.consumed()].join(" ") + "\\n");
    } catch (error) { process.stdout.write(error.code + " " + error.message + "\\n"); }`;
  const node = [process.execPath, "--input-type=module", "-e", script];

  test("a pipe, plain and packed", () => {
    const plain = spawnSync(node[0]!, node.slice(1), { input: "a\nb", encoding: "utf8" });
    expect(plain.stdout).toBe("1:a\n2:b\nstandard input  3\n");
    const packed = spawnSync(node[0]!, node.slice(1), { input: gzipSync("a\nb\n"), encoding: "utf8" });
    expect(packed.stdout).toContain("1:a\n2:b\nstandard input  ");
  });

  test("a packed pipe that gives its first byte alone", () => {
    const path = file("slow.gz", gzipSync("a\nb\n"));
    const slow = '{ head -c 1 "$FROM"; sleep 0.3; tail -c +2 "$FROM"; } | "$@"';
    const env = { ...process.env, FROM: path };
    const { stdout } = spawnSync("sh", ["-c", slow, "sh", ...node], { encoding: "utf8", env });
    expect(stdout).toContain("1:a\n2:b\n");
  });

  test("a file has a size; a directory is refused", () => {
    const path = file("stdin.txt", "a\nb\n");
    const run = (from: string) =>
      spawnSync("sh", ["-c", 'exec "$@" < "$FROM"', "sh", ...node], {
        encoding: "utf8",
        env: { ...process.env, FROM: from },
      }).stdout;
    expect(run(path)).toBe("1:a\n2:b\nstandard input 4 4\n");
    expect(run(folder)).toMatch(/^INPUT_IS_DIRECTORY standard input is a directory/);
  });
});
