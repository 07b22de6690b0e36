/** What the benchmarks of the worker share: a real broker, the worker without its command, and a bare loop of kafkajs. */
import { type Consumer, Kafka, logLevel } from "kafkajs";
import { registerCodecs } from "../../src/adapters/kafka/codecs.js";
import { openKafkaSink } from "../../src/adapters/kafka/sink.js";
import { openKafkaSource } from "../../src/adapters/kafka/source.js";
import { KAFKA_SOURCE_DEFAULTS } from "../../src/adapters/kafka/source-settings.js";
import type { Outputs } from "../../src/compose/worker-setup.js";
import { fieldPath } from "../../src/document/extract/json.js";
import type { RecordChannel } from "../../src/document/messages.js";
import { runWorker, type Worker } from "../../src/pipeline/worker.js";
import type { OutputMessage, Sink } from "../../src/ports/sink.js";
import type { Tagger } from "../../src/ports/tagger.js";
import { type KafkaServer, startKafka } from "../support/servers/kafka.js";
import { freshGroup, freshTopic } from "../support/servers/topics.js";
import { recordSettingsOf } from "./in-process.js";

export const PARTITIONS = 4;
export const CLOCK = { now: () => performance.now(), wall: () => Date.now() };

export type Broker = Pick<KafkaServer, "bootstrap" | "stop">;

/** One broker with fsync left to the kernel, as Kafka has it by default; that of KAFKA_BOOTSTRAP where it is given. */
export function openBroker(): Promise<Broker> {
  return startKafka();
}

export function client(bootstrap: string): Kafka {
  registerCodecs();
  return new Kafka({ brokers: bootstrap.split(","), logLevel: logLevel.NOTHING });
}

/** Closed, it holds back whoever asks; so that all of a round is in the topic before its time begins. */
export function gate() {
  let opened: Promise<void> | undefined;
  let open = () => {};
  return {
    pass: async () => opened,
    open: () => {
      opened = undefined;
      open();
    },
    close: () => {
      opened ??= new Promise((resolve) => {
        open = resolve;
      });
    },
  };
}

export type Gate = ReturnType<typeof gate>;

/** Counts what is done; `expect` is kept when so many more are than what was expected before. */
export function counter() {
  let count = 0;
  let wanted = 0;
  const waiting = new Map<number, () => void>();
  return {
    add: () => {
      waiting.get(++count)?.();
      waiting.delete(count);
    },
    expect: (more: number) =>
      new Promise<void>((resolve) => {
        wanted += more;
        if (count >= wanted) resolve();
        else waiting.set(wanted, resolve);
      }),
  };
}

export type DoneCounter = ReturnType<typeof counter>;

/** Documents whose key is their number in as many digits always, so that outputs of one text are of one size. */
export function documentsOf(texts: readonly string[], from: number, count: number) {
  return Array.from({ length: count }, (_, i) => {
    const id = nameOf(from + i);
    return {
      key: id,
      value: JSON.stringify({ id, text: texts[(from + i) % texts.length]! }),
      partition: (from + i) % PARTITIONS,
    };
  });
}

export function nameOf(document: number): string {
  return String(document).padStart(9, "0");
}

export async function produceAll(bootstrap: string, topic: string, messages: ReturnType<typeof documentsOf>) {
  const producer = client(bootstrap).producer();
  await producer.connect();
  for (let i = 0; i < messages.length; i += 5_000) {
    await producer.send({ topic, messages: messages.slice(i, i + 5_000) });
  }
  await producer.disconnect();
}

export interface WorkerSide {
  readonly input: string;
  readonly worker: Worker;
  readonly done: DoneCounter;
}

export interface WorkerOptions {
  readonly bootstrap: string;
  readonly tagger: Tagger;
  readonly channels: readonly RecordChannel[];
  readonly compression: "none" | "gzip";
  /** Passed before each request to the engine. */
  readonly gate?: Gate;
  /** Sees every message that is sent. */
  readonly tap?: (message: OutputMessage) => void;
}

export async function topicsFor(bootstrap: string, channels: readonly RecordChannel[]): Promise<Outputs> {
  const named = await Promise.all(
    channels.map(async (channel) => [channel, await freshTopic(bootstrap, PARTITIONS)] as const),
  );
  return Object.fromEntries(named);
}

