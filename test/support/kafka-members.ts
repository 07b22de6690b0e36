/** Sources on a real broker, quick settings, and what a test asks the broker. */
import { type Admin, type ISocketFactory, Kafka, logLevel, type Message } from "kafkajs";
import { type KafkaSource, openKafkaSource } from "../../src/adapters/kafka/source.js";
import type { KafkaSourceEvent } from "../../src/adapters/kafka/source-events.js";
import { KAFKA_SOURCE_DEFAULTS, type KafkaSourceSettings } from "../../src/adapters/kafka/source-settings.js";
import { type HoldingIntake, holdingIntake } from "./holding-intake.js";

export const QUICK: Omit<KafkaSourceSettings, "groupId" | "topics"> = {
  ...KAFKA_SOURCE_DEFAULTS,
  sessionTimeout: 6_000,
  heartbeatInterval: 300,
  rebalanceTimeout: 20_000,
  drainTimeout: 10_000,
  commitInterval: 100,
  closeTimeout: 10_000,
  maxWait: 100,
  metadataMaxAge: 1_000,
};

export function client(bootstrap: string, socketFactory?: ISocketFactory): Kafka {
  return new Kafka({
    ...(socketFactory && { socketFactory }),
    brokers: bootstrap.split(","),
    logLevel: logLevel.NOTHING,
    retry: { initialRetryTime: 100, maxRetryTime: 1_000, retries: 10 },
  });
}

export const CLOCK = { now: () => performance.now(), wall: () => Date.now() };

export function quickSource(
  bootstrap: string,
  topic: string,
  groupId: string,
  settings: Partial<KafkaSourceSettings> = {},
  report: (event: KafkaSourceEvent) => void = () => undefined,
  socketFactory?: ISocketFactory,
): KafkaSource {
  const all = { ...QUICK, groupId, topics: [topic], ...settings };
  return openKafkaSource(client(bootstrap, socketFactory), all, { clock: CLOCK, report });
}

/** A source that runs. */
export function openMember(
  bootstrap: string,
  topic: string,
  groupId: string,
  settings: Partial<KafkaSourceSettings> = {},
  intake: HoldingIntake = holdingIntake(),
  socketFactory?: ISocketFactory,
  tell: (event: KafkaSourceEvent) => void = () => undefined,
) {
  const events: KafkaSourceEvent[] = [];
  const report = (event: KafkaSourceEvent) => {
    events.push(event);
    tell(event);
  };
  const source = quickSource(bootstrap, topic, groupId, settings, report, socketFactory);
  const run = source.run(intake);
  run.catch(() => undefined);
  return {
    source,
    intake,
    events,
    run,
    seen: <K extends KafkaSourceEvent["kind"]>(kind: K) =>
      events.filter((event): event is Extract<KafkaSourceEvent, { kind: K }> => event.kind === kind),
    leave: async () => {
      await source.stop();
      await run.catch(() => undefined);
      await source.close();
    },
  };
}

export async function withAdmin<T>(bootstrap: string, ask: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = client(bootstrap).admin();
  await admin.connect();
  try {
    return await ask(admin);
  } finally {
    await admin.disconnect();
  }
}

/** What the group has on record of a partition. */
export function committed(
  bootstrap: string,
  topic: string,
  groupId: string,
  partition = 0,
): Promise<{ offset: string; metadata: string | null }> {
  return withAdmin(bootstrap, async (admin) => {
    const [found] = await admin.fetchOffsets({ groupId, topics: [topic] });
    return found!.partitions.find((one) => one.partition === partition)!;
  });
}

export async function produce(
  bootstrap: string,
  topic: string,
  messages: readonly Message[],
  transactionalId?: string,
): Promise<void> {
  const producer = client(bootstrap).producer({
    createPartitioner:
      () =>
      ({ message }) =>
        message.partition ?? 0,
    ...(transactionalId !== undefined && { transactionalId, idempotent: true, maxInFlightRequests: 1 }),
  });
  await producer.connect();
  try {
    if (transactionalId === undefined) {
      await producer.send({ topic, messages: [...messages] });
      return;
    }
    const transaction = await producer.transaction();
    await transaction.send({ topic, messages: [...messages] });
    await transaction.commit();
  } finally {
    await producer.disconnect();
  }
}

/** Values from `from` to `to - 1`, spread over the partitions. */
export function numbered(from: number, to: number, partitions = 1): Message[] {
  return Array.from({ length: to - from }, (_, n) => ({
    value: String(from + n),
    partition: (from + n) % partitions,
  }));
}
