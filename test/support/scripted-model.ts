/** A loaded model without files: each word is known by its first piece, and a script scores it. */
import type { ModelManifest } from "../../src/tagging/protocol.js";
import type { Lens, LoadedModel } from "../../src/tagging/tag.js";

export interface ScriptedModel extends LoadedModel {
  /** Words that reached the tokenizer (each once, since pieces are cached), with the blank before them. */
  readonly encoded: readonly string[];
  /** What the encoder was fed, a window each. */
  readonly runs: readonly {
    readonly ids: readonly number[];
    readonly tokenTypes: readonly number[] | undefined;
  }[];
}

/** Characters of a piece. */
const PIECE = 8;
const OPEN = 1;
const CLOSE = 2;
const REST = 3;

/**
 * @param scores per output the logits of a word, one for each label.
 * @param window most pieces, the two special ones included.
 */
export function scriptedModel(
  lenses: readonly Lens[],
  scores: Readonly<Record<string, (word: string) => readonly number[]>>,
  window: number,
  tokenTypes: ModelManifest["tokenTypes"] = "zeros",
): ScriptedModel {
  const encoded: string[] = [];
  const words: string[] = [];
  const runs: { ids: readonly number[]; tokenTypes: readonly number[] | undefined }[] = [];
  const specials = { prefix: [OPEN], suffix: [CLOSE] };
  return {
    lenses,
    window,
    tokenTypes,
    encoded,
    runs,
    tokenizer: {
      ...specials,
      unknown: 0,
      readsBlanks: true,
      encode(word, blankBefore) {
        encoded.push(blankBefore ? ` ${word}` : word);
        const first = REST + words.push(word);
        return [first, ...Array.from({ length: Math.ceil(word.length / PIECE) - 1 }, () => REST)];
      },
    },
    encoder: {
      ...specials,
      async run(ids, tokenTypes) {
        runs.push({ ids, tokenTypes });
        if (ids.length > window) throw new Error(`${ids.length} pieces in a window of ${window}`);
        return new Map(
          lenses.map(({ output, labelSet }) => {
            const row = (id: number) => {
              const word = words[id - REST - 1];
              return word === undefined ? labelSet.labels.map(() => Number.NaN) : scores[output]!(word);
            };
            return [output, Float32Array.from(ids.flatMap(row))];
          }),
        );
      },
    },
  };
}
