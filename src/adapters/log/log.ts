/** The log: one line of JSON an event. The only place that knows pino. */
import { type Logger, pino } from "pino";
import type { Clock } from "../../ports/clock.js";
import type { LogLine } from "./lines.js";
import { repeats } from "./repeats.js";

export const LOG_LEVELS = ["debug", "info", "warn", "error", "fatal", "silent"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export interface LogSettings {
  /** Lines below it are not written. */
  readonly level: LogLevel;
  /** Gets whole lines; writing is not waited for, so a stream that writes at once loses none at the end. */
  readonly stream: { write(line: string): unknown };
  readonly clock: Clock;
  /** In every line: spanmill's version, and what tells this process from others. */
  readonly version: string;
  readonly instance: string;
  /** Milliseconds between two lines that say the same. */
  readonly repeatPeriod?: number;
}

export interface Log {
  /** Lines come from `lines.ts` alone; undefined is none. Never throws. */
  write(line: LogLine | undefined): void;
  /** Tells how many lines were left out, as the last ones. */
  close(): void;
}

export function openLog(settings: LogSettings): Log {
  const { level, stream, clock, version, instance, repeatPeriod = REPEAT_PERIOD } = settings;
  const logger = pino(
    {
      level,
      base: { service: "spanmill", version, instance },
      timestamp: () => `,"time":"${new Date(clock.wall()).toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    { write: (line: string) => void stream.write(line) },
  );
  const { admit, rest } = repeats(repeatPeriod);
  return {
    write(line) {
      if (line === undefined || !logger.isLevelEnabled(line.level)) return;
      const admitted = admit(line, clock.now());
      if (admitted !== undefined) put(logger, admitted);
    },
    close() {
      for (const line of rest()) put(logger, line);
    },
  };
}

const REPEAT_PERIOD = 10_000;

function put(logger: Logger, { level, ...fields }: LogLine): void {
  try {
    logger[level](fields);
  } catch {
    // A log that cannot be written must not end the work.
  }
}
