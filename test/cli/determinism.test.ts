import { describe, expect, it } from "vitest";
import { records, spanmill } from "../support/command.js";
import { lookupFolder } from "../support/lookup-model.js";
import { SHARED_ABSENT, shared } from "../support/shared.js";

const TEXTS = Array.from({ length: 30 }, (_, i) =>
  [
    "Angela Merkel met the board of Siemens in Munich, said Reuters on Tuesday.",
    `Alice ${"wrote to Bob in New York and ".repeat(i)}left.`,
    "😀 José\n\n> quoted by Alice Smith\n> of Acme\n\nBerlin",
    "",
    "no names",
  ]
    .slice(i % 3)
    .join("\n\n"),
);

interface Document {
  readonly id: string;
  readonly text: string;
}

const DOCUMENTS: Document[] = TEXTS.map((text, i) => ({ id: `d${i}`, text }));

/** Records by id, as bytes, without what says where in the input a document stood. */
async function answers(
  model: string,
  documents: readonly Document[],
  ...args: string[]
): Promise<Map<string, string>> {
  const input = documents.map((document) => `${JSON.stringify(document)}\n`).join("");
  const { status, stdout, stderr } = await spanmill(
    ["annotate", "--model", model, "--from", "jsonl", "--words", "--quiet", ...args],
    { input },
  );
  expect(status, stderr).toBe(0);
  return new Map(
    stdout
      .split("\n")
      .slice(0, -1)
      .map((line) => [
        records(line)[0].document_id,
        line.replace(/"record_id":"\w+",/, "").replace(/"revision":"\d+",/, ""),
      ]),
  );
}

function shuffled(documents: readonly Document[]): Document[] {
  return [...documents].sort(
    (a, b) => ((Number(a.id.slice(1)) * 17) % 30) - ((Number(b.id.slice(1)) * 17) % 30),
  );
}

function promises(model: () => string): void {
  it("alone, among others, in any order, on any number of threads", async () => {
    const together = await answers(model(), DOCUMENTS, "--threads", "1");
    expect(together.size).toBe(DOCUMENTS.length);
    const sorted = (found: Map<string, string>) => [...found].sort(([a], [b]) => (a < b ? -1 : 1));
    expect(sorted(await answers(model(), DOCUMENTS, "--threads", "2"))).toEqual(sorted(together));
    expect(sorted(await answers(model(), shuffled(DOCUMENTS), "--threads", "2"))).toEqual(sorted(together));
    for (const document of DOCUMENTS.slice(4, 7)) {
      expect([...(await answers(model(), [document]))]).toEqual([[document.id, together.get(document.id)]]);
    }
  });
}

describe("a document has the same record", () => {
  const MODEL = lookupFolder();
  promises(() => MODEL);

  it("byte for byte where the input is the same", async () => {
    const input = DOCUMENTS.map((document) => `${JSON.stringify(document)}\n`).join("");
    const run = (threads: string) =>
      spanmill(["annotate", "--model", MODEL, "--from", "jsonl", "--quiet", "--threads", threads], { input });
    expect(await run("2")).toEqual(await run("1"));
  });
});

describe.skipIf(SHARED_ABSENT)("a document has the same record from an int8 model (needs ../shared)", () => {
  promises(() => shared("models/hf-minilm-conll03"));
});
