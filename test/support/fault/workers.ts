/** `spanmill run` processes of a scenario: how they are started, watched and ended. */
import { readdirSync, readFileSync } from "node:fs";
import { duration } from "../../../src/config/values.js";
import { type Finished, type Started, start } from "../command.js";
import { until } from "../servers/until.js";
import type { WrongClock } from "./clock.js";
import { EDITS, type Edit, editMark } from "./edits.js";
import { type HeldLook, watchHeld } from "./held.js";

export interface WorkerOptions {
  /** Options of `spanmill run` by their keys, over those of the scenario: `{ "limit.documents": "10" }`. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly edits?: readonly Edit[];
  readonly env?: Readonly<Record<string, string>>;
  /** See command.ts. */
  readonly preload?: readonly string[];
  /** Its wall clock may be wrong; lines of its log then bear the time at which they came. */
  readonly clock?: Pick<WrongClock, "preload" | "env">;
}

export interface FaultWorker {
  readonly name: string;
  /** Of its membership in the group. */
  readonly sessionMs: number;
  readonly started: Started;
  readonly finished: Promise<Finished>;
  /** Kept when it has partitions; fails where it ends before. */
  joined(): Promise<void>;
  /** What it said so far. */
  log(): string;
  /** Undefined while it runs. */
  ended(): Finished | undefined;
  /** In milliseconds since 1970. */
  readonly startedAt: number;
  /** When it ended; now while it runs. */
  endedAt(): number;
  readonly held: HeldLook;
  /** From now on its end is no violation. */
  expectEnd(): void;
  /** How it should not have ended, or what it should have said; undefined: nothing. */
  complaint(): string | undefined;
}

export function startWorker(
  name: string,
  settings: Readonly<Record<string, string>>,
  { edits = [], env = {}, preload = [], clock }: WorkerOptions,
): FaultWorker {
  const flags = Object.entries(settings).flatMap(([key, value]) => [`--${key.replaceAll(".", "-")}`, value]);
  const startedAt = Date.now();
  const started = start(["run", ...flags], {
    env: { ...env, ...clock?.env, [EDITS]: JSON.stringify(edits) },
    preload: [...(clock?.preload ?? []), ...(edits.length === 0 ? [] : ["fault/edit-source.js"]), ...preload],
  });
  let log = "";
  let ended: Finished | undefined;
  let endedAt: number | undefined;
  let expected = false;
  let surprise: string | undefined;
  started.process.stderr.on("data", (more: string) => {
    log += clock === undefined ? more : more.replaceAll(/"time":"[^"]*"/g, timeNow);
  });
  const finished = started.finished.then((end) => {
    ended = end;
    endedAt = Date.now();
    if (!expected) surprise = `${name} ended with ${end.status}: ${end.stderr.trim().split("\n").at(-1)}`;
    return end;
  });
  return {
    name,
    sessionMs: SESSION.parse(settings["kafka.session-timeout"] ?? "")!,
    started,
    startedAt,
    finished,
    joined: () => started.until(({ stderr }) => /"(group-)?assigned"/.test(stderr)),
    log: () => log,
    ended: () => ended,
    endedAt: () => endedAt ?? Date.now(),
    held: watchHeld(() => log),
    expectEnd: () => {
      expected = true;
    },
    complaint: () => {
      const missing = edits.find((edit) => !log.includes(editMark(edit)));
      return missing === undefined
        ? surprise
        : `${name} never loaded ${missing.file}, which was to be edited`;
    },
  };
}

const SESSION = duration("TIME", { min: "1s", max: "30m" });

function timeNow(): string {
  return `"time":"${new Date().toISOString()}"`;
}

/** Kept when a process that was sent SIGSTOP runs no more, with all of its threads. */
export async function isStill(pid: number | undefined): Promise<void> {
  const stateOf = (thread: string) => {
    const stat = readFileSync(`/proc/${pid}/task/${thread}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2)[0];
  };
  const all = () => readdirSync(`/proc/${pid}/task`).every((thread) => stateOf(thread) === "T");
  await until("all threads stopped", all, { withinMs: 10_000, everyMs: 1 });
}

/** Of a process; undefined when it is gone. */
export function usageOf(pid: number | undefined): { rssMb: number; descriptors: number } | undefined {
  try {
    const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
    if (kilobytes === undefined) return undefined;
    return {
      rssMb: Math.round(Number(kilobytes) / 1024),
      descriptors: readdirSync(`/proc/${pid}/fd`).length,
    };
  } catch {
    return undefined;
  }
}
