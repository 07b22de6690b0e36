/**
 * Notices a consumer that no longer beats. Time is the monotonic clock's, for the trap is the other one: kafkajs sends
 * a heartbeat where `Date.now()` says that it is due, so after the wall clock stepped back it sends none, is put out
 * of the group, and neither rejoins nor fails.
 *
 * Two rules. Deaf: no heartbeat for 0.8 of the session, and by the wall clock none is due. Silent: kafkajs shows no
 * sign of life at all, not even of a failed try, for longer than the longest rebalance. A broker that is away is
 * neither: kafkajs goes on trying, and a restart of the process would mend nothing.
 */
import { SpanmillError } from "../../errors.js";
import type { Clock } from "../../ports/clock.js";

export interface Watchdog {
  /** A heartbeat was answered, or the group joined. @returns milliseconds since the one before. */
  beat(): number;
  /** The consumer crashed or is joining: heartbeats are not to be expected until the next `beat`. */
  absent(): void;
  /** kafkajs did something. */
  sign(): void;
  /** Milliseconds since the last heartbeat, undefined while none is to be expected. */
  age(): number | undefined;
  stop(): void;
}

export interface WatchdogSettings {
  readonly sessionTimeout: number;
  readonly rebalanceTimeout: number;
  readonly heartbeatInterval: number;
}

export function startWatchdog(
  settings: WatchdogSettings,
  clock: Clock,
  fail: (error: SpanmillError) => void,
): Watchdog {
  let last: { readonly now: number; readonly wall: number } | undefined;
  let signed = clock.now();
  let looked = clock.now();
  const period = settings.sessionTimeout / 20;

  const look = (): void => {
    const now = clock.now();
    // We were stopped ourselves, so what kafkajs did not do says nothing.
    if (now - looked > 4 * period) signed = now;
    looked = now;
    if (last !== undefined && now - last.now > 0.8 * settings.sessionTimeout) {
      if (clock.wall() - last.wall < settings.heartbeatInterval) fail(deaf(now - last.now));
    }
    const silence = now - signed;
    if (silence > settings.rebalanceTimeout + settings.sessionTimeout) fail(silent(silence));
  };
  const timer = setInterval(look, period);

  return {
    beat: () => {
      const before = last?.now;
      signed = clock.now();
      last = { now: signed, wall: clock.wall() };
      return before === undefined ? 0 : signed - before;
    },
    absent: () => {
      last = undefined;
      signed = clock.now();
    },
    sign: () => {
      signed = clock.now();
    },
    age: () => (last === undefined ? undefined : clock.now() - last.now),
    stop: () => clearInterval(timer),
  };
}

function deaf(ms: number): SpanmillError {
  return new SpanmillError(
    "KAFKA_HEARTBEAT_LOST",
    `no heartbeat went to the consumer group for ${Math.round(ms)} ms because the system clock stepped back; start again, and keep the clock from stepping (slew it)`,
  );
}

function silent(ms: number): SpanmillError {
  return new SpanmillError(
    "KAFKA_HEARTBEAT_LOST",
    `the Kafka consumer did nothing for ${Math.round(ms)} ms, not even a failed try; start again`,
  );
}
