import { SpanmillError } from "../../errors.js";
import type { Clock } from "../../ports/clock.js";

/** What became of one attempt to write a batch. */
export type Outcome =
  | { readonly kind: "kept" }
  /**
   * May pass: the same batch is sent again. With `otherwise`, trouble that goes on for the lane's patience is taken
   * for lasting.
   */
  | { readonly kind: "passing"; readonly cause: string; readonly otherwise?: SpanmillError }
  | { readonly kind: "too-large" }
  | { readonly kind: "fatal"; readonly error: SpanmillError };

/**
 * Writes a batch to the lane's partition; never rejects. A courier serves one batch: while it is undecided what the
 * broker kept, the same records must go through the same producer, which alone lets the broker know them again.
 */
export interface Courier<M> {
  post(messages: readonly M[]): Promise<Outcome>;
  /** The batch is decided. */
  done(): void;
}

export interface LaneSettings<M> {
  readonly topic: string;
  readonly partition: number;
  /** Of a batch; a message that alone is larger goes alone. */
  readonly mostBytes: number;
  readonly courier: () => Courier<M>;
  readonly clock: Clock;
  readonly report: (event: LaneEvent) => void;
  readonly patience?: Partial<LanePatience>;
}

/** In milliseconds. */
export interface LanePatience {
  /** First wait before the same batch goes out again; doubled up to `mostWait`. */
  readonly firstWait: number;
  readonly mostWait: number;
  /** A batch that waits longer for its answer is reported as stalled. */
  readonly stall: number;
  /** How long trouble that is unlikely to pass may last. */
  readonly lasting: number;
}

export interface LaneEvent {
  readonly kind: "retry" | "stalled" | "recovered" | "split";
  readonly topic: string;
  readonly partition: number;
  readonly records: number;
  readonly attempts: number;
  /** Kafka's name of the trouble; no text of any message. */
  readonly cause: string;
}

/** What waits in a lane, the batch that is under way included. */
export interface LaneState {
  readonly topic: string;
  readonly partition: number;
  readonly records: number;
  readonly bytes: number;
  readonly oldestMs: number;
}

export interface Lane<M> {
  /** Kept when the broker has acknowledged it. In the order of the calls. */
  send(message: M, bytes: number): Promise<void>;
  /** True where the next message would open a batch of its own. */
  fresh(): boolean;
  state(): LaneState;
  /** Kept when nothing waits. */
  idle(): Promise<void>;
}

/** kafkajs copies its list of messages for each message, so a batch is bounded in number too. */
export const MOST_RECORDS = 500;
/** More gains nothing. */
export const MOST_BYTES = 800_000;

/**
 * The way to one partition, with at most one batch under way: kafkajs 2.2.4 loses acknowledged records where several
 * sends to a partition overlap, and where one send spans partitions. While a batch is under way the next gathers, so
 * batches grow with the load and an idle lane sends at once.
 */
