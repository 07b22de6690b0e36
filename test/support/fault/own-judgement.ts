/** For a row of the fault table that ends as no scenario does, or whose parts are no processes. */
import { onTestFinished } from "vitest";
import { freshSeed, type Random, seeded } from "./random.js";
import { keepReport } from "./report.js";

/**
 * Its test alone judges the run, without the invariants: the totals count it apart.
 *
 * @returns all chance of the run, of a seed that is printed
 */
export function ownJudgement(scenario: string): Random {
  const seed = freshSeed();
  const began = Date.now();
  console.log(`fault ${scenario} (FAULT_SEED=${seed}): judged by its test alone`);
  onTestFinished(({ task }) => {
    const isRed = task.result?.state === "fail";
    keepReport({ scenario, seed, ownJudgement: isRed ? "red" : "green", ms: Date.now() - began });
  });
  return seeded(seed);
}
