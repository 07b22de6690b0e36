/**
 * The loop between a source and a sink, by ports alone. What it promises:
 *
 * - a delivery is done only after all of its messages, or its dead letter, are acknowledged;
 * - messages of one key reach the sink in the order of their input; other keys are not held;
 * - of a document that went to another process nothing more is sent;
 * - what is in flight is bounded, by documents and bytes, those that wait for the sink among them;
 * - after a failure nothing more is sent, and nothing is done that was not acknowledged.
 */
import { describeForeign, SpanmillError } from "../errors.js";
import type { Clock } from "../ports/clock.js";
import type { Sink } from "../ports/sink.js";
import type { Delivery, Intake, Source } from "../ports/source.js";
import type { Tagger } from "../ports/tagger.js";
import type { ShareSettings } from "./dead-letter-share.js";
import { type Opened, open, type Worked, type WorkSettings, work } from "./document-work.js";
import { type RetrySettings, workerEngine } from "./engine.js";
import { type FlightLimit, flight } from "./flight.js";
import { publisher } from "./publish.js";
import { isLost } from "./trials.js";
import { type Turn, turns } from "./turns.js";
import { within } from "./within.js";
import type { EndReason, WorkerEvent } from "./worker-events.js";

export interface WorkerSettings extends WorkSettings {
  readonly inFlight: FlightLimit;
  readonly deadLetters: ShareSettings;
  readonly retry: RetrySettings;
  /** Milliseconds that a usual request may take in a thread; a longer one gets more in proportion. */
  readonly taskDeadline: number;
  /** Milliseconds from `drain`, or from a failure, until the worker waits no more. */
  readonly drainDeadline: number;
}

export interface WorkerParts {
  readonly source: Source;
  readonly sink: Sink;
  /** Stays open: whoever opened it closes it. */
  readonly tagger: Tagger;
  readonly settings: WorkerSettings;
  readonly clock: Clock;
  /** Must not throw. */
  readonly events: (event: WorkerEvent) => void;
}

export interface WorkerEnd {
  readonly reason: EndReason;
  /** Documents that were handed over and not finished: not done, so they will be read again. */
  readonly abandoned: number;
}

export interface WorkerStatus {
  readonly documents: number;
  readonly bytes: number;
  /** Milliseconds that threads have held work without an answer: the stall clock. Waiting for a server is none of it. */
  readonly stalledFor: number;
  /** Documents that wait for the sink's acknowledgement, or behind one of their key that does. */
  readonly blocked: number;
  readonly isDraining: boolean;
}

export interface Worker {
  /**
   * Kept when source and sink are closed.
   *
   * Rejects with a SpanmillError where the worker cannot go on. After TASK_STUCK the source is not closed, since a source
   * that is left in good order forgets its suspects: the process has to end.
   */
  readonly ended: Promise<WorkerEnd>;
  /** Takes no more, finishes what is in flight within the deadline, and ends. For the first signal. */
  drain(): void;
  /** Ends at once; what is not finished is read again. For the second signal. */
  stop(): void;
  status(): WorkerStatus;
}

