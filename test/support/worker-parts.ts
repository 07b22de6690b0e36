/** A worker on in-process adapters, with small settings: what tests of the loop have in common. */
import { type Ledger, memorySource } from "../../src/adapters/memory/source.js";
import { fieldPath } from "../../src/document/extract/json.js";
import { recordSettings } from "../../src/document/pipeline.js";
import { surfaceWriter } from "../../src/document/surface.js";
import { runWorker, type WorkerSettings } from "../../src/pipeline/worker.js";
import type { WorkerEvent } from "../../src/pipeline/worker-events.js";
import type { Sink } from "../../src/ports/sink.js";
import type { Source, SourceMessage } from "../../src/ports/source.js";
import type { Tagger } from "../../src/ports/tagger.js";
import { scriptedTagger } from "./scripted-tagger.js";

export function message(
  offset: number,
  text: string,
  more: Partial<SourceMessage> & { partition?: number } = {},
) {
  const { partition = 0, ...rest } = more;
  return {
    place: { topic: "tickets", partition, offset: String(offset) },
    key: undefined,
    value: Buffer.from(JSON.stringify({ id: `t-${partition}-${offset}`, text })),
    headers: [],
    timestamp: 1_700_000_000_000 + offset,
    ...rest,
  } satisfies SourceMessage;
}

export function settingsFor(tagger: Tagger, changes: Partial<WorkerSettings> = {}): WorkerSettings {
  return {
    input: {
      format: { kind: "json", fields: { id: fieldPath("id"), text: fieldPath("text") } },
      maxDocumentSize: 1 << 20,
    },
    record: recordSettings(tagger, {
      offsetUnit: "code_point",
      minScore: 0,
      words: true,
      surface: surfaceWriter({}),
      decode: "constrained",
      version: "0.0.0",
    }),
    output: { channels: ["documents"], layout: "document", words: false, source: "/spanmill/test" },
    inFlight: { documents: 100, bytes: 1 << 20 },
    deadLetters: { share: 1, window: 60_000, least: 1 },
    retry: { first: 1, most: 4 },
    taskDeadline: 10_000,
    drainDeadline: 10_000,
    ...changes,
  };
}

export const CLOCK = { now: () => performance.now(), wall: () => Date.now() };

export interface Given {
  readonly messages?: readonly SourceMessage[];
  readonly ledger?: Ledger;
  readonly source?: Source;
  readonly sink: Sink;
  readonly tagger?: Tagger;
  readonly settings?: Partial<WorkerSettings>;
}

export function startWorker({ messages = [], ledger, source, sink, tagger, settings }: Given) {
  const events: WorkerEvent[] = [];
  const engine = tagger ?? scriptedTagger();
  const worker = runWorker({
    source: source ?? memorySource(messages, ledger),
    sink,
    tagger: engine,
    settings: settingsFor(engine, settings),
    clock: CLOCK,
    events: (event) => void events.push(event),
  });
  return { ...worker, events };
}

/** Kept when the event has come. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}
