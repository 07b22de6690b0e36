/**
 * Closes a run with one line, `N passed, N failed`, that a machine can read, and before it says how long the tests of faults
 * took: their short set has 15 minutes. And, where ../shared is present, fails
 * a run in which a test was skipped: there is nothing left to skip it for.
 */
import type { Reporter, TestCase, TestModule } from "vitest/node";
import { SHARED_ABSENT } from "./shared.js";

export default class ClosingLine implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const count = (state: ReturnType<TestCase["result"]>["state"]) =>
      tests.filter((test) => test.result().state === state).length;
    const broken = modules.filter((module) => module.errors().length > 0).length;
    const skipped = count("skipped");
    const faults = modules.filter(({ moduleId }) => moduleId.includes("/dist/test/fault/"));
    if (faults.length > 0) {
      const ms = faults.reduce((sum, module) => sum + module.diagnostic().duration, 0);
      console.log(`${faults.length} files of faults took ${Math.round(ms / 1_000)} s, one after the other`);
    }
    console.log(
      `${count("passed")} passed, ${count("failed") + broken} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`,
    );
    if (skipped > 0 && !SHARED_ABSENT) {
      console.log("skipped tests although ../shared is present:");
      for (const test of tests) if (test.result().state === "skipped") console.log(`  ${test.fullName}`);
      process.exitCode = 1;
    }
  }
}
