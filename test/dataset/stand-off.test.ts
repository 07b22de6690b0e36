import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, test } from "vitest";
import { openSpanDocuments } from "../../src/adapters/files/label-files.js";
import { all } from "./lines-of.js";

const folder = mkdtempSync(join(tmpdir(), "spanmill-stand-off-"));
afterAll(() => rmSync(folder, { recursive: true }));

const sum = (text: string) => createHash("sha256").update(text).digest("hex").slice(0, 16);

mkdirSync(join(folder, "texts"));
mkdirSync(join(folder, "labels"));
const MAIL = "From: 😀\n\nAnn met Bob.\nBye";
writeFileSync(
  join(folder, "texts", "mails.jsonl.gz"),
  gzipSync(
    [
      { id: 7, raw: MAIL, text: "Rome" },
      { id: "8", raw: 12 },
    ]
      .map((line) => `${JSON.stringify(line)}\n`)
      .join(""),
  ),
);

let files = 0;
async function read(...lines: unknown[]) {
  const path = join(folder, "labels", `${files++}.jsonl`);
  writeFileSync(path, lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
  return all(openSpanDocuments([path]));
}

const FILE = "../texts/mails.jsonl.gz";
const SPANS = [{ start: 0, end: 3, label: "PER" }];

describe("stand-off spans", () => {
  test("come with a part of the text, or all of it, out of the file that holds it", async () => {
    const part = "Ann met Bob.";
    const found = await read(
      {
        id: "x",
        of: { file: FILE, id: "7", field: "raw", start: 9, end: 21, sha256: sum(part) },
        spans: SPANS,
      },
      { of: { file: FILE, id: 7, sha256: sum("Rome") }, spans: [] },
      { id: "own", text: "Bob", spans: SPANS },
    );
    expect(found).toEqual([
      { id: "x", line: 1, text: part, spans: SPANS },
      { id: undefined, line: 2, text: "Rome", spans: [] },
      { id: "own", line: 3, text: "Bob", spans: SPANS },
    ]);
  });

  const good = { file: FILE, id: "7", sha256: sum("Rome") };
  test.each([
    [{ ...good, id: "9" }, 'there is no document of the id "9" in ../texts/mails.jsonl.gz'],
    [{ ...good, id: "8", field: "raw" }, 'the document "8" of ../texts/mails.jsonl.gz has no text in "raw"'],
    [
      { ...good, sha256: "0123456789abcdef" },
      `the text of "7" in ../texts/mails.jsonl.gz is not the one that was labelled (sha256 ${sum("Rome")} and not 0123456789abcdef): take the file that the labels were made for`,
    ],
    [{ ...good, end: 3 }, "is not the one that was labelled"],
    [{ ...good, sha256: "0123" }, '"of" has no "sha256" of its text: at least 8 hexadecimal digits'],
    [{ ...good, start: -1 }, '"start" and "end" of "of" are whole numbers of code points'],
    [{ id: "7", sha256: good.sha256 }, '"of" does not say in which "file"'],
    ["7", '"of" is no object that says where the text is'],
  ])("%j is refused with file and line", async (of, what) => {
    const error = await read({ of: good, spans: [] }, { of, spans: [] }).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: "INPUT_MALFORMED" });
    expect((error as Error).message).toMatch(/labels[/\\]\d+\.jsonl:2: /);
    expect((error as Error).message).toContain(what);
  });

  test("say which file of texts is missing", async () => {
    const error = await read({ of: { ...good, file: "gone.jsonl" }, spans: [] }).catch(
      (caught: unknown) => caught,
    );
    expect(error).toMatchObject({ code: "INPUT_NOT_FOUND" });
    expect((error as Error).message).toContain(join(folder, "labels", "gone.jsonl"));
  });

  test("are refused beside a text of their own, which might be another", async () => {
    const error = await read({ text: "Rome", of: good, spans: [] }).catch((caught: unknown) => caught);
    expect((error as Error).message).toContain(':1: there are both "text" and "of"');
  });

  test("say which line of the texts is broken", async () => {
    writeFileSync(join(folder, "texts", "broken.jsonl"), '{"id": "7", "text": "Rome"}\n{"id"\n');
    const error = await read({ of: { ...good, file: "../texts/broken.jsonl" }, spans: [] }).catch(
      (caught: unknown) => caught,
    );
    expect((error as Error).message).toContain("broken.jsonl:2: the line is no JSON object");
  });

  test("are not looked up for a pipe, which is read once and whole", async () => {
    const pipe = join(folder, "pipe.jsonl");
    execFileSync("mkfifo", [pipe]);
    const read = (line: object) => {
      const found = all(openSpanDocuments([pipe]));
      return Promise.allSettled([found, writeFile(pipe, `${JSON.stringify(line)}\n`)]);
    };
    const [own] = await read({ text: "Ann", spans: SPANS });
    expect(own).toMatchObject({ value: [{ text: "Ann", spans: SPANS }] });
    const [other] = await read({ of: good, spans: [] });
    expect(other).toMatchObject({ reason: { message: expect.stringContaining("not for those of a pipe") } });
  });
});
