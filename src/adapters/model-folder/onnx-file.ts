/** Which ONNX file of a model folder is loaded. Names are those of transformers.js and Optimum. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { SpanmillError } from "../../errors.js";

/** By `--dtype`: the end of the file's name. In order of preference where none is asked for. */
const SUFFIXES: Readonly<Record<string, string>> = {
  fp32: "",
  q8: "_quantized",
  int8: "_int8",
  uint8: "_uint8",
  fp16: "_fp16",
  q4: "_q4",
  q4f16: "_q4f16",
  bnb4: "_bnb4",
};

export const DTYPES: readonly string[] = Object.keys(SUFFIXES);

export interface OnnxChoice {
  /** Path inside the folder. */
  readonly file: string;
  readonly dtype: string | undefined;
}

/** All ONNX files of the folder that have a usual name, in the order in which they are preferred. */
export function onnxFiles(directory: string): OnnxChoice[] {
  return DTYPES.flatMap((dtype) =>
    [`onnx/model${SUFFIXES[dtype]}.onnx`, `model${SUFFIXES[dtype]}.onnx`]
      .filter((file) => existsSync(join(directory, file)))
      .slice(0, 1)
      .map((file) => ({ file, dtype })),
  );
}

/**
 * @returns undefined where the folder has none at all.
 * @throws SpanmillError MODEL_INCOMPLETE where the one that is asked for is not there.
 */
export function chooseOnnxFile(
  directory: string,
  dtype: string,
  declared: string | undefined,
): OnnxChoice | undefined {
  const files = onnxFiles(directory);
  if (dtype !== "auto") {
    const chosen = files.find((choice) => choice.dtype === dtype);
    if (chosen !== undefined || files.length === 0) return chosen;
    throw new SpanmillError(
      "MODEL_INCOMPLETE",
      `${directory} has no ONNX file for --dtype ${dtype} (onnx/model${SUFFIXES[dtype] ?? `_${dtype}`}.onnx); it has ` +
        files.map((choice) => `${choice.dtype} (${choice.file})`).join(", "),
    );
  }
  if (declared !== undefined) {
    return { file: declared, dtype: files.find((choice) => choice.file === declared)?.dtype };
  }
  return files[0];
}
