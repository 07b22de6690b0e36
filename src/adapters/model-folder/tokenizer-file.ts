/** `tokenizer.json` of a model folder, and how to make it where a folder has only what a slow tokenizer reads. */
import { existsSync } from "node:fs";
import { join } from "node:path";

const SLOW = ["vocab.txt", "vocab.json", "sentencepiece.bpe.model", "spiece.model"];

/** What a folder lacks, in words; undefined where the file is there. */
export function lackOfTokenizer(directory: string): string | undefined {
  const has = (file: string) => existsSync(join(directory, file));
  if (has("tokenizer.json")) return undefined;
  if (!SLOW.some(has)) return "tokenizer.json";
  return (
    "tokenizer.json (there is a slow tokenizer's vocabulary only: load it with AutoTokenizer(..., use_fast=True) " +
    "and save it with save_pretrained)"
  );
}