export function openLane<M>(settings: LaneSettings<M>): Lane<M> {
  const { topic, partition, mostBytes, clock } = settings;
  const patience = { ...PATIENCE, ...settings.patience };
  let waiting: Entry<M>[] = [];
  let current: readonly Entry<M>[] = [];
  let records = 0;
  let bytes = 0;
  let failure: SpanmillError | undefined;
  let running: Promise<void> | undefined;

  const report = (kind: LaneEvent["kind"], batch: readonly Entry<M>[], attempts: number, cause: string) =>
    settings.report({ kind, topic, partition, records: batch.length, attempts, cause });

  async function run(): Promise<void> {
    // What is sent in one turn of the event loop travels together.
    await Promise.resolve();
    while (waiting.length > 0) {
      const count = batchLength(waiting, mostBytes);
      current = waiting.slice(0, count);
      waiting = waiting.slice(count);
      await deliver(current);
      current = [];
    }
    running = undefined;
  }

  /** Sends a batch in as many parts as the broker asks for, in order. */
  async function deliver(batch: readonly Entry<M>[]): Promise<void> {
    const parts = [batch];
    const courier = settings.courier();
    for (let part = parts.pop(); part !== undefined; part = parts.pop()) {
      const outcome = await decide(courier, part);
      if (outcome.kind === "kept") {
        settle(part, (entry) => entry.resolve());
      } else if (outcome.kind === "too-large" && part.length > 1) {
        report("split", part, 1, "MESSAGE_TOO_LARGE");
        const half = part.length >> 1;
        parts.push(part.slice(half), part.slice(0, half));
      } else if (outcome.kind === "too-large") {
        const [{ bytes: size } = { bytes: 0 }] = part;
        settle(part, (entry) => entry.reject(tooLarge(topic, size)));
      } else {
        failure = outcome.error;
        const lost = [...part, ...parts.reverse().flat(), ...waiting];
        waiting = [];
        settle(lost, (entry) => entry.reject(outcome.error));
        break;
      }
    }
    courier.done();
  }

  /** Sends the same again until something is decided. */
  async function decide(courier: Courier<M>, part: readonly Entry<M>[]): Promise<Decided> {
    const messages = part.map(({ message }) => message);
    const begun = clock.now();
    let cause = "NO_ANSWER";
    let attempts = 1;
    let stalled = false;
    const stall = setTimeout(() => {
      stalled = true;
      report("stalled", part, attempts, cause);
    }, patience.stall);
    try {
      for (; ; attempts++) {
        const outcome = await courier.post(messages);
        if (outcome.kind !== "passing") {
          if (stalled) report("recovered", part, attempts, cause);
          return outcome;
        }
        cause = outcome.cause;
        if (outcome.otherwise !== undefined && clock.now() - begun > patience.lasting) {
          return { kind: "fatal", error: outcome.otherwise };
        }
        report("retry", part, attempts, cause);
        await pause(Math.min(patience.firstWait * 2 ** (attempts - 1), patience.mostWait));
      }
    } finally {
      clearTimeout(stall);
    }
  }

  function settle(entries: readonly Entry<M>[], how: (entry: Entry<M>) => void): void {
    for (const entry of entries) {
      records--;
      bytes -= entry.bytes;
      how(entry);
    }
  }

  return {
    send: (message, size) =>
      new Promise((resolve, reject) => {
        if (failure !== undefined) return reject(failure);
        waiting.push({ message, bytes: size, since: clock.now(), resolve, reject });
        records++;
        bytes += size;
        running ??= run();
      }),
    fresh: () => waiting.length === 0 || waiting.length >= MOST_RECORDS,
    state: () => {
      const oldest = current[0] ?? waiting[0];
      return { topic, partition, records, bytes, oldestMs: oldest ? clock.now() - oldest.since : 0 };
    },
    idle: async () => {
      while (running !== undefined) await running;
    },
  };
}

type Decided = Exclude<Outcome, { kind: "passing" }>;

interface Entry<M> {
  readonly message: M;
  readonly bytes: number;
  readonly since: number;
  readonly resolve: () => void;
  readonly reject: (error: SpanmillError) => void;
}

const PATIENCE: LanePatience = { firstWait: 100, mostWait: 5_000, stall: 10_000, lasting: 30_000 };

/** At least one: a message that alone is over the limit is the broker's to judge. */
function batchLength<M>(waiting: readonly Entry<M>[], mostBytes: number): number {
  let bytes = 0;
  let count = 0;
  for (const entry of waiting) {
    bytes += entry.bytes;
    if (count > 0 && (bytes > mostBytes || count === MOST_RECORDS)) break;
    count++;
  }
  return count;
}

export function tooLarge(topic: string, bytes: number): SpanmillError {
  return new SpanmillError(
    "SINK_TOO_LARGE",
    `Topic ${topic} takes no message of ${bytes} bytes. Raise its max.message.bytes, or write less per record.`,
  );
}

/** Spread by a quarter, so that lanes which failed together do not come back together. */
function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds * (0.75 + Math.random() / 2)));
}
