/**
 * IOB1 cannot be told from BIO by its labels: in IOB1 a span opens with I, in BIO with B. A text full of names
 * shows which of them a model was trained on.
 */
import { infer } from "../tagging/infer.js";
import { pieceEncoder } from "../tagging/pieces.js";
import type { Lens, LoadedModel } from "../tagging/tag.js";
import { cutWindows } from "../tagging/windows.js";

const PROBE =
  "Angela Merkel met Barack Obama in Berlin . Microsoft and Siemens opened an office in New York , said John Smith of Reuters .";

/** Warnings for lenses whose spans open otherwise than their scheme says. */
export async function probeSchemes(models: readonly LoadedModel[]): Promise<string[]> {
  const warnings: string[] = [];
  for (const model of models) {
    const suspects = model.lenses.filter((lens) => lens.labelSet.scheme === "BIO");
    if (suspects.length === 0) continue;
    const scores = await read(model, suspects);
    for (let i = 0; i < suspects.length; i++) {
      const { begun, continued } = openings(suspects[i]!, scores[i]!);
      if (continued > begun) {
        warnings.push(
          `lens ${suspects[i]!.name}: of ${begun + continued} spans in a probe text, ${continued} open with I: the model looks trained ` +
            `on IOB1; declare it (--scheme ${suspects[i]!.name}=IOB1, or scheme in spanmill.json)`,
        );
      }
    }
  }
  return warnings;
}

async function read(model: LoadedModel, lenses: readonly Lens[]): Promise<Float32Array[]> {
  const words = PROBE.split(" ");
  const room = model.window - model.encoder.prefix.length - model.encoder.suffix.length;
  const pieces = pieceEncoder(model.tokenizer, room, model.tokenTypes)(words, (i) => i > 0);
  const heads = lenses.map((lens) => ({ output: lens.output, labels: lens.labelSet.labels.length }));
  return infer(model.encoder, heads, pieces, cutWindows(pieces.offsets, [0], room));
}

function openings(lens: Lens, scores: Float32Array): { begun: number; continued: number } {
  const { labels, tags } = lens.labelSet;
  let begun = 0;
  let continued = 0;
  let before = "O";
  for (let row = 0; row < scores.length; row += labels.length) {
    let best = 0;
    for (let label = 1; label < labels.length; label++) {
      if (scores[row + label]! > scores[row + best]!) best = label;
    }
    const prefix = tags[best]!.prefix;
    if (before === "O" && prefix === "B") begun++;
    if (before === "O" && prefix === "I") continued++;
    before = prefix;
  }
  return { begun, continued };
}
