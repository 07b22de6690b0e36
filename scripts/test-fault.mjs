#!/usr/bin/env node
/**
 * Builds, runs the tests of faults in their long set, and prints what their runs came to, whether they are green or red.
 * The exit status is that of the tests.
 *
 *   npm run test:fault
 *   npm run test:fault -- dist/test/fault/redis-changes-no-record.test.js     what is handed on to vitest
 *   FAULT_LONG= npm run test:fault                                            the short set, as in `npm test`
 */
import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { fileURLToPath } from "node:url";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));

// tsc leaves in dist what its source has gone from, and a test that is no more would still be run.
rmSync("dist/test", { recursive: true, force: true });
const built = run("npm", ["run", "build"]);
if (built !== 0) process.exit(built);

const { REPORTS } = await import("../dist/test/support/fault/report.js");
rmSync(REPORTS, { force: true });
const given = process.argv.slice(2);
const tested = run("npx", ["vitest", "run", ...(given.length === 0 ? ["dist/test/fault/"] : given)], {
  FAULT_LONG: "1",
});
run(process.execPath, ["dist/test/support/fault/totals.js"]);
process.exit(tested);

/** @returns the exit status; what the environment has goes before `env` */
function run(command, args, env = {}) {
  const { status } = spawnSync(command, args, {
    stdio: "inherit",
    env: { ...env, ...process.env },
  });
  return status ?? 1;
}
