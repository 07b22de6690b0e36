import { cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { openTagger, type TaggerSettings } from "../src/compose.js";
import type { Tagger } from "../src/ports/tagger.js";
import { taggerContract } from "./contract/tagger.js";
import { lookupFolder, ofThreads } from "./support/lookup-model.js";
import { SHARED_ABSENT, shared } from "./support/shared.js";

const scratch = mkdtempSync(join(tmpdir(), "spanmill-compose-"));
afterAll(() => rmSync(scratch, { recursive: true }));

async function withTagger<T>(
  models: TaggerSettings["models"],
  more: Partial<TaggerSettings>,
  use: (tagger: Tagger) => T | Promise<T>,
): Promise<T> {
  const settings = {
    models,
    dtype: "auto",
    schemes: {},
    decode: "constrained",
    threads: 1,
    columns: "lenses",
  } as const;
  const tagger = await openTagger({ ...settings, ...more });
  try {
    return await use(tagger);
  } finally {
    await tagger.close();
  }
}

const lensesOf = (tagger: Tagger) =>
  tagger.models.map(({ name, lenses }) => `${name}: ${lenses.map((lens) => lens.name).join(" ")}`);

taggerContract("an engine on threads", () => openTagger(ofThreads(lookupFolder(), 2)));

describe("the built-in model", () => {
  it("is taken where none is named, with its three lenses", async () => {
    expect(await withTagger([], {}, lensesOf)).toEqual(["english: ner pos chunk"]);
  });
});

describe.skipIf(SHARED_ABSENT)("openTagger (needs ../shared)", () => {
  const pos = { directory: shared("models/tiny-xlmr-pos") };
  const roberta = { directory: shared("models/tiny-roberta-bio") };
  const bioes = { directory: shared("models/tiny-distilbert-bioes") };

  /** Another folder of the same name, with a name of its own where one is given. */
  function twin(directory: string, name?: string): string {
    const copy = join(mkdtempSync(join(scratch, "twin-")), basename(directory));
    cpSync(directory, copy, { recursive: true, filter: (path) => !path.endsWith("/onnx") });
    symlinkSync(join(directory, "onnx"), join(copy, "onnx"));
    if (name !== undefined) writeFileSync(join(copy, "spanmill.json"), JSON.stringify({ format: 1, name }));
    return copy;
  }

  it("takes all lenses of all models, in their order", async () => {
    expect(await withTagger([pos, roberta], {}, lensesOf)).toEqual([
      "tiny-xlmr-pos: pos",
      "tiny-roberta-bio: ner",
    ]);
  });

  it("leaves out models of which no lens is wanted", async () => {
    expect(await withTagger([pos, roberta], { lenses: ["ner"] }, lensesOf)).toEqual([
      "tiny-roberta-bio: ner",
    ]);
    expect(await withTagger([pos, roberta, bioes], { lenses: ["pos"] }, lensesOf)).toEqual([
      "tiny-xlmr-pos: pos",
    ]);
  });

  it("refuses a lens that no model has, and says which there are", async () => {
    await expect(withTagger([pos, roberta], { lenses: ["chunk", "ner"] }, lensesOf)).rejects.toMatchObject({
      code: "USAGE",
      message: expect.stringMatching(/lens chunk; there are pos, ner$/),
    });
  });

  it("refuses one lens from two models, and takes it under two names", async () => {
    await expect(withTagger([bioes, roberta], {}, lensesOf)).rejects.toMatchObject({
      code: "USAGE",
      message: expect.stringContaining("--model ner-2=DIR"),
    });
    expect(await withTagger([bioes, { ...roberta, lenses: ["ner-2"] }], {}, lensesOf)).toEqual([
      "tiny-distilbert-bioes: ner",
      "tiny-roberta-bio: ner-2",
    ]);
  });

  it("refuses two models of one name, which records could not tell apart", async () => {
    const second = (name?: string) => ({ directory: twin(roberta.directory, name), lenses: ["ner-2"] });
    await expect(withTagger([roberta, second()], {}, lensesOf)).rejects.toMatchObject({
      code: "USAGE",
      message: expect.stringMatching(/called tiny-roberta-bio.*"name"/),
    });
    expect(await withTagger([roberta, second("other")], {}, lensesOf)).toEqual([
      "tiny-roberta-bio: ner",
      "other: ner-2",
    ]);
  });

  it("asks for words where a lens is made of them, or always", async () => {
    const words = async (tagger: Tagger) =>
      (await tagger.tag([{ kind: "text", text: "a b c" }]))[0]!.starts.length;
    expect(await withTagger([pos], {}, words)).toBe(3);
    expect(await withTagger([roberta], {}, words)).toBe(0);
    expect(await withTagger([roberta], { columns: "always" }, words)).toBe(3);
  });
});
