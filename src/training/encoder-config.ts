/** The shape of an encoder, from its Hugging Face `config.json`. */
import { z } from "zod";
import { SpanmillError } from "../errors.js";

export interface EncoderConfig {
  readonly vocabulary: number;
  readonly hidden: number;
  readonly layers: number;
  readonly heads: number;
  readonly intermediate: number;
  /** The longest window, in pieces. */
  readonly positions: number;
  /** Rows of the token-type table. */
  readonly tokenTypes: number;
  /** Of layer normalisation. */
  readonly epsilon: number;
}

const size = z.number().int().positive();

const Config = z.object({
  model_type: z.literal("bert"),
  hidden_act: z.literal("gelu"),
  position_embedding_type: z.literal("absolute").default("absolute"),
  vocab_size: size,
  hidden_size: size,
  num_hidden_layers: size,
  num_attention_heads: size,
  intermediate_size: size,
  max_position_embeddings: size,
  type_vocab_size: size,
  layer_norm_eps: z.number().positive(),
});

/**
 * @param json the parsed `config.json`. @param file its name, for messages.
 * @throws SpanmillError MODEL_UNSUPPORTED where it is not an encoder of the BERT family that can be trained here.
 */
export function readEncoderConfig(json: unknown, file: string): EncoderConfig {
  const result = Config.safeParse(json);
  if (!result.success) {
    const keys = [...new Set(result.error.issues.map(({ path }) => path.join(".") || "the whole"))];
    throw new SpanmillError(
      "MODEL_UNSUPPORTED",
      `${file} is not of an encoder that can be trained here: see ${keys.join(", ")}. Give a model of the type bert with ` +
        "hidden_act gelu and absolute positions, and all its sizes",
    );
  }
  const config = result.data;
  if (config.hidden_size % config.num_attention_heads !== 0) {
    throw new SpanmillError(
      "MODEL_UNSUPPORTED",
      `${file}: hidden_size ${config.hidden_size} is not a multiple of num_attention_heads ${config.num_attention_heads}`,
    );
  }
  return {
    vocabulary: config.vocab_size,
    hidden: config.hidden_size,
    layers: config.num_hidden_layers,
    heads: config.num_attention_heads,
    intermediate: config.intermediate_size,
    positions: config.max_position_embeddings,
    tokenTypes: config.type_vocab_size,
    epsilon: config.layer_norm_eps,
  };
}
