/**
 * The cache that several processes share. Redis may be away, slow, full or empty: what is asked of it is answered within a
 * time limit, from then on by a breaker, and trouble is a miss.
 */
import { Redis } from "ioredis";
import type { Cache } from "../../ports/cache.js";
import type { Clock } from "../../ports/clock.js";
import { type BreakerState, breaker } from "./breaker.js";
import { addressOf, type RedisConnection } from "./connection.js";
import { codeOf, type Outcome, within } from "./within.js";

export interface RedisCacheSettings extends RedisConnection {
  /** Before every key. */
  readonly prefix: string;
  readonly ttlMs: number;
  /** How long anybody waits for a command. */
  readonly commandTimeoutMs: number;
  readonly clock: Pick<Clock, "now">;
  readonly observe?: ((what: RedisOutcome, count: number) => void) | undefined;
  /** A failure, by its code; may come often. Codes hold neither secrets nor text. */
  readonly onTrouble?: ((code: string) => void) | undefined;
  readonly onState?: ((state: RedisState) => void) | undefined;
}

/**
 * Of keys: found and not found; not answered in time, or with an error; not asked for, because Redis is away, the breaker
 * open, or too much unanswered. Of values: written, and not written for whatever reason.
 */
export type RedisOutcome = "hit" | "miss" | "timeout" | "error" | "unasked" | "written" | "unwritten";

/** Of the connection, and of the breaker for reading while there is one. */
export type RedisState = "away" | BreakerState;

export interface RedisCache extends Cache {
  readonly state: () => RedisState;
}

/** Raised when keys or their meaning change. */
const KEY_FORMAT = "b1";
const KEYS_A_COMMAND = 128;
/** Bytes asked and written that Redis has not answered yet. */
const MAX_UNANSWERED_BYTES = 4 * 1024 * 1024;
/** What a command costs beside its arguments, in queues here. */
const COMMAND_BYTES = 500;
const BREAKER = { failures: 5, windowMs: 10_000, firstWaitMs: 250, longestWaitMs: 15_000 };

/**
 * Connects behind the caller's back, again and again.
 *
 * @throws SpanmillError CONFIG_INVALID for an address or a file that cannot be used; never because Redis is away.
 */
export function redisCache(settings: RedisCacheSettings): RedisCache {
  const { clock, prefix, ttlMs, commandTimeoutMs, observe = () => {}, onTrouble = () => {} } = settings;
  const redis = connect(settings);
  const state = (): RedisState => (redis.status === "ready" ? reading.state() : "away");
  let told: RedisState | undefined;
  const tell = () => {
    if (state() === told) return;
    told = state();
    settings.onState?.(told);
  };
  const reading = breaker({ ...BREAKER, clock, onState: tell });
  // A full Redis refuses to write and reads as ever, so refusals have a breaker of their own.
  const writing = breaker({ ...BREAKER, clock });
  let unanswered = 0;
  let isClosed = false;

  redis.on("error", (error: unknown) => isClosed || onTrouble(codeOf(error)));
  redis.on("ready", tell);
  redis.on("close", tell);

  /** @returns undefined where Redis is not to be asked. */
  const ask = async <T>(bytes: number, command: () => Promise<T>): Promise<Outcome<T> | undefined> => {
    if (isClosed || redis.status !== "ready" || unanswered + bytes > MAX_UNANSWERED_BYTES) return undefined;
    const leave = reading.enter();
    if (leave === undefined) return undefined;
    unanswered += bytes;
    const asked = command();
    const answered = () => {
      unanswered -= bytes;
    };
    asked.then(answered, answered);
    const outcome = await within(asked, commandTimeoutMs);
    leave(outcome.kind === "done");
    if (outcome.kind !== "done" && !isClosed)
      onTrouble(outcome.kind === "timeout" ? "TIMEOUT" : outcome.code);
    return outcome;
  };

  const nameOf = (key: Buffer) => `${prefix}${KEY_FORMAT}:${key.toString("base64url")}`;

  const read = async (keys: readonly Buffer[]): Promise<(Buffer | undefined)[]> => {
    const names = keys.map(nameOf);
    const outcome = await ask(COMMAND_BYTES + bytesOf(names), () => redis.mgetBuffer(...names));
    if (outcome?.kind !== "done") {
      observe(
        outcome === undefined ? "unasked" : outcome.kind === "timeout" ? "timeout" : "error",
        keys.length,
      );
      return keys.map(() => undefined);
    }
    const values = keys.map((_, i) => outcome.value[i] ?? undefined);
    const hits = values.filter((value) => value !== undefined).length;
    if (hits > 0) observe("hit", hits);
    if (hits < keys.length) observe("miss", keys.length - hits);
    return values;
  };

  const write = async (entries: readonly (readonly [Buffer, Buffer])[]): Promise<void> => {
    let leave: ReturnType<typeof writing.enter>;
    const named = entries.map(([key, value]) => [nameOf(key), value] as const);
    const cost = named.reduce((sum, [name, value]) => sum + COMMAND_BYTES + name.length + value.length, 0);
    // Entered only where it is asked: what never reached Redis says nothing of whether it takes values.
    const pipeline = () => {
      leave = writing.enter();
      const commands = redis.pipeline();
      for (const [name, value] of named) commands.set(name, value, "PX", ttlMs);
      return commands.exec();
    };
    const outcome = writing.admits() ? await ask(cost, pipeline) : undefined;
    const replies = outcome?.kind === "done" ? (outcome.value ?? []) : [];
    const written = replies.filter(([error]) => error === null).length;
    const refusal = replies.find(([error]) => error !== null)?.[0];
    leave?.(outcome?.kind === "done" && refusal === undefined);
    if (refusal) refused(codeOf(refusal));
    if (written > 0) observe("written", written);
    if (written < entries.length) observe("unwritten", entries.length - written);
  };

  /** A server that became a replica keeps its connections: the primary is found by a new one. */
  const refused = (code: string) => {
    onTrouble(code);
    if (code === "READONLY" && writing.state() === "open") redis.disconnect(true);
  };

  return {
    state,
    get: async (keys) => (await Promise.all(inParts(keys).map(read))).flat(),
    async set(entries) {
      await Promise.all(inParts(entries).map(write));
    },
    async close() {
      isClosed = true;
      // What was sent still arrives: the connection ends after it.
      redis.disconnect();
    },
  };
}

function connect(settings: RedisConnection): Redis {
  return new Redis({
    ...addressOf(settings),
    // Nothing here needs the third version, and older servers and proxies know the second.
    protocol: 2,
    disableClientInfo: true,
    // Needs the right to INFO; a server that is loading says so itself.
    enableReadyCheck: false,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    connectTimeout: 5_000,
    // A connection that owes an answer and is silent for so long is dead.
    socketTimeout: 5_000,
    disconnectTimeout: 100,
    retryStrategy: (attempts) =>
      Math.min(50 * 2 ** Math.min(attempts, 10), 5_000) * (0.5 + Math.random() / 2),
  });
}

function bytesOf(names: readonly string[]): number {
  return names.reduce((sum, name) => sum + name.length, 0);
}

function inParts<T>(list: readonly T[]): T[][] {
  const parts: T[][] = [];
  for (let at = 0; at < list.length; at += KEYS_A_COMMAND) parts.push(list.slice(at, at + KEYS_A_COMMAND));
  return parts;
}
