/**
 * The one place that knows @huggingface/tokenizers: `tokenizer.json` to a tokenizer of single words.
 *
 * It is the tokenizer of transformers.js in a package of its own. Threads load it alone, because
 * transformers.js imports sharp and a second ONNX Runtime when it loads.
 */
import { Tokenizer } from "@huggingface/tokenizers";
import { SpanmillError } from "../../errors.js";
import type { WordTokenizer } from "../../tagging/pieces.js";

type Json = Record<string, unknown>;

export interface TokenizerSettings {
  /**
   * `always`: every word is read as if a blank stood before it, as with `is_split_into_words`.
   * `as_written`: only where the text has one, for models trained on raw text.
   */
  readonly blankBeforeWord: "always" | "as_written";
}

/**
 * @param tokenizer the parsed `tokenizer.json`; its truncation and padding are ignored.
 * @param config the parsed `tokenizer_config.json`, or an empty object.
 * @throws SpanmillError MODEL_UNSUPPORTED, MODEL_BROKEN
 */
export function wordTokenizer(tokenizer: Json, config: Json, settings: TokenizerSettings): WordTokenizer {
  refuseWhatDiffers(tokenizer);
  const asWritten = settings.blankBeforeWord === "as_written";
  const definition: Json = {
    ...tokenizer,
    truncation: null,
    padding: null,
    ...(asWritten ? { pre_tokenizer: withoutPrefix(tokenizer.pre_tokenizer) } : {}),
  };
  const loaded = load(definition, config);
  const { prefix, suffix } = specialTokens(loaded);
  // As written, the text's first word has a blank before it only where the tokenizer itself puts one there.
  return {
    encode: (word, blankBefore) => plainIds(loaded, asWritten && blankBefore ? ` ${word}` : word),
    prefix,
    suffix,
    unknown: unknownId(loaded, tokenizer, config),
    readsBlanks: asWritten,
  };
}

/** How a tokenizer treats blanks where the folder does not say: byte-level ones without `add_prefix_space` read raw text. */
export function usualBlankBeforeWord(tokenizer: Json): TokenizerSettings["blankBeforeWord"] {
  const raw = steps(tokenizer.pre_tokenizer).some(
    (step) => step.type === "ByteLevel" && step.add_prefix_space === false,
  );
  return raw ? "as_written" : "always";
}

/**
 * Refuses what the JavaScript tokenizer is known to read otherwise than the tokenizer the model was trained
 * with: wrong pieces give wrong labels without any error.
 */
export function refuseWhatDiffers(tokenizer: Json): void {
  if (steps(tokenizer.pre_tokenizer).some((step) => step.type === "Whitespace")) {
    throw new SpanmillError(
      "MODEL_UNSUPPORTED",
      'tokenizer.json uses the pre-tokenizer "Whitespace", whose \\w the JavaScript tokenizer reads as ASCII only: ' +
        "every word with an accent or another script would be cut into other pieces than in training. " +
        'Convert it to "WhitespaceSplit" or "BertPreTokenizer" and fine-tune again, or use another model',
    );
  }
}

/** A pre-tokenizer or normalizer is one step, or a sequence of them. */
function steps(definition: unknown): Json[] {
  if (typeof definition !== "object" || definition === null) return [];
  const step = definition as Json;
  if (step.type !== "Sequence") return [step];
  const inner = step.pretokenizers ?? step.normalizers;
  return Array.isArray(inner) ? inner.flatMap(steps) : [];
}

function withoutPrefix(definition: unknown): unknown {
  if (typeof definition !== "object" || definition === null) return definition;
  const step = definition as Json;
  if (step.type === "ByteLevel") return { ...step, add_prefix_space: false };
  if (step.type === "Metaspace") return { ...step, add_prefix_space: false, prepend_scheme: "never" };
  const inner = step.pretokenizers;
  return Array.isArray(inner) ? { ...step, pretokenizers: inner.map(withoutPrefix) } : definition;
}

function load(definition: Json, config: Json): Tokenizer {
  try {
    return new Tokenizer(definition, config);
  } catch (cause) {
    throw new SpanmillError(
      "MODEL_BROKEN",
      "tokenizer.json cannot be loaded: it is cut off, or uses a part that @huggingface/tokenizers does not know; " +
        "export the tokenizer again with a current version of its library",
      { cause },
    );
  }
}

function plainIds(tokenizer: Tokenizer, text: string): readonly number[] {
  return tokenizer.encode(text, { add_special_tokens: false }).ids;
}

/** What the post-processor puts around a text, found by letting it wrap nothing. */
function specialTokens(tokenizer: Tokenizer): { prefix: number[]; suffix: number[] } {
  const probe = plainIds(tokenizer, "a");
  const wrapped: readonly number[] = tokenizer.encode("a").ids;
  const at = wrapped.findIndex((_, i) => probe.every((id, j) => wrapped[i + j] === id));
  if (at === -1) {
    throw new SpanmillError(
      "MODEL_UNSUPPORTED",
      "the post-processor of tokenizer.json changes the pieces of the text itself, not only what stands around them",
    );
  }
  return { prefix: wrapped.slice(0, at), suffix: wrapped.slice(at + probe.length) };
}

function unknownId(tokenizer: Tokenizer, definition: Json, config: Json): number {
  const model = (definition.model ?? {}) as Json;
  if (typeof model.unk_id === "number") return model.unk_id;
  for (const token of [model.unk_token, config.unk_token, config.mask_token, config.pad_token]) {
    const content = typeof token === "object" && token !== null ? (token as Json).content : token;
    const id = typeof content === "string" ? tokenizer.token_to_id(content) : undefined;
    if (id !== undefined) return id;
  }
  return 0;
}
