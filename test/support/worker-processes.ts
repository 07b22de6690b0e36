/** `spanmill run` from topic to topic as a process, on a model that anyone can foretell, and what it left in the topics. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Message } from "kafkajs";
import { expect } from "vitest";
import { type Finished, type Started, start } from "./command.js";
import { EDITS } from "./fault/edits.js";
import { client, committed } from "./kafka-members.js";
import { lookupFolder } from "./lookup-model.js";
import { type RawRecord, readTopic } from "./servers/raw-reader.js";
import { freshGroup, freshTopic } from "./servers/topics.js";
import { GaveUp, until } from "./servers/until.js";
import { temporaryFolder } from "./temporary.js";

export const PARTITIONS = 3;

export interface Ground {
  readonly bootstrap: string;
  readonly input: string;
  readonly documents: string;
  readonly entities: string;
  readonly deadLetters: string;
  readonly group: string;
  readonly model: string;
  readonly config: string;
}

type Topics = Omit<Ground, "model" | "config">;

/** Fresh topics, a group, a model and a configuration that names them. */
export async function ground(bootstrap: string): Promise<Ground> {
  const [input, documents, entities, deadLetters] = (await Promise.all([
    freshTopic(bootstrap, PARTITIONS),
    freshTopic(bootstrap, 2),
    freshTopic(bootstrap, 2),
    freshTopic(bootstrap, 1),
  ])) as [string, string, string, string];
  const group = freshGroup();
  const folder = temporaryFolder();
  const model = lookupFolder();
  const config = join(folder, "spanmill.yaml");
  writeFileSync(
    config,
    `source: kafka
sink: kafka
model: ${model}
threads: 2
kafka:
  brokers: [${bootstrap}]
  group: ${group}
  topics: [${input}]
  session-timeout: 6s
  commit-interval: 200ms
  compression: gzip
channel:
  documents: ${documents}
  entities: ${entities}
  pos: ""
  chunks: ""
  dead-letters: ${deadLetters}
`,
  );
  return { bootstrap, input, documents, entities, deadLetters, group, model, config };
}

export interface WorkerProcess extends Started {
  /** Set when the process has ended. */
  readonly end: () => Finished | undefined;
}

export function work(
  { config }: Ground,
  env: Record<string, string> = {},
  ...flags: string[]
): WorkerProcess {
  const edited = env[EDITS] === undefined ? [] : ["fault/edit-source.js"];
  const preload = [...edited, "deadly-words.js"];
  const started = start(["run", "--config", config, ...flags], { env, preload });
  let end: Finished | undefined;
  void started.finished.then((finished) => {
    end = finished;
  });
  return { ...started, end: () => end };
}

/** Kept when the group has done all; fails where the process ends before. */
export async function allDone(own: Ground, worker: WorkerProcess, count: number): Promise<void> {
  await until(
    `${count} documents done`,
    async () => {
      const end = worker.end();
      if (end !== undefined) throw new GaveUp(`the worker ended with ${end.status}: ${end.stderr}`);
      return (await positions(own)).reduce((a, b) => a + b) === count;
    },
    { withinMs: 60_000, everyMs: 200 },
  );
}

/** Starts it again and again, as a supervisor does, until all is done. @returns the statuses it ended with before. */
export async function workThrough(
  own: Ground,
  count: number,
  env: Record<string, string> = {},
  ...flags: string[]
): Promise<number[]> {
  const ends: number[] = [];
  for (;;) {
    const worker = work(own, env, ...flags);
    const isDone = async () =>
      worker.end() !== undefined || (await positions(own)).reduce((a, b) => a + b) === count;
    await until(`an end, or ${count} documents done`, isDone, { withinMs: 60_000, everyMs: 200 });
    if (worker.end() === undefined) {
      await drained(worker);
      return ends;
    }
    ends.push(worker.end()!.status);
    expect(ends.length, `restarts: ${ends}; ${worker.end()!.stderr}`).toBeLessThan(8);
  }
}

export async function drained(worker: WorkerProcess): Promise<void> {
  worker.process.kill("SIGTERM");
  expect(await worker.finished).toMatchObject({ status: 0 });
}

/** By partition; 0 where the group has none. */
export async function positions({
  bootstrap,
  input,
  group,
}: Pick<Ground, "bootstrap" | "input" | "group">): Promise<number[]> {
  const all = await Promise.all(
    Array.from({ length: PARTITIONS }, (_, p) => committed(bootstrap, input, group, p)),
  );
  return all.map(({ offset }) => Math.max(0, Number(offset)));
}

export async function recordsIn(own: Topics, topic: keyof Topics): Promise<readonly RawRecord[]> {
  return (await readTopic(own.bootstrap, own[topic])).records;
}

/** A dead letter as who knows the headers reads it. */
export async function lettersIn(own: Topics) {
  return (await recordsIn(own, "deadLetters")).map(({ key, value, headers }) => {
    const header = (name: string) => headers.find(([given]) => given === name)?.[1]?.toString();
    return {
      key: key?.toString(),
      value,
      code: header("spanmill.error-code"),
      topic: header("__connect.errors.topic"),
      place: `${header("__connect.errors.partition")}/${header("__connect.errors.offset")}`,
      leftOut: header("spanmill.left-out"),
      bytes: Number(header("spanmill.doc-bytes")),
    };
  });
}

export interface Ticket extends Message {
  readonly value: string;
  readonly partition: number;
}

/** Of tickets from 0 on, in turn over the partitions, so that ticket n is at n % 3 / floor(n / 3). */
export function tickets(
  count: number,
  textOf: (n: number) => string | undefined = () => undefined,
): Ticket[] {
  return Array.from({ length: count }, (_, n) => ({
    key: `k${n}`,
    value: JSON.stringify({ id: `t-${n}`, text: textOf(n) ?? `Alice wrote ${n} letters from Berlin.` }),
    partition: n % PARTITIONS,
  }));
}

/** Who is in the group: the same before and after means that nobody had to leave. */
export async function membersOf({
  bootstrap,
  group,
}: Pick<Ground, "bootstrap" | "group">): Promise<string[]> {
  const admin = client(bootstrap).admin();
  await admin.connect();
  try {
    const { groups } = await admin.describeGroups([group]);
    return groups[0]!.members.map(({ memberId }) => memberId).toSorted();
  } finally {
    await admin.disconnect();
  }
}
