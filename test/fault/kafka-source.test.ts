/** Faults against the Kafka source alone: nothing is lost, and nobody commits for a partition that is not his. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createConnection } from "node:net";
import { join, resolve } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { EXIT } from "../../src/errors.js";
import type { Delivery } from "../../src/ports/source.js";
import { textOf } from "../support/holding-intake.js";
import type { FromMember, MemberOrder, ToldDelivery } from "../support/kafka-member-process.js";
import { committed, numbered, openMember, produce, withAdmin } from "../support/kafka-members.js";
import { leastOf } from "../support/least-of.js";
import { type KafkaServer, startKafka } from "../support/servers/kafka.js";
import { type FaultProxy, startProxy } from "../support/servers/proxy.js";
import { freshGroup, freshTopic } from "../support/servers/topics.js";
import { until as untilAsked } from "../support/servers/until.js";
import { temporaryFolder } from "../support/temporary.js";

/** Longer than most machines stand still, so that who goes on beating is not put out. */
const SESSION_MS = 6_000;
/** Within less than a test's own limit, so that a failure names what was waited for. */
const until: typeof untilAsked = (what, ask) => untilAsked(what, ask, { withinMs: 45_000 });

vi.setConfig({ testTimeout: 240_000 });

const ENTRY = resolve("dist/test/support/kafka-member-process.js");

let kafka: KafkaServer;
const children: ChildProcess[] = [];
beforeAll(async () => {
  kafka = await startKafka();
}, 180_000);
afterEach(() => {
  vi.restoreAllMocks();
  for (const child of children.splice(0)) child.kill("SIGKILL");
});
afterAll(() => kafka?.stop());

async function filled(count: number, partitions = 1): Promise<[topic: string, group: string]> {
  const topic = await freshTopic(kafka.bootstrap, partitions);
  await produce(kafka.bootstrap, topic, numbered(0, count, partitions));
  return [topic, freshGroup()];
}

function stateOf(group: string): Promise<string> {
  return withAdmin(kafka.bootstrap, async (admin) => (await admin.describeGroups([group])).groups[0]!.state);
}

/** A member in a process of its own. */
function forkMember(topic: string, group: string, settings: object = {}) {
  const child = fork(ENTRY, [JSON.stringify({ bootstrap: kafka.bootstrap, topic, group, settings })]);
  children.push(child);
  const told: FromMember[] = [];
  child.on("message", (message) => told.push(message as FromMember));
  return {
    child,
    order: (order: MemberOrder) => child.send(order),
    taken: () => told.flatMap((one) => (one.kind === "taken" ? [one.delivery] : [])),
    said: (kind: FromMember["kind"]) => told.filter((one) => one.kind === kind).length,
  };
}

