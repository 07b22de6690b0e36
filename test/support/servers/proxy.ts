/**
 * A TCP proxy on loopback that does to a connection what networks do. Faults hold until `heal`; what is drawn by chance
 * is drawn from a seed.
 */
import { connect, createServer, type Server, type Socket } from "node:net";
import { freePorts } from "./ports.js";

export interface FaultProxy {
  readonly port: number;
  readonly address: string;
  /** Open connections of clients. */
  readonly connections: () => number;
  /** Breaks all connections and refuses new ones. */
  cut(): void;
  /** Breaks all connections once; new ones are let through. */
  reset(): void;
  /** Takes bytes and connections and lets none through: a network that is gone without a word. */
  silence(): void;
  /** Every chunk waits this long, give or take the jitter, in both directions; order stays. */
  delay(ms: number, jitterMs?: number): void;
  /** As a network that loses this share of its packets looks to TCP: chunks held back until they are sent again. */
  lose(share: number): void;
  /** How many chunks have been lost once. */
  readonly lost: () => number;
  /** At most this many bytes a second, for each connection and direction. */
  throttle(bytesPerSecond: number): void;
  /**
   * Swallows answers to Kafka requests of one kind (Produce is 0) that this connection or a new one asks from now on,
   * and breaks the connection after each, unless `keep` holds it open: the request has been done, the client is not told.
   */
  dropAnswers(apiKey: number, options?: { readonly times?: number; readonly keep?: boolean }): void;
  /** How many answers have been dropped. */
  readonly dropped: () => number;
  /**
   * From the next answer to a Kafka request of this kind (Heartbeat is 12) on, its connection holds all answers back until
   * `heal`, and then gives them in their order: what a process finds that was asleep meanwhile.
   */
  holdAnswers(apiKey: number): void;
  /** Answers that are held back. */
  readonly held: () => number;
  /** Ends all faults. What silence has swallowed is lost, so those connections are broken. */
  heal(): void;
  close(): Promise<void>;
}

export interface ProxyOptions {
  /** `host:port` */
  readonly target: string;
  readonly seed?: number;
}

const RESEND_MS = 200;
/** Of a frame's length, which stays below 128 MiB. Text and TLS begin with larger bytes. */
const LARGEST_FIRST_BYTE = 8;

interface Faults {
  refuse: boolean;
  silent: boolean;
  delayMs: number;
  jitterMs: number;
  loss: number;
  bytesPerSecond: number;
  drop: { readonly apiKey: number; readonly keep: boolean; left: number } | undefined;
  /** The kind of request that it begins with. */
  hold: number | undefined;
  dropped: number;
  lost: number;
}

const none = (): Omit<Faults, "dropped" | "lost"> => ({
  refuse: false,
  silent: false,
  delayMs: 0,
  jitterMs: 0,
  loss: 0,
  bytesPerSecond: Number.POSITIVE_INFINITY,
  drop: undefined,
  hold: undefined,
});

