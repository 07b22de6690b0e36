/**
 * No message ever holds text of a document: each way to fail is walked with a canary in every place where a document
 * has text, and nothing that is not data may hold it.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type RunOptions, spanmill } from "../support/command.js";
import { lookupFolder } from "../support/lookup-model.js";
import { lookupModel } from "../support/onnx.js";
import { temporaryFolder } from "../support/temporary.js";

const CANARY = "zqxcanary";
const MODEL = lookupFolder();
const folder = temporaryFolder();
const jsonl = (...lines: (string | Buffer)[]) => Buffer.concat(lines.map((line) => Buffer.from(`${line}\n`)));

interface Case {
  readonly name: string;
  /** Name of the input file, whose extension says its format. */
  readonly file: string;
  readonly content: string | Buffer;
  readonly args?: readonly string[];
  readonly options?: RunOptions;
  readonly status: number;
  /** Left out: annotate. */
  readonly command?: string;
}

const CASES: readonly Case[] = [
  {
    name: "lines of no JSON",
    file: "a.jsonl",
    content: jsonl(
      CANARY,
      `"${CANARY}"`,
      `{"${CANARY}`,
      `{"text": "${CANARY}"`,
      `{"text": ${CANARY}}`,
      `{"text": "${CANARY}\\u00"}`,
      `{${CANARY}: 1}`,
      `{"text": "${CANARY}"} ${CANARY}`,
      `["${CANARY}"]`,
    ),
    status: 3,
  },
  {
    name: "fields of wrong type",
    file: "b.jsonl",
    content: jsonl(
      `{"${CANARY}": "${CANARY}"}`,
      `{"text": {"${CANARY}": 1}}`,
      `{"text": ["${CANARY}"]}`,
      `{"text": "${CANARY}", "id": {"${CANARY}": "${CANARY}"}}`,
      `{"text": "${CANARY}", "id": ["${CANARY}"]}`,
    ),
    status: 3,
  },
  {
    name: "a line of no UTF-8",
    file: "c.jsonl",
    content: Buffer.from(`{"text": "${CANARY}\xff"}\n`, "latin1"),
    status: 3,
  },
  { name: "a text of no UTF-8", file: "d.txt", content: Buffer.from(`${CANARY}\xff`, "latin1"), status: 3 },
  {
    name: "documents over the limit",
    file: "e.jsonl",
    content: jsonl(`{"text": "${CANARY.repeat(300)}"}`),
    args: ["--max-document-size", "1KiB"],
    status: 3,
  },
  { name: "a cut CoNLL line", file: "f.conll", content: `${CANARY}\tB-PER\n${CANARY}\n`, status: 5 },
  { name: "a cut CoNLL-U line", file: "g.conllu", content: `1\t${CANARY}\t${CANARY}\n`, status: 5 },
  { name: "a wrong CoNLL-U number", file: "h.conllu", content: `${CANARY}${"\t_".repeat(9)}\n`, status: 5 },
  { name: "an UTF-16 text", file: "i.txt", content: Buffer.from(`\ufeff${CANARY}`, "utf16le"), status: 5 },
  {
    name: "damaged gzip",
    file: "j.jsonl.gz",
    content: Buffer.from(`\x1f\x8b\x08\0${CANARY}`, "latin1"),
    status: 5,
  },
  {
    name: "scores that are no numbers",
    file: "k.jsonl",
    content: jsonl(`{"text": "${CANARY} broken"}`),
    status: 7,
  },
  {
    name: "a model that fails on all",
    file: "l.jsonl",
    content: jsonl(...Array.from({ length: 100 }, () => `{"text": "${CANARY} broken"}`)),
    status: 7,
  },
  {
    name: "pieces that the encoder does not know",
    file: "m.jsonl",
    content: jsonl(`{"text": "${CANARY} broken"}`),
    args: [
      "--model",
      lookupFolder({ "onnx/model.onnx": lookupModel(Array(13).fill([1, 0, 0, 0, 0, 0, 0])) }),
    ],
    status: 7,
  },
  {
    name: "a thread that dies",
    file: "n.jsonl",
    content: jsonl(`{"text": "${CANARY} deadly"}`),
    options: { preload: ["dying-tokenizer.js"] },
    status: 7,
  },
  {
    name: "a thread that throws",
    file: "o.jsonl",
    content: jsonl(`{"text": "${CANARY} Alice"}`),
    options: { preload: ["throwing.js"], env: { THROWING: "thread" } },
    status: 1,
  },
  {
    name: "a defect in the main thread",
    file: "p.jsonl",
    content: jsonl(`{"text": "${CANARY} Alice"}`),
    options: { preload: ["throwing.js"], env: { THROWING: "record" } },
    status: 1,
  },
  {
    name: "a defect that nobody waits for",
    file: "q.jsonl",
    content: jsonl(`{"text": "${CANARY} Alice"}`),
    options: { preload: ["throwing.js"], env: { THROWING: "later" } },
    status: 1,
  },
  {
    name: "gold that is cut",
    file: "r.conll",
    content: `${CANARY}\tB-PER\n${CANARY}\n`,
    command: "evaluate",
    status: 5,
  },
  {
    name: "gold of no JSON",
    file: "s.jsonl",
    content: `{"${CANARY}": ${CANARY}}\n`,
    command: "evaluate",
    status: 5,
  },
  {
    name: "gold of wrong spans",
    file: "t.jsonl",
    content: `{"text": "${CANARY}", "spans": [{"start": 3, "end": 99, "label": "X"}]}\n`,
    command: "evaluate",
    status: 5,
  },
  {
    name: "gold whose words are others",
    file: "u.conll",
    content: `${CANARY} O\n`,
    command: "evaluate",
    args: ["--gold", join(folder, "u.conll"), "--pred", join(folder, "u2.conll")],
    status: 5,
  },
  {
    name: "a column of words",
    file: "v.conll",
    content: `x ${CANARY}\ny B-${CANARY}x\n`,
    command: "evaluate",
    status: 5,
  },
];
writeFileSync(join(folder, "u2.conll"), `${CANARY}2 O\n`);

describe("no message holds the text of a document", () => {
  it.each(CASES)("$name", async ({ file, content, args = [], options, status, command = "annotate" }) => {
    const input = join(folder, file);
    writeFileSync(input, content);
    const errors = join(folder, `${file}.errors`);
    const twoFiles = args.includes("--gold");
    const model = args.includes("--model") || twoFiles ? [] : ["--model", MODEL];
    const all = [command, ...model, ...args, ...(twoFiles ? [] : [input])];
    const finished = await spanmill(all, options);
    expect(finished.status, finished.stderr).toBe(status);
    expect(finished.stderr).not.toBe("");
    expect(finished.stderr).not.toContain(CANARY);
    if (command !== "annotate") return;
    const listed = await spanmill([...all, "--errors", errors], options);
    expect(listed.stderr).not.toContain(CANARY);
    if (existsSync(errors)) expect(readFileSync(errors, "utf8")).not.toContain(CANARY);
    expect(finished.status).toBe(listed.status);
  });

  it("but the same documents are read, or this test could not fail", async () => {
    const { stdout } = await spanmill(["annotate", "--model", MODEL, "--include-text"], { input: CANARY });
    expect(stdout).toContain(CANARY);
  });
});
