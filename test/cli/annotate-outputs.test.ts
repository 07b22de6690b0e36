import { createHmac } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { beforeAll, describe, expect, it } from "vitest";
import { records, spanmill, surfaces } from "../support/command.js";
import { config, lookupFolder } from "../support/lookup-model.js";
import { lookupModel } from "../support/onnx.js";
import { temporaryFolder } from "../support/temporary.js";

const MODEL = lookupFolder();
const folder = temporaryFolder();

/** Emoji, combining marks, quotes, CR LF, a lone surrogate, right-to-left, names over the ends of wrapped lines. */
const TEXTS = [
  "😀 José met, as he told us on the phone a few hours ago, Alice\r\nSmith in 🇩🇪 Berlin.",
  "> Bob wrote last week that they were about to move the whole office to New\n> York:\n> Acme!\n\n" +
    "שלום Alice, e\u0301 Bob \ud800 Berlin",
  "nobody",
];
const TEXT_FILE = join(folder, "texts.jsonl");
writeFileSync(TEXT_FILE, TEXTS.map((text, i) => `${JSON.stringify({ id: `d${i}`, text })}\n`).join(""));

const annotate = (...args: string[]) => spanmill(["annotate", "--model", MODEL, ...args]);

describe("records", () => {
  const SLICES: Record<string, (text: string, start: number, end: number) => string> = {
    code_point: (text, start, end) => [...text].slice(start, end).join(""),
    utf16: (text, start, end) => text.slice(start, end),
    utf8: (text, start, end) => Buffer.from(text).subarray(start, end).toString(),
  };
  const isRecord = new Ajv2020({ allErrors: true }).compile(
    JSON.parse(readFileSync("schema/record.schema.json", "utf8")),
  );

  it.each(Object.entries(SLICES))(
    "in %s fit the schema and slice the input's own text",
    async (unit, slice) => {
      const { status, stdout } = await annotate(
        TEXT_FILE,
        "--offset-unit",
        unit,
        "--words",
        "--include-text",
      );
      expect(status).toBe(0);
      const found = records(stdout);
      expect(found.map(surfaces)).toEqual([
        ["José/PER", "Alice\r\nSmith/PER", "Berlin/LOC"],
        ["Bob/PER", "New\n> York/LOC", "Acme/ORG", "Alice/PER", "Bob/PER", "Berlin/LOC"],
        [],
      ]);
      found.forEach((record, i) => {
        expect(isRecord(record), JSON.stringify(isRecord.errors)).toBe(true);
        const text = TEXTS[i]!.toWellFormed();
        for (const span of record.lenses.ner.spans) expect(slice(text, span.start, span.end)).toBe(span.text);
        const words = record.words.start.map((start: number, w: number) =>
          slice(text, start, record.words.end[w]),
        );
        expect(words.join("")).toBe(text.replace(/^> ?/gm, "").replace(/\s/g, ""));
        expect(record.words.labels.ner).toHaveLength(words.length);
      });
    },
  );

  it("are those of the schema that is printed", async () => {
    const { status, stdout } = await spanmill(["schema"]);
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toEqual(JSON.parse(readFileSync("schema/record.schema.json", "utf8")));
  });
});

describe("the text in a record", () => {
  it("is what --text says, label by label", async () => {
    const key = join(folder, "key");
    writeFileSync(key, "s3cret\n");
    const policy = ["--text", "none,PER=hmac,LOC=masked,ORG=full", "--hmac-key-file", key];
    const { stdout } = await annotate(TEXT_FILE, ...policy);
    const digest = (text: string) =>
      `hmac-sha256:${createHmac("sha256", "s3cret").update(text).digest("hex")}`;
    const spans = records(stdout)[1].lenses.ner.spans.map(
      ({ start: _s, end: _e, score: _, ...rest }: Record<string, unknown>) => rest,
    );
    expect(spans).toEqual([
      { label: "PER", text_digest: digest("Bob") },
      { label: "LOC", text_masked: "N*** Y***" },
      { label: "ORG", text: "Acme" },
      { label: "PER", text_digest: digest("Alice") },
      { label: "PER", text_digest: digest("Bob") },
      { label: "LOC", text_masked: "B***" },
    ]);
    expect(stdout).not.toMatch(/Alice|José|s3cret/);
  });

  it("is nowhere with --text none", async () => {
    const { stdout } = await annotate(TEXT_FILE, "--text", "none", "--words");
    expect(stdout).not.toMatch(/Alice|Berlin|nobody/);
  });
});

describe("labelled files", () => {
  it("of CoNLL and CoNLL-U read back by evaluate are right in all", async () => {
    for (const format of ["conll", "conllu"]) {
      const output = join(folder, `labelled.${format}`);
      const written = await annotate(TEXT_FILE, "--to", format, "-o", output);
      expect(written.status, written.stderr).toBe(0);
      const itself = await spanmill(["evaluate", "--gold", output, "--pred", output, "--json"]);
      expect(JSON.parse(itself.stdout).lenses.ner.micro).toMatchObject({ f1: 1 });
      const model = await spanmill(["evaluate", "--model", MODEL, output, "--json"]);
      expect(JSON.parse(model.stdout).lenses.ner.micro, model.stderr).toMatchObject({ f1: 1 });
    }
  });

  it("of brat keep documents of one id apart", async () => {
    const output = join(folder, "brat-twins");
    const { status } = await spanmill(
      ["annotate", "--model", MODEL, "--from", "jsonl", "--to", "brat", "-o", output],
      { input: '{"id":"T","text":"Alice"}\n{"id":"t","text":"Berlin"}\n' },
    );
    expect(status).toBe(0);
    expect(readFileSync(join(output, "T.txt"), "utf8")).toBe("Alice");
    expect(readFileSync(join(output, "t~2.txt"), "utf8")).toBe("Berlin");
  });

  it("of brat are two for a document, in a folder", async () => {
    const output = join(folder, "brat");
    const { status, stdout } = await annotate(TEXT_FILE, "--to", "brat", "-o", output);
    expect({ status, stdout }).toEqual({ status: 0, stdout: "" });
    expect(readdirSync(output).sort()).toEqual(["d0.ann", "d0.txt", "d1.ann", "d1.txt", "d2.ann", "d2.txt"]);
    expect(readFileSync(join(output, "d0.ann"), "utf8")).toBe(
      "T1\tPER 2 6\tJosé\nT2\tPER 56 61;63 68\tAlice Smith\nT3\tLOC 75 81\tBerlin\n",
    );
  });
});

