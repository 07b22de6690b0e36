/**
 * What the probes answer, from facts alone. Liveness is about this process: whether a restart would mend something. A broker
 * or a Redis that is away is waited for (`blocked`), since a restart of the whole fleet would not bring it back.
 */
import type { WorkerStatus } from "./worker.js";

/** All times in milliseconds. */
export interface HealthFacts {
  /** Every thread has its models, and has shown that they run. */
  readonly modelsLoaded: boolean;
  readonly sinkOpen: boolean;
  /** The group was joined once, be it with no partition; of a source that knows no group true from the start. */
  readonly hasJoined: boolean;
  /** Undefined before the worker runs. */
  readonly worker: WorkerStatus | undefined;
  /** The worker ended, in good order or not, and the process is about to. */
  readonly ended: "no" | "well" | "failed";
  /** Undefined for a source without heartbeats. */
  readonly heartbeat: HeartbeatFacts | undefined;
  /** How long the oldest message has waited for its acknowledgement; 0 where none waits. */
  readonly oldestSend: number;
  /** How late the main loop was when it last looked. */
  readonly loopLag: number;
  /** `away`: Redis is configured and cannot be asked. */
  readonly redis: "unused" | "ok" | "away";
}

export interface HeartbeatFacts {
  /** Since the last one; undefined while none is to be expected. */
  readonly age: number | undefined;
  /** Since the client last complained of a broker; undefined: never. A complaint explains a missing heartbeat. */
  readonly brokerTroubleAge: number | undefined;
}

/** In milliseconds: what lasts longer is no longer taken for work. */
export interface HealthLimits {
  /** Of threads that hold work without an answer. The worker's own deadline for a task ends the process before. */
  readonly stall: number;
  /** Without a heartbeat. The source's own watchdog ends the process before. */
  readonly heartbeat: number;
  readonly loopLag: number;
  /** Of a message without acknowledgement, before the state is called blocked. */
  readonly blocked: number;
}

export const HEALTH_REASONS = [
  "threads-stalled",
  "heartbeat-lost",
  "loop-late",
  "worker-failed",
  "output-waits",
  "broker-away",
  "models-loading",
  "sink-opening",
  "group-joining",
  "draining",
  "ended",
  "redis-away",
] as const;

export type HealthReason = (typeof HEALTH_REASONS)[number];

export interface Health {
  /** The probe's answer. */
  readonly ok: boolean;
  /** `blocked` and `degraded` are ok: the one waits for others, the other does without a cache. */
  readonly status: "ok" | "blocked" | "degraded" | "failing" | "not-ready";
  readonly reasons: readonly HealthReason[];
}

/** Whether the process can still do its work, if others let it. */
export function liveness(facts: HealthFacts, limits: HealthLimits): Health {
  const { worker, heartbeat, loopLag, ended } = facts;
  const isMute = (heartbeat?.age ?? 0) > limits.heartbeat;
  const isExplained = isMute && brokerIsAway(heartbeat);
  const failing = reasons(
    [ended === "failed", "worker-failed"],
    [(worker?.stalledFor ?? 0) > limits.stall, "threads-stalled"],
    [isMute && !isExplained, "heartbeat-lost"],
    [loopLag > limits.loopLag, "loop-late"],
  );
  const blocked = blockedReasons(facts, limits);
  if (failing.length > 0) return { ok: false, status: "failing", reasons: [...failing, ...blocked] };
  return { ok: true, status: blocked.length > 0 ? "blocked" : "ok", reasons: blocked };
}

/** Whether a roll-out may go on: all is open, the group knows us, and we are not leaving. */
export function readiness(facts: HealthFacts, limits: HealthLimits): Health {
  const missing = reasons(
    [!facts.modelsLoaded, "models-loading"],
    [!facts.sinkOpen, "sink-opening"],
    [!facts.hasJoined, "group-joining"],
    [facts.worker?.isDraining === true, "draining"],
    [facts.ended !== "no", "ended"],
  );
  const degraded = reasons([facts.redis === "away", "redis-away"]);
  const blocked = blockedReasons(facts, limits);
  if (missing.length > 0) {
    return { ok: false, status: "not-ready", reasons: [...missing, ...degraded, ...blocked] };
  }
  const status = degraded.length > 0 ? "degraded" : blocked.length > 0 ? "blocked" : "ok";
  return { ok: true, status, reasons: [...degraded, ...blocked] };
}

function blockedReasons({ heartbeat, oldestSend }: HealthFacts, limits: HealthLimits): HealthReason[] {
  return reasons(
    [oldestSend > limits.blocked, "output-waits"],
    [(heartbeat?.age ?? 0) > limits.blocked && brokerIsAway(heartbeat), "broker-away"],
  );
}

/** A complaint that is younger than the last heartbeat. */
function brokerIsAway(heartbeat: HeartbeatFacts | undefined): boolean {
  const { age, brokerTroubleAge } = heartbeat ?? {};
  return age !== undefined && brokerTroubleAge !== undefined && brokerTroubleAge < age;
}

function reasons(...held: readonly (readonly [boolean, HealthReason])[]): HealthReason[] {
  return held.flatMap(([holds, reason]) => (holds ? [reason] : []));
}
