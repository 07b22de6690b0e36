/**
 * Data and models that are too large, or not free enough, to be in the repository: beside it, in ../shared.
 * Where that folder is absent, tests that need it are skipped and say so.
 */
import { existsSync } from "node:fs";
import { resolve } from "node:path";

const ROOT = resolve(process.cwd(), "..", "shared");

export function shared(path: string): string {
  return resolve(ROOT, path);
}

/** For `describe.skipIf`: true where ../shared is absent. */
export const SHARED_ABSENT = !existsSync(ROOT);
