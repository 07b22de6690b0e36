import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { readModelFolder } from "../../../src/adapters/model-folder/folder.js";
import { openPool, type Pool } from "../../../src/adapters/threads/pool.js";
import type { BlockInput, EngineSettings } from "../../../src/tagging/protocol.js";
import { SHARED_ABSENT, shared } from "../../support/shared.js";
import { temporaryFolder } from "../../support/temporary.js";

const pools: Pool[] = [];
afterEach(async () => {
  for (const pool of pools.splice(0)) await pool.close();
});

function open(...options: Parameters<typeof openPool>): Pool {
  const pool = openPool(...options);
  pools.push(pool);
  return pool;
}

const text = (content: string): BlockInput => ({ kind: "text", text: content });

describe("a pool whose threads die", () => {
  const settings: EngineSettings = { models: [], decode: "constrained", columns: false };
  const entry = new URL("../../support/dying-thread.js", import.meta.url);

  it("answers for the neighbours of a deadly block", async () => {
    const pool = open(settings, { threads: 1, entry });
    const good = await Promise.allSettled(
      ["a", "bb", "deadly", "dddd"].map((content) => pool.tag([text(content)])),
    );
    expect(good.map(({ status }) => status)).toEqual(["fulfilled", "fulfilled", "rejected", "fulfilled"]);
  });

  it("gives up on the deadly block alone, and says what to do", async () => {
    const pool = open(settings, { threads: 2, entry });
    await expect(pool.tag([text("a"), text("deadly"), text("c")])).rejects.toMatchObject({
      code: "THREAD_DIED",
      retryable: true,
      message: expect.stringContaining("--threads"),
    });
    expect((await pool.tag([text("abc")]))[0]!.words).toBe(3);
  });
});

describe("a pool whose thread dies and cannot be replaced", () => {
  it("says so to all that wait and all that come, instead of letting them wait", async () => {
    const settings = {
      models: [],
      decode: "constrained",
      columns: false,
      flag: join(temporaryFolder(), "flag"),
    };
    const entry = new URL("../../support/last-thread.js", import.meta.url);
    const pool = open(settings as unknown as EngineSettings, { threads: 1, entry });
    await pool.describe();
    const waiting = ["deadly", "a", "b"].map((content) => pool.tag([text(content)]));
    for (const outcome of await Promise.allSettled(waiting)) expect(outcome.status).toBe("rejected");
    await expect(pool.tag([text("later")])).rejects.toMatchObject({
      code: "THREAD_DIED",
      message: expect.stringContaining("No worker thread"),
    });
  });
});

describe("a pool that is closed while its threads start", () => {
  // Threads that were stopped then would abort the whole process, so it is one of its own.
  const program = `
    const { openPool } = await import(${JSON.stringify(new URL("../../../src/adapters/threads/pool.js", import.meta.url).href)});
    for (let wait = 0; wait < 300; wait += 25) {
      const pool = openPool({ models: [], decode: "constrained", columns: false }, { threads: 3 });
      await new Promise((resolve) => setTimeout(resolve, wait));
      await pool.close();
    }
    process.stdout.write("closed");`;

  it("waits for them", () => {
    const args = ["--input-type=module", "-e", program];
    expect(execFileSync(process.execPath, args, { encoding: "utf8" })).toBe("closed");
  });
});

describe.skipIf(SHARED_ABSENT)("a pool (needs ../shared)", () => {
  const model = "models/hf-minilm-conll03";

  async function settings(directory = shared(model)): Promise<EngineSettings> {
    const { manifest } = await readModelFolder({ directory, dtype: "auto" });
    return { models: [manifest], decode: "constrained", columns: true };
  }

  const blocks = Array.from({ length: 40 }, (_, i) =>
    text(
      [
        "Angela Merkel met the board of Siemens in Munich .",
        "no names here",
        "Reuters , LONDON",
        "",
        "😀 José",
      ]
        .slice(0, (i % 5) + 1)
        .join(i % 2 === 0 ? " " : "\n"),
    ),
  );

  it("gives the same answers on one thread and two, together and alone, in any order", async () => {
    const one = open(await settings(), { threads: 1 });
    const two = open(await settings(), { threads: 2 });
    const together = await one.tag(blocks);
    const alone = await Promise.all(blocks.map(async (block) => (await two.tag([block]))[0]!));
    const backwards = await two.tag([...blocks].reverse());
    expect(together.some((answer) => answer.lenses.ner!.spans.length > 0)).toBe(true);
    expect(JSON.stringify(alone)).toBe(JSON.stringify(together));
    expect(JSON.stringify(backwards.reverse())).toBe(JSON.stringify(together));
  });

  it("tells what the graph asks for and gives", async () => {
    const { graphs } = await open(await settings(), { threads: 1 }).describe();
    expect(graphs[0]!.inputs.map(({ name }) => name)).toEqual([
      "input_ids",
      "attention_mask",
      "token_type_ids",
    ]);
    expect(graphs[0]!.outputs).toEqual([{ name: "logits", type: "float32", labels: 9 }]);
  });

  it("says that an ONNX file is broken", async () => {
    const directory = temporaryFolder();
    mkdirSync(join(directory, "onnx"));
    for (const file of ["config.json", "tokenizer.json"])
      copyFileSync(shared(`${model}/${file}`), join(directory, file));
    writeFileSync(join(directory, "onnx/model.onnx"), "version https://git-lfs.github.com/spec/v1\n");
    await expect(open(await settings(directory), { threads: 1 }).describe()).rejects.toMatchObject({
      code: "MODEL_BROKEN",
      message: expect.stringContaining("onnx/model.onnx"),
    });
  });

  it("says that the labels are not those of the ONNX file", async () => {
    const wrong = await settings();
    const [manifest] = wrong.models;
    const lens = { ...manifest!.lenses[0]!, labels: ["O", "B-X", "I-X"] };
    const pool = open({ ...wrong, models: [{ ...manifest!, lenses: [lens] }] }, { threads: 1 });
    await expect(pool.describe()).rejects.toMatchObject({
      code: "MODEL_BROKEN",
      message: expect.stringMatching(/9 labels.*lists 3/),
    });
  });
});
