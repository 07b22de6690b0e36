/**
 * `node dist/test/support/fault/totals.js`: sums what all fault runs in reports.jsonl came to. `npm run test:fault` empties
 * that file before its tests and prints this after them; other runs of tests add to it. Mutants are not in it.
 */
import { existsSync, readFileSync } from "node:fs";
import { type FaultReport, type KeptReport, REPORTS } from "./report.js";

const kept: KeptReport[] = existsSync(REPORTS)
  ? readFileSync(REPORTS, "utf8")
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line))
  : [];
const reports = kept.filter((report): report is FaultReport => "violations" in report);
const named = (runs: readonly KeptReport[]) => runs.map(({ scenario, seed }) => `${scenario}: ${seed}`);
const own = kept.filter((report) => "ownJudgement" in report);

const sum = (of: (report: FaultReport) => number) => reports.reduce((total, report) => total + of(report), 0);
const most = (of: (report: FaultReport) => number) => Math.max(0, ...reports.map(of));
const duplicates: Record<string, number> = {};
for (const report of reports) {
  for (const [cause, count] of Object.entries(report.duplicates)) {
    duplicates[cause] = (duplicates[cause] ?? 0) + count;
  }
}
/** By kind of event: how long it lasted, and the longest time without a new record around it. */
const stood = reports.flatMap((report) => report.standstills ?? []);
const standstills = Object.fromEntries(
  [...new Set(stood.map(({ kind }) => kind))].map((wanted) => {
    const events = stood.filter(({ kind }) => kind === wanted);
    const lastedMs = spread(events.map(({ lastedMs }) => lastedMs));
    const gapMs = spread(events.flatMap(({ longestGapMs }) => longestGapMs ?? []));
    return [wanted, { events: events.length, lastedMs, gapMs }];
  }),
);

function spread(values: readonly number[]): { median: number; most: number } | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  const [median, most] = [sorted[sorted.length >> 1], sorted.at(-1)];
  return median === undefined || most === undefined ? undefined : { median, most };
}

const totals = {
  runs: reports.length,
  /** Of these nothing is known: their tests were red before the end. */
  unjudged: named(kept.filter((report) => "unjudged" in report)),
  /** What follows has nothing of these: they were judged by their tests alone. */
  judgedByTheirTests: {
    green: own.filter(({ ownJudgement }) => ownJudgement === "green").length,
    red: named(own.filter(({ ownJudgement }) => ownJudgement === "red")),
  },
  /** Of all, one after the other; brokers that were started for them, and mutants, are not in it. */
  seconds: Math.round(kept.reduce((ms, report) => ms + report.ms, 0) / 1_000),
  scenarios: new Set(reports.map(({ scenario }) => scenario)).size,
  faults: sum(({ faults }) => faults),
  inputs: sum(({ inputs }) => inputs),
  records: sum(({ records }) => records),
  deadLetters: sum(({ deadLetters }) => deadLetters),
  lost: sum(({ lost }) => lost),
  wrong: sum(({ wrong }) => wrong),
  duplicates,
  violations: sum(({ violations }) => violations.length),
  samples: sum(({ samples }) => samples),
  standstills,
  slowestLag0Ms: most(({ settledMs }) => settledMs ?? 0),
  mostRssMb: most(({ rssMb }) => rssMb),
  mostDescriptors: most(({ descriptors }) => descriptors),
  mostTimers: most(({ timers }) => timers),
  mostBytesInFlight: most(({ bytesInFlight }) => bytesInFlight),
  mostBytesInLanes: most(({ bytesInLanes }) => bytesInLanes),
  /** How often workers said what they hold. */
  answers: sum(({ answers }) => answers),
};
process.stdout.write(`${JSON.stringify(totals, null, 2)}\n`);
