/** The worker's log: a JSON line an event on standard error. No event holds text of a document. */
import { destination, type Level, pino } from "pino";
import type { RunEvent } from "../compose/worker-setup.js";

export type WorkerLog = (event: RunEvent) => void;

export function workerLog(): WorkerLog {
  const logger = pino(
    { base: null, timestamp: pino.stdTimeFunctions.isoTime },
    destination({ fd: 2, sync: true }),
  );
  return (event) => {
    // pino writes a level of its own.
    const { level: _, ...rest } = { level: undefined, ...event };
    logger[levelOf(event)](rest);
  };
}

function levelOf(event: RunEvent): Level {
  switch (event.from) {
    case "kafka":
      return event.level;
    case "cache":
      return event.kind === "state" && event.state === "closed" ? "info" : "warn";
    case "sink":
      return event.kind === "recovered" ? "info" : "warn";
    case "process":
      return event.kind === "warning" ? "warn" : "info";
    case "source":
      return SOURCE_LEVELS[event.kind];
    case "worker":
      return WORKER_LEVELS[event.kind];
  }
}

type Kind<From extends RunEvent["from"]> = Extract<RunEvent, { readonly from: From }>["kind"];

const SOURCE_LEVELS: Readonly<Record<Kind<"source">, Level>> = {
  rebalancing: "info",
  drained: "info",
  assigned: "info",
  "positions-failed": "warn",
  committed: "debug",
  "commit-failed": "warn",
  jump: "warn",
  heartbeat: "debug",
  batch: "debug",
  crash: "error",
};

const WORKER_LEVELS: Readonly<Record<Kind<"worker">, Level>> = {
  done: "debug",
  "dead-letter": "warn",
  reduced: "warn",
  retry: "warn",
  suspect: "warn",
  stuck: "error",
  draining: "info",
  ended: "info",
};
