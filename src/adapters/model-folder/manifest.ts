/** `spanmill.json`: what a model folder says beyond the Hugging Face files. */
import { z } from "zod";
import { SCHEMES } from "../../tagging/schemes.js";

const lens = z.strictObject({
  output: z.string().min(1).optional().describe("name of the ONNX output that holds the lens's logits"),
  labels: z
    .array(z.string().min(1))
    .min(1)
    .optional()
    .describe("labels in index order; default: id2label of config.json"),
  scheme: z.enum(SCHEMES).optional().describe("how labels mark spans; default: read from the labels"),
  temperature: z.number().positive().default(1).describe("divides the logits before probabilities are taken"),
});

export const folderManifest = z.strictObject({
  format: z.literal(1),
  name: z.string().min(1).optional().describe("name of the model in records; default: the folder's name"),
  onnx: z.string().min(1).optional().describe("the ONNX file to load unless --dtype says otherwise"),
  lenses: z.record(z.string().regex(/^[A-Za-z][\w.-]*$/), lens).optional(),
  window: z.int().min(8).optional().describe("most pieces of a window, special tokens included"),
  blank_before_word: z
    .enum(["always", "as_written"])
    .optional()
    .describe("read every word as if a blank stood before it, or only where the text has one"),
  token_types: z
    .enum(["zeros", "word_shapes"])
    .optional()
    .describe("fed as token_type_ids: zeros, or the shape of each piece's word; default: zeros"),
  files: z
    .record(z.string(), z.string().regex(/^[0-9a-f]{64}$/))
    .optional()
    .describe("sha256 of the folder's files, checked when the model is opened"),
});

/** All keys, of the folder and of its lenses. */
export const MANIFEST_KEYS: readonly string[] = [
  ...Object.keys(folderManifest.shape),
  ...Object.keys(lens.shape),
];

export type FolderManifest = z.infer<typeof folderManifest>;
