/**
 * Runs workers through faults and has the run judged by what stands in Kafka's logs alone.
 *
 * A row of the fault table is a test of a few lines:
 *
 *     const run = await openScenario("kill -9", { bootstrap, inFlight: 50 });
 *     const worker = run.start();
 *     await run.feed(400);
 *     await run.outputs(run.random.between(1, 400));   // until so many documents are done
 *     await run.kill(worker);                          // or: run.fault("lost-answer", "the proxy drops answers", act)
 *     run.start();
 *     expect((await run.finish()).violations).toEqual([]);
 *
 * - Every fault goes through `kill`, `terminate` or `fault`, which write it into the timeline with its time. A cause of
 *   `CAUSES` explains duplicates between its begin and its end, `other` explains none.
 * - All chance is `run.random`, of a seed that is in the report's line; FAULT_SEED repeats a run.
 * - Edits (edits.ts) change one place of a worker's code: mutants, and points where it dies.
 * - `finish` is the tail without faults: lag must reach 0, all workers must end with 0 on SIGTERM. It reads the topics with
 *   raw-reader.ts, computes every answer once more, prints a line, adds it to reports.jsonl (totals.js sums them) and keeps
 *   logs and timeline in dist/fault.
 * - Every half second each worker's /metrics say what it holds (held.ts), which is bounded as its memory is (I6).
 * - A row that fits no scenario is a test with `ownJudgement`; the totals count it apart.
 * - Output topics have the broker's time in their records, so a worker's clock may be wrong.
 * - Short and long sets: `repetitions(short, long)`; `npm run test:fault` sets FAULT_LONG.
 *
 * Wait for what must be seen (`outputs`, `until` of servers/until.ts), never for a time.
 */
import { onTestFailed } from "vitest";
import { produce } from "../kafka-members.js";
import { lookupFolder } from "../lookup-model.js";
import { freshGroup, freshTopic } from "../servers/topics.js";
import { GaveUp, until } from "../servers/until.js";
import { check, type Limits } from "./check.js";
import { type Expected, type FaultDocument, faultDocuments } from "./documents.js";
import type { FaultChannel } from "./history.js";
import { type Observer, observe } from "./observer.js";
import { freshSeed, type Random, seeded } from "./random.js";
import { referenceOf } from "./reference.js";
import { describeReport, type FaultReport, keepLogs, keepReport } from "./report.js";
import { standstills } from "./standstill.js";
import { eventsOf, type FaultEvent } from "./timeline.js";
import { type FaultWorker, isStill, startWorker, usageOf, type WorkerOptions } from "./workers.js";

export interface ScenarioOptions {
  /** Past all proxies: what checks must not suffer from the fault. */
  readonly bootstrap: string;
  /** What the workers are told; `bootstrap` unless said. */
  readonly workersBootstrap?: string;
  /** Of the input; 3 unless said. Outputs have 2. */
  readonly partitions?: number;
  /** `limit.documents` of the workers; 100 unless said. */
  readonly inFlight?: number;
  /** Options of all workers, by their keys. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Model folders of all workers that there may be; the first is the default. The lookup model unless said. */
  readonly models?: readonly string[];
  readonly limits?: Partial<Limits>;
  readonly seed?: number;
  /** What must become of documents that came by other ways than `feed`. */
  readonly expectedOf?: (value: Buffer | null) => Expected | undefined;
  /** `max.message.bytes` of the topic of dead letters. */
  readonly letterBytes?: number;
  /** False for mutants: their losses are not ours. */
  readonly counts?: boolean;
}

export interface Scenario {
  readonly seed: number;
  readonly random: Random;
  readonly input: string;
  readonly group: string;
  readonly topics: Readonly<Record<FaultChannel, string>>;
  readonly observer: Observer;
  /** Produces so many documents more, or these. */
  feed(documents: number | readonly FaultDocument[]): Promise<void>;
  start(options?: WorkerOptions): FaultWorker;
  /** Waits until so many inputs of the run have their records or dead letters. */
  outputs(count: number, withinMs?: number): Promise<void>;
  /** kill -9. */
  kill(worker: FaultWorker): Promise<void>;
  /** The worker kills itself by an edit; kept when it has. */
  died(worker: FaultWorker): Promise<void>;
  /** SIGTERM; kept with the milliseconds until it ended. Any status but 0 is a violation. */
  terminate(worker: FaultWorker): Promise<number>;
  /** The same for all workers that run, one after the other. */
  terminateAll(): Promise<void>;
  /** SIGSTOP, and SIGCONT when `until` is kept. Others may have taken over, so what was in flight may come again. */
  sleep(worker: FaultWorker, until: () => Promise<void>): Promise<void>;
  /** A fault that lasts as long as `act` does; the time without progress is summed by `kind`. */
  fault<T>(cause: FaultEvent["cause"], what: string, act: () => T | Promise<T>, kind?: string): Promise<T>;
  /** Inputs that are deleted before they are read, or passed over by policy: they need no output. */
  excuse(names: Iterable<string>): void;
  finish(): Promise<FaultReport>;
}