describe("members that come and go while documents are in flight", () => {
  it("lose nothing, and what was finished before the rebalance is not read again", async () => {
    const [topic, group] = await filled(200, 4);
    const first = openMember(kafka.bootstrap, topic, group, { maxDistance: 20 });
    await until("work in flight", () => first.intake.held.length === 80);
    const second = openMember(kafka.bootstrap, topic, group);
    second.intake.finishAtOnce();
    // The handlers wait at the distance, learn of the rebalance at a heartbeat, and drain.
    await until("a rebalance", async () => (await stateOf(group)) === "PreparingRebalance");
    const finished: string[] = [];
    // What is finished before the member has heard of the rebalance makes room for more, and where all came to an end before,
    // no handler would be left to hear of it.
    await until("a drain", () => {
      let few = 4;
      finished.push(...first.intake.finish(() => few-- > 0).map(textOf));
      return first.seen("drained").length > 0;
    });
    await until("two owners", () =>
      second.seen("assigned").some(({ partitions }) => partitions.length === 2),
    );
    expect(first.seen("drained")[0]).toMatchObject({ left: 0 });
    first.intake.finishAtOnce();
    await until(
      "all",
      () => new Set([...first.intake.taken, ...second.intake.taken].map(textOf)).size === 200,
    );
    expect(second.intake.taken.map(textOf).filter((value) => finished.includes(value))).toEqual([]);
    await second.leave();
    await until("all back", () => first.source.status().partitions.length === 4);
    await produce(kafka.bootstrap, topic, numbered(200, 204, 4));
    const fresh = ["200", "201", "202", "203"];
    await until("the new ones", () => {
      const taken = new Set(first.intake.taken.map(textOf));
      return fresh.every((text) => taken.has(text));
    });
    await first.leave();
    const texts = [...first.intake.taken, ...second.intake.taken].map(textOf);
    expect(texts.length).toBe(204);
    for (let partition = 0; partition < 4; partition++)
      expect((await committed(kafka.bootstrap, topic, group, partition)).offset).toBe("51");
  });

  it("are not put out of the group by a drain that is longer than the session", async () => {
    const [topic, group] = await filled(20, 2);
    const slow = {
      ...{ sessionTimeout: SESSION_MS, maxDistance: 5 },
      ...{ drainTimeout: 30_000, rebalanceTimeout: 60_000 },
    };
    const first = openMember(kafka.bootstrap, topic, group, slow);
    await until("work in flight", () => first.intake.held.length === 10);
    const second = openMember(kafka.bootstrap, topic, group, slow);
    const began = performance.now();
    await until("twice the session", () => performance.now() - began > 2 * SESSION_MS);
    expect(second.seen("assigned")).toEqual([]);
    first.intake.finish();
    await until("two owners", () => second.seen("assigned").length > 0);
    expect(first.seen("drained")[0]).toMatchObject({ before: 10, left: 0 });
    // One of the two is kept, so the member is still the same.
    expect(first.seen("assigned").at(-1)).toMatchObject({ gained: [], partitions: [{}] });
    await second.leave();
    await first.leave();
  });

  it("commit at the rebalance what was finished, where no handler ran", async () => {
    const [topic, group] = await filled(20, 2);
    const first = openMember(kafka.bootstrap, topic, group, { commitInterval: 60_000 });
    await until("all", () => first.intake.held.length === 20);
    await until("an idle consumer", () => first.seen("batch").length >= 2);
    const finished = first.intake.finish((delivery) => Number(textOf(delivery)) < 18).map(textOf);
    const second = openMember(kafka.bootstrap, topic, group);
    await until("two owners", () => second.seen("assigned").length > 0);
    await until("its share", () => second.intake.taken.length > 0);
    expect(second.intake.taken.map(textOf).filter((value) => finished.includes(value))).toEqual([]);
    // What the first keeps, and is in flight there, is not handed to it again.
    expect(first.intake.taken.length).toBe(20);
    await second.leave();
    await first.leave();
  });
});

describe("a member that was put out of the group", () => {
  let proxy: FaultProxy | undefined;
  afterEach(() => proxy?.close());

  it("takes no more on the word of an answer that it hears later than its session is long", async () => {
    const [topic, group] = await filled(200);
    proxy = await startProxy({ target: kafka.brokers[0]! });
    const { port } = proxy;
    const takenAtJoin: number[] = [];
    const member = openMember(
      kafka.bootstrap,
      topic,
      group,
      { sessionTimeout: SESSION_MS, maxDistance: 5 },
      undefined,
      ({ onConnect }) => createConnection(port, "127.0.0.1", onConnect),
      ({ kind }) => kind === "assigned" && takenAtJoin.push(member.intake.taken.length),
    );
    await until("work in flight", () => member.intake.held.length === 5);
    const HEARTBEAT = 12;
    proxy.holdAnswers(HEARTBEAT);
    await until("an answer on its way", () => proxy!.held() > 0);
    await until("the end of its membership", async () => (await stateOf(group)) === "Empty");
    member.intake.finishAtOnce();
    proxy.heal();
    await until("a new membership", () => takenAtJoin.length > 1);
    expect(takenAtJoin).toEqual([0, 5]);
    await until("all", () => new Set(member.intake.taken.map(textOf)).size === 200);
    await member.leave();
  });

  it("commits nothing for what others own now, and takes its part again", async () => {
    const [topic, group] = await filled(10);
    const zombie = forkMember(topic, group, { sessionTimeout: SESSION_MS });
    await until("ten", () => zombie.taken().length === 10);
    zombie.order({ kind: "finish", below: 3 });
    await until("a commit", async () => (await committed(kafka.bootstrap, topic, group)).offset === "3");
    // Its loop stands still until others have moved on; what it holds is finished when it wakes, before all else.
    const awake = join(temporaryFolder(), "awake");
    zombie.order({ kind: "block", until: awake, below: 5 });
    const heir = openMember(kafka.bootstrap, topic, group, { sessionTimeout: SESSION_MS });
    await until("the heir", () => heir.intake.held.length === 7);
    heir.intake.finish((delivery) => Number(textOf(delivery)) < 8);
    await until("its commit", async () => (await committed(kafka.bootstrap, topic, group)).offset === "8");
    expect(zombie.said("woke")).toBe(0);
    writeFileSync(awake, "");
    await until("the waking", () => zombie.said("woke") === 1);
    await until("a refused commit", () => zombie.said("commit-failed") > 0);
    await until("a new member", () => zombie.said("assigned") > 1);
    expect(Number((await committed(kafka.bootstrap, topic, group)).offset)).toBe(8);
    await heir.leave();
  });
});