describe("highlighted text", () => {
  const tickets = ["Alice works.", "Bob does not."].join("\n");
  const run = (args: string[], env: Record<string, string> = {}) =>
    spanmill(["annotate", "--model", MODEL, "--from", "lines", "--to", "terminal", ...args], {
      input: tickets,
      env,
    });

  it("holds all text and the labels, without escapes where nobody can see them", async () => {
    const { stdout } = await run([]);
    expect(stdout).toMatch(/Alice.*PER[\s\S]*works\.[\s\S]*Bob.*PER[\s\S]*does not\./);
    expect(stdout).not.toContain("\u001b");
  });

  it("has colours by --color and FORCE_COLOR, and none by NO_COLOR and --color never", async () => {
    const colored = async (args: string[], env: Record<string, string> = {}) =>
      (await run(args, env)).stdout.includes("\u001b[");
    expect(await colored(["--color", "always"])).toBe(true);
    expect(await colored(["--color", "always"], { NO_COLOR: "1" })).toBe(true);
    expect(await colored([], { FORCE_COLOR: "1" })).toBe(true);
    expect(await colored(["--color", "never"], { FORCE_COLOR: "1" })).toBe(false);
    expect(await colored([], { NO_COLOR: "1" })).toBe(false);
  });

  it("is wrapped at --width", async () => {
    const input = "word ".repeat(100);
    const { stdout } = await spanmill(["annotate", "--model", MODEL, "--to", "terminal", "--width", "30"], {
      input,
    });
    expect(Math.max(...stdout.split("\n").map((line) => line.length))).toBeLessThanOrEqual(30);
    expect(stdout.match(/word/g)).toHaveLength(100);
  });

  it("goes to standard output beside --output with --show", async () => {
    const output = join(folder, "shown.jsonl");
    const { stdout } = await annotate(TEXT_FILE, "-o", output, "--show");
    expect(records(readFileSync(output, "utf8"))).toHaveLength(3);
    expect(stdout).toContain("José");
    expect(stdout).not.toContain('"schema"');
  });
});

describe("lenses", () => {
  const pos = lookupFolder(
    {
      "config.json": config(["NOUN", "VERB"]),
      "onnx/model.onnx": lookupModel(Array.from({ length: 14 }, (_, id) => [id === 1 ? 0 : 4, 1])),
    },
    "parts",
  );

  it("of two models stand in one record", async () => {
    const { status, stdout } = await spanmill(
      ["annotate", "--model", `names=${MODEL}`, "--model", `pos=${pos}`],
      { input: "Alice works" },
    );
    expect(status).toBe(0);
    expect(records(stdout)).toMatchObject([
      {
        lenses: {
          names: { scheme: "BIO", model: "lookup", spans: [{ text: "Alice" }] },
          pos: { scheme: "none", model: "parts", spans: [] },
        },
        words: { labels: { names: ["B-PER", "O"], pos: ["NOUN", "VERB"] } },
        models: [{ name: "lookup" }, { name: "parts" }],
      },
    ]);
  });

  it("are left out with --lens, and a wrong one is told those there are", async () => {
    const models = ["--model", `names=${MODEL}`, "--model", `pos=${pos}`];
    const { stdout } = await spanmill(["annotate", ...models, "--lens", "pos"], { input: "Alice works" });
    expect(Object.keys(records(stdout)[0].lenses)).toEqual(["pos"]);
    expect(records(stdout)[0].models).toMatchObject([{ name: "parts" }]);
    const wrong = await spanmill(["annotate", ...models, "--lens", "ner"]);
    expect(wrong).toMatchObject({ status: 2, stdout: "", stderr: expect.stringMatching(/ner.*names, pos/) });
  });

  it("leave out spans under --min-score, in every format", async () => {
    const high = await annotate(TEXT_FILE, "--min-score", "1");
    expect(records(high.stdout).flatMap(surfaces)).toEqual([]);
    expect(records(high.stdout)[0].lenses.ner.min_score).toBe(1);
    const conll = await annotate(TEXT_FILE, "--min-score", "1", "--to", "conll");
    expect(conll.stdout).not.toMatch(/\t[BI]-/);
  });
});

describe("streams", () => {
  let finished: Awaited<ReturnType<typeof annotate>>;
  beforeAll(async () => {
    finished = await annotate(TEXT_FILE);
  });

  it("keep data on standard output and all else on standard error", () => {
    expect(
      finished.stdout
        .split("\n")
        .slice(0, -1)
        .every((line) => line.startsWith('{"schema":')),
    ).toBe(true);
    expect(finished.stderr).toMatch(/^3 documents/);
  });

  it("say nothing with --quiet", async () => {
    expect(await annotate(TEXT_FILE, "--quiet")).toEqual({ status: 0, stdout: finished.stdout, stderr: "" });
  });
});
