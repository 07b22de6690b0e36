import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type LaneEvent,
  MOST_BYTES,
  MOST_RECORDS,
  type Outcome,
  openLane,
} from "../../../src/adapters/kafka/lane.js";
import { SpanmillError } from "../../../src/errors.js";

const KEPT: Outcome = { kind: "kept" };
const TOO_LARGE: Outcome = { kind: "too-large" };
const PASSING: Outcome = { kind: "passing", cause: "NOT_LEADER_FOR_PARTITION" };

describe("a lane", () => {
  test("has one batch under way, and lets the next gather meanwhile", async () => {
    const broker = fakeBroker(() => KEPT);
    const lane = open(broker);
    const first = lane.send("a", 1);
    await broker.posted(1);
    const rest = ["b", "c", "d"].map((message) => lane.send(message, 1));
    expect(lane.state()).toMatchObject({ records: 4, bytes: 4 });
    broker.answer();
    await first;
    await broker.posted(2);
    broker.answer();
    await Promise.all(rest);
    expect(broker.batches).toEqual([["a"], ["b", "c", "d"]]);
    expect(broker.mostAtOnce).toBe(1);
    expect(lane.state()).toMatchObject({ records: 0, bytes: 0, oldestMs: 0 });
  });

  test("sends together what came in one turn of the event loop", async () => {
    const broker = fakeBroker(() => KEPT, { atOnce: true });
    const lane = open(broker);
    await Promise.all([lane.send("a", 1), lane.send("b", 1)]);
    expect(broker.batches).toEqual([["a", "b"]]);
  });

  test("bounds a batch by number and by bytes, but always sends one", async () => {
    const broker = fakeBroker(() => KEPT, { atOnce: true });
    const lane = open(broker);
    await Promise.all(Array.from({ length: MOST_RECORDS + 1 }, (_, at) => lane.send(`${at}`, 1)));
    expect(broker.batches.map(({ length }) => length)).toEqual([MOST_RECORDS, 1]);
    broker.batches.length = 0;
    const sizes = [MOST_BYTES - 1, 1, 1, MOST_BYTES + 5, 1];
    await Promise.all(sizes.map((size, at) => lane.send(`${at}`, size)));
    expect(broker.batches).toEqual([["0", "1"], ["2"], ["3"], ["4"]]);
  });

  test("fills no batch beyond what its topic takes", async () => {
    const broker = fakeBroker(() => KEPT, { atOnce: true });
    const lane = open(broker, [], {}, 10);
    await Promise.all([5, 5, 1, 11, 4].map((size, at) => lane.send(`${at}`, size)));
    expect(broker.batches).toEqual([["0", "1"], ["2"], ["3"], ["4"]]);
  });

  test("sends the very same batch again while trouble passes, whatever has gathered", async () => {
    let left = 3;
    const broker = fakeBroker(() => (left-- > 0 ? PASSING : KEPT), { atOnce: true });
    const events: LaneEvent[] = [];
    const lane = open(broker, events);
    const sends = [lane.send("a", 1)];
    await Promise.resolve();
    await Promise.resolve();
    sends.push(lane.send("b", 1));
    await Promise.all(sends);
    expect(broker.batches).toEqual([["a"], ["a"], ["a"], ["a"], ["b"]]);
    expect(events.map(({ kind, attempts }) => [kind, attempts])).toEqual([
      ["retry", 1],
      ["retry", 2],
      ["retry", 3],
    ]);
    expect(broker.couriers).toBe(2);
  });

  test("trouble that lasts ends the lane: nothing that waits is kept back", async () => {
    const otherwise = new SpanmillError("SINK_TOPIC_MISSING", "gone");
    const broker = fakeBroker(() => ({ ...PASSING, otherwise }), { atOnce: true });
    const lane = open(broker, [], { lasting: 20 });
    const sends = [lane.send("a", 1), lane.send("b", 1)];
    await expect(sends[0]).rejects.toBe(otherwise);
    await expect(sends[1]).rejects.toBe(otherwise);
    await expect(lane.send("c", 1)).rejects.toBe(otherwise);
    expect(lane.state()).toMatchObject({ records: 0, bytes: 0 });
  });

  test("reports a batch without an answer as stalled, and when it has recovered", async () => {
    const broker = fakeBroker(() => KEPT);
    const events: LaneEvent[] = [];
    const lane = open(broker, events, { stall: 5 });
    const sending = lane.send("a", 1);
    await expect.poll(() => events.map(({ kind }) => kind)).toEqual(["stalled"]);
    broker.answer();
    await sending;
    expect(events.map(({ kind }) => kind)).toEqual(["stalled", "recovered"]);
  });

  test("whatever the broker answers, each record is acknowledged once and in order, or refused alone", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 40 }),
        fc.infiniteStream(fc.boolean()),
        async (sizes, troubles) => {
          const log: string[] = [];
          const broker = fakeBroker(
            (batch) => {
              if (troubles.next().value) return PASSING;
              const bytes = batch.reduce((sum, message) => sum + sizes[Number(message)]!, 0);
              if (bytes > 10) return TOO_LARGE;
              log.push(...batch);
              return KEPT;
            },
            { atOnce: true },
          );
          const lane = open(broker);
          const acknowledged: string[] = [];
          const refused: string[] = [];
          await Promise.all(
            sizes.map((size, at) =>
              lane.send(`${at}`, size).then(
                () => acknowledged.push(`${at}`),
                (error: SpanmillError) => {
                  expect(error.code).toBe("SINK_TOO_LARGE");
                  refused.push(`${at}`);
                },
              ),
            ),
          );
          const thoseThatFit = (fits: boolean) =>
            sizes.flatMap((size, at) => (size <= 10 === fits ? [`${at}`] : []));
          expect(log).toEqual(thoseThatFit(true));
          expect(acknowledged).toEqual(log);
          expect(refused).toEqual(thoseThatFit(false));
        },
      ),
      { numRuns: 50 },
    );
  });
});

function fakeBroker(judge: (batch: readonly string[]) => Outcome, { atOnce = false } = {}) {
  const answers: (() => void)[] = [];
  let under = 0;
  const broker = {
    batches: [] as string[][],
    mostAtOnce: 0,
    couriers: 0,
    answer: () => answers.shift()?.(),
    posted: (count: number) => expect.poll(() => broker.batches.length).toBe(count),
    courier: () => {
      broker.couriers++;
      return {
        post: async (messages: readonly string[]): Promise<Outcome> => {
          broker.batches.push([...messages]);
          broker.mostAtOnce = Math.max(broker.mostAtOnce, ++under);
          if (!atOnce) await new Promise<void>((resolve) => answers.push(resolve));
          under--;
          return judge(messages);
        },
        isOurs: () => true,
        done: () => {},
      };
    },
  };
  return broker;
}

function open(
  broker: ReturnType<typeof fakeBroker>,
  events: LaneEvent[] = [],
  patience = {},
  mostBytes = MOST_BYTES,
) {
  const clock = { now: () => performance.now(), wall: () => Date.now() };
  return openLane<string>({
    topic: "t",
    partition: 0,
    mostBytes,
    courier: broker.courier,
    clock,
    report: (event) => events.push(event),
    patience: { firstWait: 0, mostWait: 1, ...patience },
  });
}
