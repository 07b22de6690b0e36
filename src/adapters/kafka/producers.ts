import type { Kafka, Message, Producer } from "kafkajs";
import { REQUEST_TIMEOUT_MS } from "./client.js";
import { COMPRESSION_TYPE, type Compression } from "./codecs.js";
import { judgeSend, type SendFailure, unanswered } from "./failure.js";
import type { Courier, Outcome } from "./lane.js";

/** The producers of one topic, of which one is current and older ones finish what they began. */
export interface Producers {
  /** @throws kafkajs's error where the first producer cannot connect. */
  connect(): Promise<void>;
  courier(partition: number): Courier<Message>;
  /** How often a producer was replaced. */
  renewals(): number;
  /** After every courier is done. */
  close(): Promise<void>;
}

export interface ProducersSettings {
  readonly kafka: Kafka;
  readonly topic: string;
  readonly compression: Compression;
  /** How long a producer may trust what it knows of the topic, in milliseconds. */
  readonly metadataMaxAge: number;
}

/**
 * Idempotent producers for the lanes of one topic. kafkajs serialises idempotent sends per producer and broker, so
 * each topic has its own, and a topic that fails does not hold up the others.
 */
export function openProducers(settings: ProducersSettings): Producers {
  const { topic, compression } = settings;
  let current = create(settings);
  let renewed = 0;
  const closing = new Set<Promise<void>>();

  /** The couriers that still hold it finish; then it goes. */
  function retire(old: Holder): void {
    if (old !== current) return;
    current = create(settings);
    renewed++;
    old.retired = true;
    disconnectUnused(old);
  }

  function disconnectUnused(holder: Holder): void {
    if (!holder.retired || holder.users > 0) return;
    const gone = disconnect(holder).finally(() => closing.delete(gone));
    closing.add(gone);
  }

  async function attempt(
    holder: Holder,
    partition: number,
    messages: Message[],
  ): Promise<SendFailure | undefined> {
    try {
      await connect(holder);
    } catch (error) {
      return judgeSend(error, topic);
    }
    try {
      const answer = await holder.producer.send({
        topic,
        messages,
        acks: -1,
        timeout: REQUEST_TIMEOUT_MS / 2,
        compression: COMPRESSION_TYPE[compression],
      });
      holder.records += messages.length;
      const kept = answer.some(
        ({ topicName, partition: answered, errorCode }) =>
          topicName === topic && answered === partition && errorCode === 0,
      );
      return kept ? undefined : unanswered(topic);
    } catch (error) {
      return judgeSend(error, topic);
    }
  }

  return {
    connect: () => connect(current),
    courier: (partition) => {
      if (current.records >= MOST_RECORDS_A_PRODUCER) retire(current);
      let holder = current;
      holder.users++;
      const leave = () => {
        holder.users--;
        disconnectUnused(holder);
      };
      return {
        post: async (messages): Promise<Outcome> => {
          const addressed = messages.map((message) => ({ ...message, partition }));
          const failure = await attempt(holder, partition, addressed);
          if (failure === undefined) return { kind: "kept" };
          if (failure.stale === true) {
            retire(holder);
            const next = current;
            leave();
            holder = next;
            holder.users++;
          }
          return failure;
        },
        done: leave,
      };
    },
    renewals: () => renewed,
    close: async () => {
      current.retired = true;
      disconnectUnused(current);
      await Promise.all(closing);
    },
  };
}

interface Holder {
  readonly producer: Producer;
  connected: Promise<void> | undefined;
  users: number;
  retired: boolean;
  records: number;
}

/** kafkajs turns a sequence number over one too early, at 2^31 - 1 records of a partition. */
const MOST_RECORDS_A_PRODUCER = 2 ** 30;

function create({ kafka, metadataMaxAge }: ProducersSettings): Holder {
  const producer = kafka.producer({
    idempotent: true,
    // The lane sends the same again itself; kafkajs takes no idempotent producer without a retry of its own.
    retry: { retries: 1, initialRetryTime: 50 },
    allowAutoTopicCreation: false,
    metadataMaxAge,
    createPartitioner:
      () =>
      ({ message }) =>
        message.partition ?? 0,
  });
  return { producer, connected: undefined, users: 0, retired: false, records: 0 };
}

/** Before its producer id is known kafkajs would send without one, so nothing is sent before. */
function connect(holder: Holder): Promise<void> {
  holder.connected ??= holder.producer.connect().catch((error: unknown) => {
    holder.connected = undefined;
    throw error;
  });
  return holder.connected;
}

async function disconnect({ producer }: Holder): Promise<void> {
  // A producer that fails to part is of no more use either.
  await producer.disconnect().catch(() => undefined);
}
