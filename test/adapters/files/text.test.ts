import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readText } from "../../../src/adapters/files/text.js";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "spanmill-text-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(content: string | Buffer): string {
  const path = join(folder, "document.txt");
  writeFileSync(path, content);
  return path;
}

describe("readText", () => {
  test("gives the text as it is, but for a byte order mark", async () => {
    const text = "a\r\nb\u2028\u0000😀\n\n";
    expect(await readText(file(`\ufeff${text}`), 100)).toEqual({ kind: "text", text });
    expect(await readText(file(gzipSync(text)), 100)).toEqual({ kind: "text", text });
    expect(await readText(file(""), 100)).toEqual({ kind: "text", text: "" });
  });

  test("takes a document of the limit and none larger, packed or not", async () => {
    const larger = {
      kind: "rejected",
      code: "DOCUMENT_TOO_LARGE",
      reason: expect.stringContaining("1000 bytes"),
    };
    expect(await readText(file("x".repeat(1000)), 1000)).toMatchObject({ kind: "text" });
    expect(await readText(file("x".repeat(1001)), 1000)).toEqual(larger);
    expect(await readText(file(gzipSync(Buffer.alloc(100 << 20))), 1000)).toEqual(larger);
  });

  test("rejects what is not UTF-8, and says where", async () => {
    expect(await readText(file(Buffer.from([0x41, 0xc3, 0x28])), 100)).toEqual({
      kind: "rejected",
      code: "DOCUMENT_NOT_UTF8",
      reason: "byte 1 of the document, counted from 0, is not valid UTF-8",
    });
  });

  test("a missing file is an error", async () => {
    await expect(readText(join(folder, "missing"), 10)).rejects.toMatchObject({ code: "INPUT_NOT_FOUND" });
  });
});
