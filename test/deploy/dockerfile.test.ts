/** hadolint on the Dockerfile. Where it cannot be had the test is skipped by a name that says so, not passed. */
import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";

const { status, stdout } = spawnSync(process.execPath, ["scripts/lint-docker.mjs"], {
  encoding: "utf8",
});
const ABSENT = status === 2;

describe(
  ABSENT
    ? "the Dockerfile (NOT LINTED: hadolint cannot be fetched, see npm run lint:docker)"
    : "the Dockerfile",
  () => {
    it.skipIf(ABSENT)("has nothing that hadolint minds", () => {
      expect(stdout).toBe("");
      expect(status).toBe(0);
    });
  },
);
