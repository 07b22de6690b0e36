/** The secrets of deploy/compose.yaml, made as its head says. */
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "./temporary.js";

/** @returns the folder that they are in. */
export function composeSecrets(): string {
  const head = readFileSync("deploy/compose.yaml", "utf8");
  const lines = [...head.matchAll(/^# +(.+ > deploy\/secrets\/[\w-]+)$/gm)].map(([, line]) => line!);
  const cwd = temporaryFolder();
  const folder = join(cwd, "deploy/secrets");
  mkdirSync(folder, { recursive: true });
  for (const line of lines) execFileSync("sh", ["-euc", line], { cwd });
  return folder;
}