/** How often a row is run: few times with all other tests, more often in `npm run test:fault`. */
export function repetitions(short: number, long: number): number {
  return process.env.FAULT_LONG === undefined || process.env.FAULT_LONG === "" ? short : long;
}

const LIMITS: Limits = { inFlight: 100, settleMs: 60_000, rssMb: 600, descriptors: 200, timers: 150 };

export async function openScenario(name: string, options: ScenarioOptions): Promise<Scenario> {
  const { bootstrap, partitions = 3, models = [lookupFolder()] } = options;
  const seed = options.seed ?? freshSeed();
  const random = seeded(seed);
  const limits = { ...LIMITS, ...(options.inFlight && { inFlight: options.inFlight }), ...options.limits };
  const brokerTime = { config: { "message.timestamp.type": "LogAppendTime" } };
  const letterConfig = options.letterBytes && { "max.message.bytes": String(options.letterBytes) };
  const [input, documents, entities, deadLetters] = (await Promise.all([
    freshTopic(bootstrap, partitions),
    ...[2, 2].map((count) => freshTopic(bootstrap, count, brokerTime)),
    freshTopic(bootstrap, 1, { config: { ...brokerTime.config, ...letterConfig } }),
  ])) as [string, string, string, string];
  const outputs = { documents, entities, "dead-letters": deadLetters };
  const group = freshGroup();
  const expected = new Map<string | null, Expected>();
  const expectedOf = (value: Buffer | null) =>
    expected.get(value?.toString("latin1") ?? null) ?? options.expectedOf?.(value);
  const workers: FaultWorker[] = [];
  const events: FaultEvent[] = [];
  const ends: string[] = [];
  const gone = new Set<string>();
  const used = { rssMb: 0, descriptors: 0 };
  const began = Date.now();
  let fed = 0;

  const settings = {
    ...{ source: "kafka", sink: "kafka", model: models[0]!, threads: "1" },
    ...{
      "kafka.brokers": options.workersBootstrap ?? bootstrap,
      "kafka.group": group,
      "kafka.topics": input,
    },
    ...{ "kafka.session-timeout": "6s", "kafka.commit-interval": "100ms", "kafka.compression": "gzip" },
    ...{ "limit.documents": String(limits.inFlight), "limit.drain-deadline": "10s" },
    ...{
      "channel.documents": documents,
      "channel.entities": entities,
      "channel.pos": "",
      "channel.chunks": "",
    },
    "channel.dead-letters": deadLetters,
    "probes.port": "0",
    ...options.settings,
  };
  const alive = () => workers.filter((worker) => worker.ended() === undefined);
  const ranAt = (at: number) =>
    workers.filter(({ startedAt, endedAt }) => startedAt <= at && at <= endedAt()).length;
  const look = () => {
    for (const worker of alive()) {
      const now = usageOf(worker.started.process.pid);
      used.rssMb = Math.max(used.rssMb, now?.rssMb ?? 0);
      used.descriptors = Math.max(used.descriptors, now?.descriptors ?? 0);
      worker.held.look();
    }
  };
  const observer = observe({ bootstrap, group, input, partitions, outputs, expectedOf, look });

  let isJudged = false;
  onTestFailed(() => {
    if (isJudged) return;
    if (options.counts !== false) {
      keepReport({ scenario: name, seed, unjudged: true, ms: Date.now() - began });
    }
    const logs = new Map(workers.map((worker) => [worker.name, worker.log()]));
    console.log(`${name} (FAULT_SEED=${seed}): ${keepLogs({ scenario: name, seed }, logs, events)}`);
  });
  const stillRuns = () => {
    const complaint = workers.flatMap((worker) => worker.complaint() ?? [])[0];
    if (complaint !== undefined && alive().length === 0) throw new GaveUp(complaint);
  };
  const fault: Scenario["fault"] = async (cause, what, act, kind) => {
    const from = Date.now();
    const running = alive().length;
    try {
      return await act();
    } finally {
      const event = { cause, what, from, to: Date.now(), workers: running };
      events.push(kind === undefined ? event : { ...event, kind });
    }
  };
  /** @param act gives when the one worker that it stops did nothing any more */
  const stop = async (what: string, act: () => Promise<number>, kind: string): Promise<void> => {
    const from = Date.now();
    const running = alive().length;
    const still = await act();
    events.push({ cause: "unclean-stop", what, from, still, to: Date.now(), workers: running, kind });
  };
  /** Who was put out while the run made it sleep: that is the run's own event, and what it may explain is less. */
  const slept = ({ name }: FaultWorker, { from, to }: FaultEvent) =>
    events.some((one) => one.what === `SIGSTOP ${name}` && one.from <= to && from <= one.to);
  const terminate: Scenario["terminate"] = async (worker) => {
    const from = performance.now();
    const act = async () => {
      worker.expectEnd();
      worker.started.process.kill("SIGTERM");
      const { status } = await worker.finished;
      if (status !== 0) ends.push(`${worker.name} ended with ${status} after SIGTERM`);
    };
    await fault("other", `SIGTERM ${worker.name}`, act, "SIGTERM");
    return performance.now() - from;
  };
  const terminateAll = async () => {
    for (const worker of alive()) await terminate(worker);
  };
  /** How long lag 0 took: since the call, by which the run is judged, and since the last fault, which is told. */
  const settle = async (): Promise<Partial<Record<"waitedMs" | "settledMs", number>>> => {
    const from = Date.now();
    try {
      await until(
        "lag 0",
        async () => {
          stillRuns();
          return observer.inputs.size >= fed && observer.lag() === 0;
        },
        { withinMs: limits.settleMs },
      );
    } catch {
      return {};
    }
    const lastFault = Math.max(began, ...events.map(({ to }) => to).filter((to) => to <= from));
    return { waitedMs: Date.now() - from, settledMs: Date.now() - lastFault };
  };

  return {
    seed,
    random,
    input,
    group,
    topics: outputs,
    observer,
    async feed(what) {
      const made = typeof what === "number" ? faultDocuments(random, fed, fed + what, partitions) : what;
      fed += made.length;
      for (const one of made) {
        const value = one.value === null ? null : Buffer.from(one.value).toString("latin1");
        expected.set(value, one.expected);
      }
      for (let at = 0; at < made.length; at += 500) {
        await produce(
          bootstrap,
          input,
          made.slice(at, at + 500).map(({ expected: _, ...message }) => message),
        );
      }
    },
    start(given = {}) {
      const worker = startWorker(`worker-${workers.length + 1}`, { ...settings, ...given.settings }, given);
      workers.push(worker);
      return worker;
    },
    async outputs(count, withinMs = 60_000) {
      await until(
        `${count} documents done`,
        () => {
          stillRuns();
          return observer.complete() >= count;
        },
        { withinMs, everyMs: 10 },
      );
    },
    async kill(worker) {
      const act = async () => {
        worker.expectEnd();
        worker.started.process.kill("SIGKILL");
        await worker.finished;
        return Date.now();
      };
      await stop(`kill -9 ${worker.name}`, act, "kill -9");
    },
    async sleep(worker, until) {
      const act = async () => {
        worker.started.process.kill("SIGSTOP");
        await isStill(worker.started.process.pid);
        const still = Date.now();
        await until();
        worker.started.process.kill("SIGCONT");
        return still;
      };
      await stop(`SIGSTOP ${worker.name}`, act, "SIGSTOP");
    },
    excuse(names) {
      for (const name of names) gone.add(name);
    },
    async died(worker) {
      const running = alive().length;
      worker.expectEnd();
      await worker.finished;
      const at = Date.now();
      const times = { from: at, still: at, to: at };
      events.push({ cause: "unclean-stop", what: `${worker.name} died`, ...times, workers: running });
    },
    terminate,
    terminateAll,
    fault,
    async finish() {
      const { waitedMs, settledMs } = await settle();
      const faults = events.length;
      await Promise.all(alive().map(({ held }) => held.lookNow()));
      await terminateAll();
      await observer.stop();
      const all = [
        ...events,
        ...workers.flatMap((worker) =>
          eventsOf(worker.log(), worker.name, ranAt, worker.endedAt(), worker.sessionMs).filter(
            (event) => event.cause !== "put-out" || !slept(worker, event),
          ),
        ),
      ].toSorted((a, b) => a.from - b.from);
      const complaints = workers.flatMap((worker) => worker.complaint() ?? []);
      const { inputs, copies, samples, unsafe } = observer;
      const held = workers.map((worker) => worker.held.most());
      const usage = {
        ...used,
        bytesInFlight: Math.max(0, ...held.map(({ bytesInFlight }) => bytesInFlight)),
        bytesInLanes: Math.max(0, ...held.map(({ bytesInLanes }) => bytesInLanes)),
        timers: Math.max(0, ...held.map(({ timers }) => timers)),
      };
      const reference = await referenceOf(models, [...inputs.values()]);
      const history = { inputs, copies, samples, unsafe, gone, events: all, settledMs: waitedMs, usage };
      const verdict = check({ ...history, ends: [...ends, ...complaints] }, reference, limits);
      const report: FaultReport = {
        ...{ scenario: name, seed, ...verdict, faults, samples: samples.length, settledMs },
        standstills: standstills(history),
        ...usage,
        answers: held.reduce((sum, { answers }) => sum + answers, 0),
        ms: Date.now() - began,
      };
      console.log(describeReport(report));
      if (options.counts !== false) keepReport(report);
      isJudged = true;
      keepLogs(report, new Map(workers.map((worker) => [worker.name, worker.log()])), all);
      return report;
    },
  };
}
