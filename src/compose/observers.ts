/** Which line and which counters an event of a run is for. */
import {
  blocksLine,
  kafkaLine,
  type LogLine,
  laneLine,
  processLine,
  redisStateLine,
  redisTroubleLine,
  sourceLine,
  workerLine,
} from "../adapters/log/lines.js";
import type { Metrics } from "../adapters/metrics/metrics.js";
import type { CacheEvent, RunEvent } from "./worker-setup.js";

/** Undefined: for the metrics alone. */
export function lineOf(event: RunEvent): LogLine | undefined {
  switch (event.from) {
    case "worker":
      return workerLine(event);
    case "source":
      return sourceLine(event);
    case "sink":
      return laneLine(event);
    case "kafka":
      return kafkaLine(event);
    case "cache":
      return cacheLine(event);
    case "process":
      return event.kind === "opened" ? undefined : processLine(event);
  }
}

function cacheLine(event: CacheEvent): LogLine | undefined {
  switch (event.kind) {
    case "trouble":
      return redisTroubleLine(event.code);
    case "state":
      return redisStateLine(event.state);
    case "blocks":
      return blocksLine(event.what, event.count);
    case "redis":
    case "memory":
      return undefined;
  }
}

export function count(metrics: Metrics, event: RunEvent): void {
  switch (event.from) {
    case "worker":
      metrics.onWorker(event);
      break;
    case "source":
      metrics.onSource(event);
      break;
    case "sink":
      metrics.onLane(event);
      break;
    case "kafka":
      metrics.onKafkaClient(event);
      break;
    case "cache":
      countCache(metrics, event);
      break;
    case "process":
      break;
  }
}

function countCache(metrics: Metrics, event: CacheEvent): void {
  switch (event.kind) {
    case "trouble":
      metrics.onRedisTrouble(event.code);
      break;
    case "blocks":
      metrics.onBlocks(event.what, event.count);
      break;
    case "redis":
      metrics.onRedis(event.what, event.count);
      break;
    case "memory":
      metrics.onMemory(event.what, event.count);
      break;
    case "state":
      break;
  }
}