describe("a document that kills the process", () => {
  it("is known by its deaths to the next process", async () => {
    const [topic, group] = await filled(4);
    for (const deaths of [0, 1, 2]) {
      const member = forkMember(topic, group, { sessionTimeout: SESSION_MS });
      await until("all", () => member.taken().length === 4);
      const told = (value: string) => member.taken().find((one: ToldDelivery) => one.value === value)!;
      expect(told("2").deaths).toBe(deaths);
      expect(told("1").deaths).toBe(0);
      member.order({ kind: "suspect", value: "2" });
      await until("the record", () => member.said("suspected") === 1);
      member.child.kill("SIGKILL");
      await once(member.child, "exit");
    }
    expect((await committed(kafka.bootstrap, topic, group)).metadata).toMatch(/^spanmill:1:2:3,run:/);
  });
});

describe("what a process that is killed had in its hands", () => {
  const unsureOf = (deliveries: readonly { unsure?: boolean }[]) =>
    deliveries.filter(({ unsure }) => unsure).length;

  it("is told apart from what came later, until it is done, whoever holds it meanwhile", async () => {
    const [topic, group] = await filled(10);
    const member = forkMember(topic, group, { sessionTimeout: SESSION_MS });
    await until("ten", () => member.taken().length === 10);
    expect(unsureOf(member.taken())).toBe(0);
    member.order({ kind: "finish", below: 3 });
    await until("a commit", async () => (await committed(kafka.bootstrap, topic, group)).offset === "3");
    member.child.kill("SIGKILL");
    await once(member.child, "exit");
    await produce(kafka.bootstrap, topic, numbered(10, 200));

    // One that ends in good order, and one that is killed: neither has done any of it.
    const second = openMember(kafka.bootstrap, topic, group, { sessionTimeout: SESSION_MS });
    await until("the rest", () => second.intake.held.length === 197);
    expect(second.seen("unclean-end")).toMatchObject([{ topic, partition: 0, first: "3" }]);
    await second.leave();
    const third = forkMember(topic, group, { sessionTimeout: SESSION_MS });
    await until("the rest", () => third.taken().length === 197);
    third.child.kill("SIGKILL");
    await once(third.child, "exit");

    const { end } = second.seen("unclean-end")[0]!;
    expect(Number(end)).toBeGreaterThanOrEqual(10);
    expect(Number(end)).toBeLessThan(60);
    const beyond = (deliveries: readonly { unsure?: boolean }[]) => deliveries.slice(Number(end) - 3);
    for (const taken of [second.intake.taken, third.taken()]) {
      expect(unsureOf(taken)).toBe(Number(end) - 3);
      expect(unsureOf(beyond(taken))).toBe(0);
    }
    const fourth = openMember(kafka.bootstrap, topic, group);
    await until("the rest", () => fourth.intake.held.length === 197);
    // The third was killed as well.
    expect(unsureOf(fourth.intake.held)).toBe(197);
    fourth.intake.finishAtOnce();
    await fourth.leave();
    const fifth = openMember(kafka.bootstrap, topic, group);
    await produce(kafka.bootstrap, topic, numbered(200, 210));
    await until("the new ones", () => fifth.intake.held.length === 10);
    expect(unsureOf(fifth.intake.held)).toBe(0);
    await fifth.leave();
  });

  it("is none where the partition goes elsewhere while the process lives, with work in flight or not", async () => {
    const [topic, group] = await filled(80, 4);
    const first = openMember(kafka.bootstrap, topic, group, { drainTimeout: 100, maxDistance: 15 });
    await until("work in flight", () => first.intake.held.length === 60);
    const second = openMember(kafka.bootstrap, topic, group);
    await until("its share", () => second.intake.held.length === 40);
    expect(first.seen("drained")).toMatchObject([{ left: 60 }]);
    expect(unsureOf(second.intake.held)).toBe(0);
    expect(second.seen("unclean-end")).toEqual([]);
    // What went away is no longer the first one's, though that one lives.
    const ours = (taken: readonly Delivery[]) => taken.filter((delivery) => delivery.isOurs()).map(textOf);
    const moved = new Set(second.intake.held.map(textOf));
    expect(ours(first.intake.held)).toEqual(first.intake.held.map(textOf).filter((text) => !moved.has(text)));
    expect(new Set(ours(second.intake.held))).toEqual(moved);
    await second.leave();
    await until("all back", () => first.source.status().partitions.length === 4);
    first.intake.finishAtOnce();
    await until("the rest", () => new Set(first.intake.taken.map(textOf)).size === 80);
    expect(unsureOf(first.intake.taken)).toBe(0);
    await first.leave();
  });

  it("costs no more commits than the regular ones, but for the first", async () => {
    const [topic, group] = await filled(0);
    const member = openMember(kafka.bootstrap, topic, group, { commitInterval: 1_000 });
    member.intake.finishAtOnce();
    await until("the group", () => member.seen("assigned").length > 0);
    const began = performance.now();
    for (let n = 0; n < 40; n += 4) {
      await produce(kafka.bootstrap, topic, numbered(n, n + 4));
      await until("them", () => member.intake.taken.length >= n + 4);
    }
    await until("a commit", async () => (await committed(kafka.bootstrap, topic, group)).offset === "40");
    const periods = Math.ceil((performance.now() - began) / 1_000);
    expect(member.seen("committed").length).toBeLessThanOrEqual(periods + 3);
    await member.leave();
  });
});

