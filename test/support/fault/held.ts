/** What a worker says that it holds, on the port of its probes. */
import { parseExposition, sampleOf } from "../exposition.js";
import { lineWith } from "./timeline.js";

export interface Held {
  /** Of keys and values of the documents in flight. */
  readonly bytesInFlight: number;
  /** Of the messages that wait in lanes. */
  readonly bytesInLanes: number;
  /** Timers of the main thread that are set. */
  readonly timers: number;
}

export interface HeldLook {
  /** Asks where the last time is half a second ago; never rejects. */
  look(): void;
  /** Asks now; kept when it has an answer or there is none to be had. */
  lookNow(): Promise<void>;
  /** The most of each, and how many answers there were. */
  most(): Held & { readonly answers: number };
}

const EVERY_MS = 500;
const PATIENCE_MS = 2_000;

/** @param log of the worker, which says where it listens */
export function watchHeld(log: () => string): HeldLook {
  const most = { bytesInFlight: 0, bytesInLanes: 0, timers: 0, answers: 0 };
  let port: unknown;
  let asked = Number.NEGATIVE_INFINITY;
  let running: Promise<void> | undefined;

  const ask = async () => {
    port ??= lineWith(log(), "probes-open")?.port;
    if (port === undefined) return;
    asked = performance.now();
    try {
      const signal = AbortSignal.timeout(PATIENCE_MS);
      const now = read(await (await fetch(`http://127.0.0.1:${port}/metrics`, { signal })).text());
      most.answers++;
      for (const name of ["bytesInFlight", "bytesInLanes", "timers"] as const) {
        most[name] = Math.max(most[name], now[name]);
      }
    } catch {
      // It ends, or sleeps.
    }
  };
  const lookNow = () => {
    running ??= ask().finally(() => {
      running = undefined;
    });
    return running;
  };
  return {
    look: () => {
      if (performance.now() - asked >= EVERY_MS) void lookNow();
    },
    lookNow: async () => {
      await running;
      await lookNow();
    },
    most: () => most,
  };
}

function read(exposition: string): Held {
  const families = parseExposition(exposition);
  const lanes = families.find(({ name }) => name === "spanmill_lane_bytes")?.samples ?? [];
  return {
    bytesInFlight: sampleOf(families, "spanmill_in_flight_bytes") ?? 0,
    bytesInLanes: lanes.reduce((sum, { value }) => sum + value, 0),
    timers: sampleOf(families, "spanmill_nodejs_active_resources", { type: "Timeout" }) ?? 0,
  };
}
