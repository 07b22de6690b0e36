/** Models exported by other tools, against what PyTorch and the Python library gave for the same words. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { wordTokenizer } from "../../src/adapters/huggingface/tokenizer.js";
import { readModelFolder } from "../../src/adapters/model-folder/folder.js";
import { switchOffTelemetry } from "../../src/adapters/threads/telemetry.js";
import { infer } from "../../src/tagging/infer.js";
import { pieceEncoder } from "../../src/tagging/pieces.js";
import { cutWindows } from "../../src/tagging/windows.js";
import { SHARED_ABSENT, shared } from "../support/shared.js";

interface Golden {
  readonly words: string[];
  readonly ids: number[];
  readonly first_piece: number[];
  readonly logits?: number[][];
}

const MODELS = ["tiny-distilbert-bioes", "tiny-roberta-bio", "tiny-xlmr-pos"];

describe.skipIf(SHARED_ABSENT).each(MODELS)("the foreign model %s (needs ../shared)", (name) => {
  const directory = shared(`models/${name}`);
  const read = (file: string) => JSON.parse(readFileSync(join(directory, file), "utf8"));
  const golden: Golden[] = read("golden.json");
  const open = async () => {
    const { manifest } = await readModelFolder({ directory, dtype: "auto" });
    const tokenizer = wordTokenizer(read("tokenizer.json"), read("tokenizer_config.json"), manifest);
    return { manifest, tokenizer };
  };

  it("reads the golden pieces and first pieces", async () => {
    const { tokenizer } = await open();
    const encode = pieceEncoder(tokenizer, 1000);
    for (const { words, ids, first_piece } of golden) {
      const pieces = encode(words, (i) => i > 0);
      expect([...tokenizer.prefix, ...pieces.ids, ...tokenizer.suffix]).toEqual(ids);
      expect(pieces.offsets.slice(0, -1).map((offset) => offset + tokenizer.prefix.length)).toEqual(
        first_piece,
      );
    }
  });

  it("gives the golden logits at every word's first piece", async () => {
    switchOffTelemetry();
    const { openSession } = await import("../../src/adapters/onnx/session.js");
    const { manifest, tokenizer } = await open();
    const session = await openSession(join(directory, manifest.onnxFile), tokenizer);
    const labels = manifest.lenses[0]!.labels.length;
    const room = manifest.window - tokenizer.prefix.length - tokenizer.suffix.length;
    const encode = pieceEncoder(tokenizer, room);
    let compared = 0;
    for (const { words, logits } of golden) {
      if (logits === undefined) continue;
      const pieces = encode(words, (i) => i > 0);
      const windows = cutWindows(pieces.offsets, [0], room);
      expect(windows).toHaveLength(1);
      const [scores] = await infer(session, [{ output: "logits", labels }], pieces, windows);
      logits.flat().forEach((expected, i) => {
        expect(Math.abs(scores![i]! - expected)).toBeLessThan(2e-3);
      });
      compared++;
    }
    expect(compared).toBeGreaterThan(30);
    await session.release();
  });

  it("can use 128 positions, whatever its position table counts", async () => {
    const { manifest } = await open();
    expect(manifest.window).toBe(128);
  });
});