describe("a commit that fails", () => {
  let proxy: FaultProxy | undefined;
  afterEach(() => proxy?.close());

  it("is counted and tried again, and ends nothing", async () => {
    const [topic, group] = await filled(10);
    // The broker names its own address to clients, so the proxy is put between by a client that dials it instead.
    proxy = await startProxy({ target: kafka.brokers[0]! });
    const { port } = proxy;
    const member = openMember(
      kafka.bootstrap,
      topic,
      group,
      { commitInterval: 200 },
      undefined,
      ({ onConnect }) => createConnection(port, "127.0.0.1", onConnect),
    );
    await until("ten", () => member.intake.held.length === 10);
    const OFFSET_COMMIT = 8;
    await until("the first position", () => member.seen("committed").length > 0);
    proxy.dropAnswers(OFFSET_COMMIT, { times: 2 });
    member.intake.finish();
    await until("failures", () => member.seen("commit-failed").length > 0);
    await until("a commit", async () => (await committed(kafka.bootstrap, topic, group)).offset === "10");
    await produce(kafka.bootstrap, topic, numbered(10, 12));
    member.intake.finishAtOnce();
    await until("more", () => new Set(member.intake.taken.map(textOf)).size === 12);
    await until("its commit", async () => (await committed(kafka.bootstrap, topic, group)).offset === "12");
    await member.leave();
  });
});

describe("a clock that steps back", () => {
  it("ends the source within the session, with its own code, and nothing is lost", async () => {
    expect(await leastOf(2, SESSION_MS, endOfSteppedBack)).toBeLessThan(SESSION_MS);
  });

  /** @returns how long the end took, in milliseconds */
  async function endOfSteppedBack(): Promise<number> {
    const [topic, group] = await filled(10);
    const member = openMember(kafka.bootstrap, topic, group, { sessionTimeout: SESSION_MS });
    await until("ten", () => member.intake.held.length === 10);
    member.intake.finish((delivery) => Number(textOf(delivery)) < 4);
    const { now } = Date;
    const stepped = performance.now();
    vi.spyOn(Date, "now").mockImplementation(() => now.call(Date) - 60_000);
    await expect(member.run).rejects.toMatchObject({
      code: "KAFKA_HEARTBEAT_LOST",
      exitCode: EXIT.heartbeat,
    });
    const ms = performance.now() - stepped;
    expect(ms).toBeLessThan(2 * SESSION_MS);
    vi.restoreAllMocks();
    await member.leave();
    const next = openMember(kafka.bootstrap, topic, group);
    await until("the rest", () => next.intake.taken.length === 6);
    expect(next.intake.taken.map(textOf)).toEqual(["4", "5", "6", "7", "8", "9"]);
    await next.leave();
    return ms;
  }
});
