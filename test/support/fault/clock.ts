/**
 * The wall clock of a worker, to be set wrong while it runs; its monotonic clock stays right, as on a machine whose clock
 * is stepped or slewed. Either `Date` is replaced in the process (clock-preload.ts), or libfaketime of Debian's package
 * `faketime` lies to all of it.
 */
import { readdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "../temporary.js";
import { CLOCK_FILE, type ClockFault } from "./clock-fault.js";
import type { FaultWorker } from "./workers.js";

export interface WrongClock {
  readonly preload: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** For workers that are started later, and for this one, at once. */
  set(fault: ClockFault, worker?: FaultWorker): Promise<void>;
}

export interface PatchedClock extends WrongClock {
  /** Timers that the worker's main thread has set since it began. */
  timers(worker: FaultWorker): Promise<number>;
}

export function patchedClock(): PatchedClock {
  const file = join(temporaryFolder(), "clock.json");
  write(file, JSON.stringify({ offsetMs: 0 }));
  /** @returns the timers that it tells with it. */
  const tell = async (worker: FaultWorker): Promise<number> => {
    const told = (log: string) => [...log.matchAll(/^clock read, (\d+) timers$/gm)];
    const before = told(worker.log()).length;
    let timers = 0;
    worker.started.process.kill("SIGUSR2");
    await worker.started.until(({ stderr }) => {
      const lines = told(stderr);
      timers = Number(lines.at(-1)?.[1]);
      return lines.length > before;
    });
    return timers;
  };
  return {
    preload: ["fault/clock-preload.js"],
    env: { [CLOCK_FILE]: file },
    async set(fault, worker) {
      write(file, JSON.stringify(fault));
      if (worker !== undefined) await tell(worker);
    },
    timers: tell,
  };
}

/** A whole process's clock. It knows steps alone. @throws Error where there is no libfaketime */
export function faketimeClock(): WrongClock {
  const library = libraries().find((path) => path.endsWith("libfaketime.so.1"));
  if (library === undefined)
    throw new Error("libfaketime is missing: run `node scripts/install-servers.mjs --only faketime`");
  const file = join(temporaryFolder(), "faketime");
  const set: WrongClock["set"] = async ({ offsetMs }) => {
    write(file, `${offsetMs < 0 ? "-" : "+"}${Math.abs(offsetMs) / 1_000}\n`);
  };
  write(file, "+0\n");
  return {
    preload: [],
    env: {
      LD_PRELOAD: library,
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_NO_CACHE: "1",
      FAKETIME_DONT_FAKE_MONOTONIC: "1",
    },
    set,
  };
}

/** Whole, as who reads it meanwhile sees it. */
function write(file: string, content: string): void {
  writeFileSync(`${file}.new`, content);
  renameSync(`${file}.new`, file);
}

function libraries(): string[] {
  try {
    return readdirSync("/usr/lib").flatMap((name) => {
      const folder = join("/usr/lib", name, "faketime");
      try {
        return readdirSync(folder).map((file) => join(folder, file));
      } catch {
        return [];
      }
    });
  } catch {
    return [];
  }
}
