/** Node's hook of module loading, see edit-source.ts. https://nodejs.org/api/module.html#customization-hooks */
import { writeSync } from "node:fs";
import type { InitializeHook, LoadHook } from "node:module";
import { type Edit, editMark } from "./edits.js";

let edits: readonly Edit[] = [];

export const initialize: InitializeHook<readonly Edit[]> = (given) => {
  edits = given;
};

export const load: LoadHook = async (url, context, next) => {
  const loaded = await next(url, context);
  const mine = edits.filter(({ file }) => url.endsWith(`/dist/${file}`));
  if (mine.length === 0) return loaded;
  let source = String(loaded.source);
  for (const { file, find, put } of mine) {
    const parts = source.split(find);
    if (parts.length !== 2) throw new Error(`an edit of ${file} finds its place ${parts.length - 1} times`);
    source = parts.join(put);
    writeSync(2, `${editMark({ file })}\n`);
  }
  return { ...loaded, source };
};
