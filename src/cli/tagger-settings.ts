/** The model options of the command line as the composition root takes them. */
import type { TaggerSettings } from "../compose.js";
import type { AnnotateOptions, EvaluateOptions } from "../config/options.js";

type ModelOptions = Pick<
  AnnotateOptions & EvaluateOptions,
  "model" | "lens" | "scheme" | "dtype" | "decode" | "threads"
>;

export function taggerSettings(options: ModelOptions, columns: TaggerSettings["columns"]): TaggerSettings {
  const { byName, otherwise } = options.scheme;
  return {
    models: options.model.map(({ dir, lenses }) => ({ directory: dir, lenses })),
    dtype: options.dtype === "quantized" ? "q8" : options.dtype,
    lenses: options.lens.length === 0 ? undefined : options.lens,
    schemes: { ...(otherwise === undefined ? {} : { "*": otherwise }), ...Object.fromEntries(byName) },
    decode: options.decode,
    threads: options.threads,
    columns,
  };
}
