import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { beforeAll, describe, expect, it } from "vitest";
import { type Finished, records, spanmill, surfaces } from "../support/command.js";
import { lookupFolder } from "../support/lookup-model.js";
import { temporaryFolder } from "../support/temporary.js";

const MODEL = lookupFolder();
const folder = temporaryFolder();

function file(name: string, content: string | Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const annotate = (...args: string[]) => spanmill(["annotate", "--model", MODEL, ...args]);

describe("inputs of several formats in one run", () => {
  const text = file("mail.txt", "\ufeffAlice Smith wrote.\r\n\r\nShe is in New York now.\n");
  const jsonl = file(
    "tickets.jsonl",
    '{"id": "T-1", "text": "Bob left."}\n\n{"text": "Acme in Berlin"}\r\n{"id": 7, "text": ""}\n',
  );
  const conll = file(
    "news.conll",
    "# doc = n1\nAlice\tB-X\nSmith\tI-X\n\nBerlin\tO\n\n# doc = n2\nBob\tO\n\n",
  );
  const conllu = file(
    "trees.conllu",
    "# newdoc id = u1\n# text = Bob's in Berlin\n1-2\tBob's\t_\t_\t_\t_\t_\t_\t_\t_\n" +
      ["1\tBob", "2\t's", "3\tin", "4\tBerlin"]
        .map((cells) => `${cells}\t_\tX\tX\t_\t0\troot\t_\t_\n`)
        .join("") +
      "\n",
  );
  const packed = file("more.jsonl.gz", gzipSync('{"text": "Berlin"}\n{"text": "nobody"}\n'));
  let finished: Finished;
  beforeAll(async () => {
    finished = await annotate(text, jsonl, conll, conllu, packed, text);
  });

  it("gives a record for each document, in order, named by its id or its place", () => {
    expect(finished).toMatchObject({ status: 0 });
    expect(records(finished.stdout).map(({ document_id }) => document_id)).toEqual([
      text,
      "T-1",
      `${jsonl}:3`,
      "7",
      "n1",
      "n2",
      "u1",
      `${packed}:1`,
      `${packed}:2`,
      text,
    ]);
  });

  it("finds the spans of each", () => {
    expect(records(finished.stdout).map(surfaces)).toEqual([
      ["Alice Smith/PER", "New York/LOC"],
      ["Bob/PER"],
      ["Acme/ORG", "Berlin/LOC"],
      [],
      ["Alice Smith/PER", "Berlin/LOC"],
      ["Bob/PER"],
      ["Bob/PER", "Berlin/LOC"],
      ["Berlin/LOC"],
      [],
      ["Alice Smith/PER", "New York/LOC"],
    ]);
  });

  it("counts up the revision, so that of two answers for one id the later one is known", () => {
    const revisions = records(finished.stdout).map(({ revision }) => revision);
    expect(revisions).toEqual([...revisions].sort());
    expect(new Set(revisions).size).toBe(10);
  });
});

describe("a JSONL line", () => {
  const nested = file(
    "nested.jsonl",
    '{"ticket": {"body": "Alice", "no": 12}}\n{"ticket": {"body": "Bob", "no": "x"}}\n',
  );

  it("is read at a dotted path or a JSON pointer", async () => {
    for (const [field, id] of [
      ["ticket.body", "ticket.no"],
      ["/ticket/body", "/ticket/no"],
    ]) {
      const { stdout } = await annotate(nested, "--field", field!, "--id", id!);
      expect(records(stdout).map((record) => [record.document_id, ...surfaces(record)])).toEqual([
        ["12", "Alice/PER"],
        ["x", "Bob/PER"],
      ]);
    }
  });

  it("without an id is named by file and line from the first on", async () => {
    const { stdout } = await annotate(nested, "--field", "ticket.body", "--id", "none");
    expect(records(stdout).map(({ document_id }) => document_id)).toEqual([`${nested}:1`, `${nested}:2`]);
  });

  it("whose id would be rounded, or is none, is rejected rather than misnamed", async () => {
    const path = file(
      "ids.jsonl",
      '{"id": 9007199254740993, "text": "Bob"}\n{"id": {"$oid": "a"}, "text": "Bob"}\n{"id": null, "text": "Bob"}\n',
    );
    const { status, stdout, stderr } = await annotate(path);
    expect(status).toBe(3);
    expect(records(stdout).map(({ document_id }) => document_id)).toEqual([`${path}:3`]);
    expect(stderr).toMatch(/ids\.jsonl:1: DOCUMENT_FIELD_MISSING: .*string/);
    expect(stderr).toMatch(/ids\.jsonl:2: DOCUMENT_FIELD_MISSING: .*--id/);
  });
});

describe("standard input", () => {
  it("is one text, unless --from says otherwise", async () => {
    const run = (args: string[], input: string | Buffer) =>
      spanmill(["annotate", "--model", MODEL, ...args], { input });
    const whole = await run([], "Alice\n\nBob");
    expect(records(whole.stdout).map(surfaces)).toEqual([["Alice/PER", "Bob/PER"]]);
    const lines = await run(["--from", "lines"], gzipSync("Alice\n\nBob"));
    expect(
      records(lines.stdout).map((record) => [record.document_id, record.text_length, ...surfaces(record)]),
    ).toEqual([
      ["-:1", 5, "Alice/PER"],
      ["-:3", 3, "Bob/PER"],
    ]);
  });

  it("may stand between files", async () => {
    const path = file("one.txt", "Berlin");
    const { stdout } = await spanmill(["annotate", "--model", MODEL, path, "-", path], { input: "Alice" });
    expect(records(stdout).map(surfaces)).toEqual([["Berlin/LOC"], ["Alice/PER"], ["Berlin/LOC"]]);
  });
});

describe("an input that holds nothing", () => {
  it("is an empty document as text, and no document as lines", async () => {
    const { status, stdout } = await annotate(
      file("empty.txt", ""),
      file("empty.jsonl", ""),
      file("empty.conll", ""),
      file("empty.jsonl.gz", gzipSync("")),
    );
    expect(status).toBe(0);
    expect(records(stdout)).toMatchObject([{ text_length: 0, lenses: { ner: { spans: [] } } }]);
  });
});
