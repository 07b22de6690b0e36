/** Where documents come from: a Kafka topic, files, standard input. */

/** Names one message of its source for good. Of a file: its path, partition 0 and the place in it. */
export interface Place {
  readonly topic: string;
  readonly partition: number;
  /** Decimal digits: a Kafka offset may exceed what a number holds exactly. */
  readonly offset: string;
}

export interface SourceMessage {
  readonly place: Place;
  /** Left out: a Kafka topic. */
  readonly origin?: "file";
  /** The bytes are the message's own: no fetch buffer hangs on them. Undefined: no key. */
  readonly key: Buffer | undefined;
  /** Undefined: a tombstone. */
  readonly value: Buffer | undefined;
  readonly headers: readonly (readonly [name: string, value: Buffer])[];
  /** When the source says that it was written, in milliseconds from 1970 to 9999; undefined where it does not say. */
  readonly timestamp: number | undefined;
}

/** A message in the worker's hands. */
export interface Delivery {
  readonly message: SourceMessage;
  /** How often a process died while it held this message alone, see `Source.suspect`. */
  readonly deaths: number;
  /**
   * The process that held its partition before did not end cleanly, and this message may have been in its hands: it
   * may be what ended it.
   */
  readonly unsure?: boolean;
  /** It was one of a few that were suspected together (see `Source.suspect`) when a process died. */
  readonly narrowed?: boolean;
  /**
   * False once the message belongs to another process, or may: who has it now sends what follows from it, and what is sent
   * here would come behind that.
   */
  readonly isOurs: () => boolean;
  /** All that follows from the message is acknowledged downstream. Once; later calls do nothing. */
  readonly done: () => void;
}

/** What a source hands deliveries to. Neither call throws. */
export interface Intake {
  /** Undefined where there is room for one more; else kept as soon as there may be, so ask again. */
  room(): Promise<void> | undefined;
  take(delivery: Delivery): void;
}

export interface Source {
  /**
   * Hands deliveries over until the source ends or `stop` is called, in the source's order within a partition.
   *
   * @throws SpanmillError where it cannot go on.
   */
  run(intake: Intake): Promise<void>;
  /** Hands over no more. Kept when the last call of `take` is over; deliveries may still be done afterwards. */
  stop(): Promise<void>;
  /**
   * Puts on record that the process may be about to die of these deliveries and of no others: takes the place of what
   * was said before. Of a single one the next process finds a death more in `deaths`; of several it does not know which
   * it was, so they are `unsure` and `narrowed`. None: nothing is under suspicion any more. Kept when the record is safe.
   *
   * @throws SpanmillError DELIVERY_LOST where a delivery went to another process: it must not be worked on here.
   */
  suspect(...deliveries: readonly Delivery[]): Promise<void>;
  /** Puts on record what is done, and leaves. After `stop`. */
  close(): Promise<void>;
}
