/** Watches a run from outside, while it runs: the group's committed offsets, then the logs of all topics. */
import { setTimeout as pause } from "node:timers/promises";
import { type RawRecord, readTopic } from "../servers/raw-reader.js";
import { GaveUp, until } from "../servers/until.js";
import { isComplete } from "./check.js";
import { readCommitted } from "./committed.js";
import type { Expected } from "./documents.js";
import {
  CHANNELS,
  type Copy,
  type FaultChannel,
  header,
  type Input,
  nameOf,
  type Sample,
} from "./history.js";

export interface ObserverSettings {
  readonly bootstrap: string;
  readonly group: string;
  readonly input: string;
  readonly partitions: number;
  readonly outputs: Readonly<Record<FaultChannel, string>>;
  /** What must become of an input of this value; undefined: nobody fed it. */
  readonly expectedOf: (value: Buffer | null) => Expected | undefined;
  /** Called with every look. */
  readonly look: () => void;
}

export interface Observer {
  readonly inputs: ReadonlyMap<string, Input>;
  readonly copies: readonly Copy[];
  readonly samples: readonly Sample[];
  readonly unsafe: readonly string[];
  /** Inputs that need no more. */
  complete(): number;
  /** Inputs that are not committed, of those known; undefined before the first look. */
  lag(): number | undefined;
  /** Kept after a look that began after the call, and that all brokers let through. */
  look(): Promise<void>;
  /** Looks once more, and no more. */
  stop(): Promise<void>;
}

const EVERY_MS = 50;

export function observe(settings: ObserverSettings): Observer {
  const { bootstrap, group, input, outputs } = settings;
  // Some may be added.
  let { partitions } = settings;
  const inputs = new Map<string, Input>();
  const copies: Copy[] = [];
  const byInput = new Map<string, Copy[]>();
  const samples: Sample[] = [];
  const unsafe: string[] = [];
  const checked = new Map<number, bigint>();
  const done = new Set<string>();
  const tails = new Map(CHANNELS.map((channel) => [channel, tail(bootstrap, outputs[channel])]));
  const inputTail = tail(bootstrap, input);
  let isOver = false;

  const take = (channel: FaultChannel, record: RawRecord) => {
    const copy = { ...record, channel, at: Number(record.timestamp), input: inputOf(channel, record, input) };
    copies.push(copy);
    if (copy.input === undefined) return;
    byInput.set(copy.input, [...(byInput.get(copy.input) ?? []), copy]);
    settle(copy.input);
  };
  /** An input that comes while its look is under way may be read after its output. */
  const settle = (name: string) => {
    const input = inputs.get(name);
    if (input !== undefined && isComplete(input, byInput.get(name))) done.add(name);
  };
  const takeOutputs = async () => {
    const reading = [...tails].map(async ([channel, read]) => {
      // A tail that was read goes on behind it, whatever the others met.
      for (const record of await read()) take(channel, record);
    });
    for (const end of await Promise.allSettled(reading)) if (end.status === "rejected") throw end.reason;
  };

  /** I2: what is below a committed offset was read before its outputs are looked for, so they must be there. */
  const checkCommitted = ({ committed }: Sample) => {
    for (const [partition, offset] of committed) {
      for (let at = checked.get(partition) ?? 0n; at < offset; at++) {
        const name = nameOf({ partition, offset: at });
        if (inputs.has(name) && !done.has(name)) unsafe.push(name);
        checked.set(partition, at + 1n);
      }
    }
  };

  const lookOnce = async () => {
    settings.look();
    const at = Date.now();
    const committed = await readCommitted(bootstrap, group, input, partitions);
    const sample = { at, by: Date.now(), committed };
    for (const record of await inputTail()) {
      inputs.set(nameOf(record), known(record, settings.expectedOf));
      partitions = Math.max(partitions, record.partition + 1);
      settle(nameOf(record));
    }
    await takeOutputs();
    samples.push(sample);
    checkCommitted(sample);
  };

  let running: Promise<void> = Promise.resolve();
  let defect: GaveUp | undefined;
  const tryToLook = () => {
    const looked = running.then(lookOnce);
    running = looked.catch((error: unknown) => {
      // A broker that is down is part of the run.
      if (error instanceof GaveUp) defect ??= error;
    });
    return looked;
  };
  const look = () =>
    until("a look at the run", async () => {
      if (defect !== undefined) throw defect;
      await tryToLook();
      return true;
    });
  const looking = (async () => {
    while (!isOver) {
      await tryToLook().catch(() => {});
      await pause(EVERY_MS);
    }
  })();

  return {
    inputs,
    copies,
    samples,
    unsafe,
    complete: () => done.size,
    lag: () => {
      const last = samples.at(-1);
      if (last === undefined) return undefined;
      return [...inputs.values()].filter(
        ({ partition, offset }) => offset >= (last.committed.get(partition) ?? 0n),
      ).length;
    },
    look: async () => void (await look()),
    stop: async () => {
      isOver = true;
      await looking;
      await look();
    },
  };
}

/** What came to a topic since the last call. */
function tail(bootstrap: string, topic: string): () => Promise<readonly RawRecord[]> {
  const next = new Map<number, bigint>();
  return async () => {
    const { records } = await readTopic(bootstrap, topic, next);
    for (const { partition, offset } of records) next.set(partition, offset + 1n);
    return records;
  };
}

function known(record: RawRecord, expectedOf: ObserverSettings["expectedOf"]): Input {
  const { partition, offset, timestamp, value } = record;
  const what = expectedOf(value);
  if (what === undefined) throw new GaveUp(`input ${nameOf(record)} was not fed by the scenario`);
  const pad = (part: bigint | number, digits: number) => String(part).padStart(digits, "0");
  return {
    ...record,
    revision: `${pad(timestamp, 15)}-${pad(partition, 10)}-${pad(offset, 19)}`,
    expected: what,
  };
}

function inputOf(channel: FaultChannel, record: RawRecord, input: string): string | undefined {
  if (channel === "dead-letters") {
    const [topic, partition, offset] = ["topic", "partition", "offset"].map((name) =>
      header(record, `__connect.errors.${name}`),
    );
    return topic === input && partition !== undefined && offset !== undefined
      ? nameOf({ partition, offset })
      : undefined;
  }
  const [, partition, offset] =
    /^\d{15}-(\d{10})-(\d{19})$/.exec(header(record, "spanmill.revision") ?? "") ?? [];
  return partition === undefined || offset === undefined ? undefined : nameOf({ partition, offset });
}
