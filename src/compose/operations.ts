/** How a run is seen from outside: every event to log, metrics and spans; probes over what is asked of its parts. */
import { type LoopLag, watchLoop } from "../adapters/http/loop-lag.js";
import { openProbes, type Probes } from "../adapters/http/server.js";
import { brokerTrouble } from "../adapters/kafka/trouble.js";
import { openLog } from "../adapters/log/log.js";
import type { GaugeSources } from "../adapters/metrics/gauges.js";
import { openMetrics } from "../adapters/metrics/metrics.js";
import { openSpans, type Spans } from "../adapters/telemetry/spans.js";
import { type HealthFacts, type HealthLimits, liveness, readiness } from "../pipeline/health.js";
import type { Clock } from "../ports/clock.js";
import { count, lineOf } from "./observers.js";
import type { OperationsSetup, RunEvent, WorkerHooks, WorkerSetup } from "./worker-setup.js";

export interface Operations {
  readonly hooks: WorkerHooks;
  /** The last words, among them the exit status; then the probes are gone too. Lines are written before it returns. */
  end(exit: number): Promise<void>;
}

/**
 * Probes answer from here on to the end.
 *
 * @throws SpanmillError CONFIG_INVALID where the probes cannot listen.
 */
export async function openOperations(
  setup: OperationsSetup,
  worker: WorkerSetup,
  clock: Clock,
  stream: { write(line: string): unknown },
): Promise<Operations> {
  const { version } = worker.record;
  const { instance, logLevel: level } = setup;
  const began = clock.now();
  const log = openLog({ level, stream, clock, version, instance });
  const metrics = openMetrics();
  const spans = spansOf(setup, worker);
  const loop = watchLoop(clock);
  const health = observedHealth(worker, clock, loop);
  let wasReady = false;

  const tell = (event: RunEvent): void => {
    log.write(lineOf(event));
    count(metrics, event);
    if (event.from === "worker") spans?.onWorker(event);
    health.hear(event);
    if (wasReady || !health.mayHaveTurned(event) || !health.ready().ok) return;
    wasReady = true;
    tell({ from: "process", kind: "ready", afterMs: clock.now() - began });
  };
  const watch = (sources: GaugeSources): void => {
    metrics.watch(sources);
    health.watch(sources);
  };

  let probes: Probes | undefined;
  try {
    probes = setup.probes && (await openProbes({ ...setup.probes, ...health, metrics: metrics.scrape }));
  } catch (error) {
    loop.stop();
    throw error;
  }
  if (probes !== undefined) {
    tell({ from: "process", kind: "probes-open", host: probes.host, port: probes.port });
  }
  watch({ loopLag: loop.now });
  return {
    hooks: { clock, tell, watch, trace: (source) => spans?.source(source) ?? source },
    async end(exit) {
      spans?.close();
      loop.stop();
      log.close();
      tell({ from: "process", kind: "stopped", exit });
      await probes?.close();
    },
  };
}

/** For who looks at a worker's parts and runs none. */
export function unseen(clock: Clock): WorkerHooks {
  return { clock, tell: () => undefined, watch: () => undefined, trace: (source) => source };
}

function spansOf({ traces }: OperationsSetup, { source, record }: WorkerSetup): Spans | undefined {
  if (traces === "none") return undefined;
  const { version } = record;
  if (source.kind !== "kafka") return openSpans({ version, system: undefined, each: traces });
  const { groupId } = source.settings;
  return openSpans({
    version,
    system: "kafka",
    groupId,
    clientId: source.connection.clientId,
    each: traces,
  });
}

/** Puts together what the probes answer from. */
function observedHealth({ source, taskDeadline }: WorkerSetup, clock: Clock, loop: LoopLag) {
  const limits = limitsOf(source, taskDeadline);
  const trouble = brokerTrouble(clock);
  const opened = new Set<"models" | "sink">();
  let hasJoined = source.kind !== "kafka";
  let ended: HealthFacts["ended"] = "no";
  let known: GaugeSources = {};

  const facts = (): HealthFacts => ({
    modelsLoaded: opened.has("models"),
    sinkOpen: opened.has("sink"),
    hasJoined,
    worker: known.worker?.(),
    ended,
    heartbeat: known.source && { age: known.source().heartbeatAge, brokerTroubleAge: trouble.age() },
    oldestSend: (known.lanes?.() ?? []).reduce((oldest, { oldestMs }) => Math.max(oldest, oldestMs), 0),
    loopLag: loop.now(),
    redis: redisOf(known.redis?.()),
  });

  return {
    live: () => liveness(facts(), limits),
    ready: () => readiness(facts(), limits),
    watch: (sources: GaugeSources) => {
      known = { ...known, ...sources };
    },
    hear(event: RunEvent): void {
      if (event.from === "kafka") trouble.client(event);
      else if (event.from === "sink") trouble.lane(event);
      else if (event.from === "source" && event.kind === "assigned") hasJoined = true;
      else if (event.from === "process" && event.kind === "opened") opened.add(event.part);
      else if (event.from === "process" && event.kind === "failed") ended = "failed";
      else if (event.from === "worker" && event.kind === "ended")
        ended = event.reason === "failed" ? "failed" : "well";
    },
    /** To ask at every event would cost more than it tells. */
    mayHaveTurned: ({ from, kind }: RunEvent): boolean =>
      (from === "process" && kind === "started") || (from === "source" && kind === "assigned"),
  };
}

/** Each longer than what ends the process by itself, which knows more. */
function limitsOf(source: WorkerSetup["source"], taskDeadline: number): HealthLimits {
  const { sessionTimeout, rebalanceTimeout } =
    source.kind === "kafka" ? source.settings : { sessionTimeout: 0, rebalanceTimeout: 0 };
  return {
    // A long request has more time than a usual one.
    stall: 4 * taskDeadline,
    heartbeat: 2 * sessionTimeout + rebalanceTimeout,
    loopLag: 10_000,
    blocked: 10_000,
  };
}

function redisOf(state: ReturnType<NonNullable<GaugeSources["redis"]>> | undefined): HealthFacts["redis"] {
  if (state === undefined) return "unused";
  return state === "away" || state === "open" ? "away" : "ok";
}