export function runWorker({ source, sink, tagger, settings, clock, events }: WorkerParts): Worker {
  const inFlight = flight(settings.inFlight);
  const order = turns();
  const { publish } = publisher({
    ...{ sink, clock, events, share: settings.deadLetters },
    reporter: {
      source: settings.output.source,
      version: settings.record.pipeline.version,
      pipelineDigest: settings.record.pipeline.digest,
    },
  });
  let blocked = 0;
  let isDraining = false;
  let isOver = false;
  let reason: EndReason = "source";
  let failure: { readonly error: SpanmillError } | undefined;
  let closeWithin = Math.max(CLOSE_LEAST, settings.drainDeadline);
  let deadline: NodeJS.Timeout | undefined;
  let endWaiting!: () => void;
  /** Kept when nothing in flight shall be waited for any more. */
  const over = new Promise<void>((resolve) => {
    endWaiting = resolve;
  });
  let hurry!: () => void;
  /** Kept when the end shall wait for as good as nothing. */
  const atOnce = new Promise<void>((resolve) => {
    hurry = resolve;
  });
  const end = () => {
    isOver = true;
    engine.stop();
    endWaiting();
  };
  const fail = (error: unknown) => {
    failure ??= { error: foreseen(error) };
    end();
  };
  const engine = workerEngine({
    ...{ tagger, source, clock, events, fail },
    ...{ retry: settings.retry, taskDeadline: settings.taskDeadline },
  });

  async function handle(delivery: Delivery): Promise<void> {
    const { place, key, value } = delivery.message;
    const bytes = (key?.length ?? 0) + (value?.length ?? 0);
    inFlight.enter(bytes);
    const came = clock.now();
    let read = 0;
    let turn = undefined as Turn | undefined;
    const opening = () => {
      const opened = open(delivery, settings);
      read = clock.now() - came;
      turn = order.take(keyOf(delivery, opened));
      return opened;
    };
    let held = bytes;
    let waits = false;
    try {
      const worked = await work(
        delivery,
        opening,
        settings,
        engine,
        (channel) => sink.limit(channel),
        clock.now,
      );
      const ready = clock.now();
      const made = sizeOf(worked);
      held += made;
      inFlight.grow(made);
      waits = true;
      blocked++;
      await turn?.mine;
      if (isOver) return;
      if (!delivery.isOurs()) {
        events({ kind: "lost", place });
        return;
      }
      const sent = clock.now();
      const publishing = publish(delivery, worked);
      turn?.pass();
      const { outcome, messages } = await publishing;
      delivery.done();
      const { engine: inEngine, write, spans } = worked.kind === "failed" ? NOTHING : worked;
      const times = { read, engine: inEngine, write, turn: sent - ready, send: clock.now() - sent };
      events({
        kind: "done",
        place,
        outcome,
        messages,
        bytes,
        times,
        spans: outcome === "record" ? spans : {},
      });
    } catch (error) {
      if (isLost(error)) events({ kind: "lost", place });
      else fail(error);
    } finally {
      if (waits) blocked--;
      turn?.pass();
      inFlight.leave(held);
    }
  }

  async function run(): Promise<WorkerEnd> {
    const intake: Intake = {
      room: () => inFlight.room(),
      take: (delivery) => {
        if (!isOver) void handle(delivery);
      },
    };
    const pulling = start(() => source.run(intake)).catch(fail);
    await Promise.race([pulling, over]);
    await Promise.race([inFlight.empty(), over]);
    const abandoned = inFlight.documents;
    // Of what is in flight; closing has its own time.
    clearTimeout(deadline);
    end();
    await close();
    events({ kind: "ended", reason: failure === undefined ? reason : "failed", abandoned });
    if (failure !== undefined) throw failure.error;
    return { reason, abandoned };
  }

  /** What the sink still acknowledges counts: the source closes last. */
  async function close(): Promise<void> {
    const isStuck = failure?.error.code === "TASK_STUCK";
    const leave = isStuck ? [] : [() => source.close()];
    const steps = [() => source.stop(), () => sink.close(), nextTurn, ...leave];
    const until = clock.now() + closeWithin;
    for (const step of steps) {
      const left = Math.max(CLOSE_AT_ONCE, until - clock.now());
      const closing = start(step).catch(fail);
      const hurried = atOnce.then(() => within(CLOSE_AT_ONCE, closing).then((isDone) => isDone || "cut off"));
      const outcome = await Promise.race([within(Math.min(closeWithin, left), closing), hurried]);
      // What was finished may not be on record.
      if (outcome === "cut off") reason = "stopped";
    }
  }

  const ended = run();
  return {
    ended,
    drain() {
      if (isDraining || isOver) return;
      isDraining = true;
      reason = "drained";
      events({ kind: "draining", documents: inFlight.documents });
      deadline = setTimeout(() => {
        reason = "stopped";
        closeWithin = CLOSE_AT_ONCE;
        end();
      }, settings.drainDeadline);
      start(() => source.stop()).catch(fail);
    },
    stop() {
      if (failure === undefined && !isOver) reason = "stopped";
      closeWithin = CLOSE_AT_ONCE;
      hurry();
      end();
    },
    status: () => ({
      documents: inFlight.documents,
      bytes: inFlight.bytes,
      stalledFor: engine.stalledFor(),
      blocked,
      isDraining,
    }),
  };
}

/** Milliseconds that a worker that shall end at once still gives each of source and sink to close. */
const CLOSE_AT_ONCE = 1_000;

/** Milliseconds that closing in good order may take, however short the deadline of a drain is. */
const CLOSE_LEAST = 5_000;

const NOTHING = { engine: 0, write: 0, spans: {} };

/** About the bytes that its messages hold. A dead letter's are the document's own. */
function sizeOf(worked: Worked): number {
  if (worked.kind === "failed") return 0;
  let size = 0;
  for (const { key, value, headers } of worked.messages) {
    size += (key?.length ?? 0) + (value?.length ?? 0);
    for (const [name, content] of headers) size += name.length + content.length;
  }
  return size;
}

/** Undefined: no order to keep. */
function keyOf({ message }: Delivery, opened: Opened): string | undefined {
  const key = message.key ?? ("envelope" in opened ? opened.envelope.key : undefined);
  return key?.toString("latin1");
}

/** A call that throws is a call that rejects. */
async function start<Value>(call: () => Promise<Value>): Promise<Value> {
  return call();
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function foreseen(error: unknown): SpanmillError {
  if (error instanceof SpanmillError) return error;
  return new SpanmillError("INTERNAL", `A defect of spanmill ended the worker: ${describeForeign(error)}`, {
    cause: error,
  });
}
