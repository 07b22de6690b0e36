/** Keeps lines that say the same again and again from filling the log: one in a while, with the number of those left out. */
import type { LogEvent, LogLine } from "./lines.js";

export interface Repeats {
  /** The line to write, with `leftOut` where there were others like it since the last; undefined: not this one. */
  admit(line: LogLine, now: number): LogLine | undefined;
  /** Of what was left out and not yet told, one line a kind. */
  rest(): LogLine[];
}

/** @param period milliseconds from one line to the next one like it. */
export function repeats(period: number): Repeats {
  const kinds = new Map<string, Kind>();
  return {
    admit(line, now) {
      const by = REPEATING[line.event];
      if (by === undefined) return line;
      const name = [line.event, ...by.map((field) => line[field])].join(" ");
      const kind = kinds.get(name);
      if (kind !== undefined && now - kind.since < period) {
        kind.leftOut++;
        return undefined;
      }
      if (kind === undefined && kinds.size >= MOST_KINDS) kinds.delete(kinds.keys().next().value!);
      kinds.set(name, { since: now, leftOut: 0, line });
      return kind === undefined || kind.leftOut === 0 ? line : { ...line, leftOut: kind.leftOut };
    },
    rest() {
      const lines = [...kinds.values()].filter(({ leftOut }) => leftOut > 0).map(restOf);
      kinds.clear();
      return lines;
    },
  };
}

interface Kind {
  readonly since: number;
  leftOut: number;
  readonly line: LogLine;
}

function restOf({ leftOut, line: { level, event, code } }: Kind): LogLine {
  return {
    level,
    event: "lines-left-out",
    of: event,
    ...(code === undefined ? {} : { code }),
    count: leftOut,
  };
}

/** What may come often while one thing is wrong, and which fields make two lines alike. */
const REPEATING: Readonly<Partial<Record<LogEvent, readonly string[]>>> = {
  "document-suspect": [],
  "document-lost": [],
  "document-retry": ["code"],
  "record-reduced": ["channel"],
  "positions-failed": ["code"],
  "commit-failed": ["code"],
  "send-retry": ["topic", "code"],
  "send-stalled": ["topic", "code"],
  "send-recovered": ["topic", "code"],
  "batch-split": ["topic"],
  "kafka-client": ["level", "kind", "broker", "code"],
  "redis-trouble": ["code"],
  "redis-state": ["state"],
  "cache-values-broken": [],
};

/** A bound on memory; far more than there are codes, topics and brokers to combine. */
const MOST_KINDS = 1_000;