export async function startProxy({ target, seed = 1 }: ProxyOptions): Promise<FaultProxy> {
  const faults: Faults = { ...none(), dropped: 0, lost: 0 };
  const chance = random(seed);
  const open = new Set<Connection>();
  const breakAll = () => {
    for (const { breakUp } of open) breakUp();
  };
  const server = createServer({ allowHalfOpen: true }, (client) => {
    if (faults.refuse) return void client.resetAndDestroy();
    const connection = join(client, target, faults, chance, () => open.delete(connection));
    open.add(connection);
  });
  const [port] = await freePorts(1);
  await listen(server, port!);

  return {
    port: port!,
    address: `127.0.0.1:${port}`,
    connections: () => open.size,
    cut: () => {
      faults.refuse = true;
      breakAll();
    },
    reset: breakAll,
    silence: () => void Object.assign(faults, { silent: true }),
    delay: (ms, jitterMs = 0) => void Object.assign(faults, { delayMs: ms, jitterMs }),
    lose: (loss) => void Object.assign(faults, { loss }),
    lost: () => faults.lost,
    throttle: (bytesPerSecond) => void Object.assign(faults, { bytesPerSecond }),
    dropAnswers: (apiKey, { times = 1, keep = false } = {}) => {
      faults.drop = { apiKey, keep, left: times };
    },
    dropped: () => faults.dropped,
    holdAnswers: (apiKey) => void Object.assign(faults, { hold: apiKey }),
    held: () => [...open].reduce((sum, { held }) => sum + held.length, 0),
    heal: () => {
      if (faults.silent) breakAll();
      Object.assign(faults, none());
      for (const { client, held } of open) for (const frame of held.splice(0)) client.write(frame);
    },
    close: async () => {
      breakAll();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

interface Connection {
  readonly client: Socket;
  readonly breakUp: () => void;
  /** Answers that are held back, as frames. */
  readonly held: Buffer[];
}

function join(
  client: Socket,
  target: string,
  faults: Faults,
  chance: () => number,
  closed: () => void,
): Connection {
  const upstream = connect(Number(target.split(":")[1]), target.split(":")[0]);
  upstream.on("error", () => {}); // its close event follows
  client.on("error", () => {});
  const breakUp = () => {
    client.resetAndDestroy();
    upstream.destroy();
    closed();
  };
  // A socket that is only half closed still has answers to give.
  client.once("close", breakUp);
  upstream.once("close", () => (client.destroyed ? breakUp() : client.end(breakUp)));
  const asked = new Map<number, number>();
  const held: Buffer[] = [];
  carry(client, upstream, faults, chance, (frame) => {
    asked.set(frame.readInt32BE(8), frame.readInt16BE(4));
    return true;
  });
  carry(upstream, client, faults, chance, (frame) => {
    const correlation = frame.readInt32BE(4);
    const apiKey = asked.get(correlation);
    asked.delete(correlation);
    const { drop, hold } = faults;
    if (hold !== undefined && (held.length > 0 || apiKey === hold)) {
      held.push(Buffer.from(frame));
      return false;
    }
    if (drop === undefined || drop.left === 0 || apiKey !== drop.apiKey) return true;
    drop.left--;
    faults.dropped++;
    if (!drop.keep) breakUp();
    return false;
  });
  return { client, breakUp, held };
}

/** Chunks of one direction, each let go at its time; reading stops while a chunk waits, so nothing piles up. */
function carry(
  from: Socket,
  to: Socket,
  faults: Faults,
  chance: () => number,
  wanted: (frame: Buffer) => boolean,
): void {
  const frames = frameFilter(wanted);
  let last = 0;
  let waiting = 0;
  let ended = false;
  const finish = () => {
    if (ended && waiting === 0) to.end();
  };
  from.on("end", () => {
    ended = true;
    finish();
  });
  from.on("data", (chunk: Buffer) => {
    if (faults.silent) return;
    const bytes = frames(chunk);
    if (bytes.length === 0) return;
    const now = performance.now();
    let at = now + faults.delayMs + (chance() * 2 - 1) * faults.jitterMs;
    if (chance() < faults.loss) {
      at += RESEND_MS;
      faults.lost++;
    }
    last = Math.max(at, last) + (bytes.length / faults.bytesPerSecond) * 1000;
    if (last <= now && waiting === 0) return void write(from, to, bytes);
    waiting++;
    if (waiting > 64) from.pause();
    setTimeout(() => {
      waiting--;
      if (from.isPaused() && !to.writableNeedDrain) from.resume();
      if (!faults.silent) write(from, to, bytes);
      finish();
    }, last - now);
  });
}

function write(from: Socket, to: Socket, bytes: Buffer): void {
  if (to.writable && !to.write(bytes)) {
    from.pause();
    to.once("drain", () => from.resume());
  }
}

/**
 * Bytes to the frames of Kafka's protocol (a length of 4 bytes, then as much), of which only the wanted are let through.
 * A stream that is something else, as its first byte says, passes as it is.
 */
function frameFilter(wanted: (frame: Buffer) => boolean): (chunk: Buffer) => Buffer {
  let kept: Buffer[] = [];
  let size = 0;
  let framed: boolean | undefined;
  return (chunk) => {
    framed ??= chunk[0]! < LARGEST_FIRST_BYTE;
    if (!framed) return chunk;
    kept.push(chunk);
    size += chunk.length;
    const out: Buffer[] = [];
    while (size >= 4) {
      if (kept[0]!.length < 4) kept = [Buffer.concat(kept)];
      const length = 4 + kept[0]!.readInt32BE(0);
      if (size < length) break;
      const all = kept.length === 1 ? kept[0]! : Buffer.concat(kept);
      const frame = all.subarray(0, length);
      kept = [all.subarray(length)];
      size -= length;
      if (wanted(frame)) out.push(frame);
    }
    return out.length === 1 ? out[0]! : Buffer.concat(out);
  };
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject).listen(port, "127.0.0.1", () => resolve());
  });
}

/** Mulberry32: https://gist.github.com/tommyettinger/46a874533244883189143505d203312c */
function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