/** The worker as `spanmill run` composes it, with its defaults, around a tagger that is open already. */
export async function openWorkerSide(
  options: WorkerOptions,
): Promise<WorkerSide & { readonly topics: Outputs }> {
  const { bootstrap, tagger, channels, compression, tap } = options;
  const topics = await topicsFor(bootstrap, channels);
  const input = await freshTopic(bootstrap, PARTITIONS);
  const source = openKafkaSource(
    client(bootstrap),
    { ...KAFKA_SOURCE_DEFAULTS, groupId: freshGroup(), topics: [input] },
    { clock: CLOCK, report: () => {} },
  );
  const sink = await openSink(bootstrap, topics, compression);
  const done = counter();
  const words = channels.includes("pos");
  const record = recordSettingsOf(tagger);
  const worker = runWorker({
    source,
    sink: tap === undefined ? sink : tapped(sink, tap),
    tagger: options.gate === undefined ? tagger : gated(tagger, options.gate),
    settings: {
      input: {
        format: { kind: "json", fields: { id: fieldPath("id"), text: fieldPath("text") } },
        maxDocumentSize: 1 << 20,
      },
      record: { ...record, words },
      output: { channels, layout: "document", words: false, source: "/spanmill/bench" },
      inFlight: { documents: 1_000, bytes: 64 << 20 },
      deadLetters: { share: 0, window: 60_000, least: 0 },
      retry: { first: 200, most: 10_000 },
      taskDeadline: 60_000,
      drainDeadline: 30_000,
    },
    clock: CLOCK,
    events: (event) => {
      if (event.kind === "done") done.add();
    },
  });
  // A benchmark whose worker died would wait for ever.
  worker.ended.catch((error: unknown) => {
    console.error(error);
    process.exit(1);
  });
  return { input, topics, worker, done };
}

function openSink(bootstrap: string, topics: Outputs, compression: "none" | "gzip") {
  return openKafkaSink({
    connection: { brokers: bootstrap.split(","), clientId: "bench" },
    topics,
    compression,
    clock: CLOCK,
    log: () => {},
    report: () => {},
  });
}

function tapped(sink: Sink, tap: (message: OutputMessage) => void): Sink {
  return {
    limit: (channel) => sink.limit(channel),
    send(message) {
      tap(message);
      return sink.send(message);
    },
    close: () => sink.close(),
  };
}

function gated(tagger: Tagger, { pass }: Gate): Tagger {
  return {
    ...tagger,
    async tag(blocks) {
      await pass();
      return tagger.tag(blocks);
    },
  };
}

export interface BareSide {
  readonly input: string;
  readonly topics: Outputs;
  readonly done: DoneCounter;
  close(): Promise<void>;
}

/**
 * The least that keeps what the worker promises of delivery: for each input the outputs that it is told, by the same lanes,
 * each batch resolved and committed when all is acknowledged.
 */
export async function openBareSide(
  bootstrap: string,
  channels: readonly RecordChannel[],
  compression: "none" | "gzip",
  outputsOf: (document: number) => readonly OutputMessage[],
  hold: Gate = gate(),
): Promise<BareSide> {
  const topics = await topicsFor(bootstrap, channels);
  const input = await freshTopic(bootstrap, PARTITIONS);
  const sink = await openSink(bootstrap, topics, compression);
  const { maxBytes, maxBytesPerPartition, maxWait: maxWaitTimeInMs } = KAFKA_SOURCE_DEFAULTS;
  const fetching = { maxBytes, maxBytesPerPartition, maxWaitTimeInMs };
  const consumer: Consumer = client(bootstrap).consumer({ groupId: freshGroup(), ...fetching });
  const done = counter();
  await consumer.connect();
  await consumer.subscribe({ topics: [input], fromBeginning: true });
  await consumer.run({
    eachBatchAutoResolve: false,
    autoCommitInterval: KAFKA_SOURCE_DEFAULTS.commitInterval,
    partitionsConsumedConcurrently: KAFKA_SOURCE_DEFAULTS.partitionsAtOnce,
    async eachBatch({ batch, resolveOffset, commitOffsetsIfNecessary }) {
      await hold.pass();
      await Promise.all(
        batch.messages.map(async ({ key }) => {
          await Promise.all(outputsOf(Number(key)).map((message) => sink.send(message)));
          done.add();
        }),
      );
      resolveOffset(batch.lastOffset());
      await commitOffsetsIfNecessary();
    },
  });
  return {
    input,
    topics,
    done,
    close: async () => {
      await consumer.disconnect();
      await sink.close();
    },
  };
}
