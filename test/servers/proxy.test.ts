import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { Kafka, logLevel } from "kafkajs";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { KAFKA_GIVEN, type KafkaServer, startKafka } from "../support/servers/kafka.js";
import { type FaultProxy, startProxy } from "../support/servers/proxy.js";
import { readTopic } from "../support/servers/raw-reader.js";
import { freshTopic } from "../support/servers/topics.js";
import { until } from "../support/servers/until.js";

const PRODUCE = 0;

describe("a proxy before any server", () => {
  const seen: string[] = [];
  const echo = createServer((socket) => {
    socket
      .on("error", () => {})
      .on("data", (bytes) => {
        seen.push(bytes.toString("latin1"));
        socket.write(bytes);
      });
  });
  let proxy: FaultProxy;
  const sockets: Socket[] = [];
  beforeAll(async () => {
    await once(echo.listen(0, "127.0.0.1"), "listening");
    proxy = await startProxy({ target: `127.0.0.1:${(echo.address() as AddressInfo).port}`, seed: 7 });
  });
  afterEach(() => {
    proxy.heal();
    for (const socket of sockets.splice(0)) socket.destroy();
    seen.length = 0;
  });
  afterAll(async () => {
    await proxy.close();
    echo.close();
  });

  /** A connection that keeps what it gets. */
  async function open() {
    const socket = connect(proxy.port, "127.0.0.1");
    sockets.push(socket);
    const state = { socket, got: "", closed: false };
    socket.on("data", (bytes) => {
      state.got += bytes.toString("latin1");
    });
    socket
      .on("error", () => {})
      .on("close", () => {
        state.closed = true;
      });
    await until("a connection, or none", () => state.closed || !socket.connecting);
    return state;
  }
  const echoed = (state: { got: string }, text: string) =>
    until(`echo of ${text.slice(0, 20)}`, () => state.got === text);

  it("carries bytes both ways, and counts connections", async () => {
    const one = await open();
    one.socket.write("hello");
    await echoed(one, "hello");
    expect(proxy.connections()).toBe(1);
    one.socket.end();
    await until("no connection", () => proxy.connections() === 0);
  });

  it("carries much, in order", async () => {
    const one = await open();
    const much = Array.from({ length: 300_000 }, (_, i) => String.fromCharCode(97 + (i % 26))).join("");
    one.socket.write(much);
    await echoed(one, much);
  });

  it("cuts until it is healed", async () => {
    const one = await open();
    proxy.cut();
    await until("the break", () => one.closed);
    const two = await open();
    await until("the refusal", () => two.closed);
    proxy.heal();
    const three = await open();
    three.socket.write("again");
    await echoed(three, "again");
  });

  it("resets once", async () => {
    const one = await open();
    one.socket.write("x");
    await echoed(one, "x");
    proxy.reset();
    await until("the break", () => one.closed);
    const two = await open();
    two.socket.write("y");
    await echoed(two, "y");
  });

  it("is silent: takes and gives nothing, and breaks what it swallowed from when it heals", async () => {
    const one = await open();
    one.socket.write("heard");
    await echoed(one, "heard");
    proxy.silence();
    one.socket.write("unheard");
    proxy.delay(0);
    const two = await open();
    two.socket.write("unheard too");
    await until("written", () => one.socket.bytesWritten === 12 && two.socket.bytesWritten === 11);
    proxy.heal();
    await until("the breaks", () => one.closed && two.closed);
    expect([one.got, two.got, seen.join("")]).toEqual(["heard", "", "heard"]);
  });

  it("delays each way, in order", async () => {
    const one = await open();
    proxy.delay(60, 40);
    const from = performance.now();
    for (const letter of "abcdefghij") one.socket.write(letter);
    await echoed(one, "abcdefghij");
    expect(performance.now() - from).toBeGreaterThanOrEqual(2 * (60 - 40));
  });

  it("throttles", async () => {
    const one = await open();
    proxy.throttle(100_000);
    const from = performance.now();
    one.socket.write("x".repeat(20_000));
    await echoed(one, "x".repeat(20_000));
    expect(performance.now() - from).toBeGreaterThanOrEqual(200);
  });

  it("loses a share of packets, which come later", async () => {
    const one = await open();
    proxy.lose(1);
    const from = performance.now();
    one.socket.write("late");
    await echoed(one, "late");
    expect(performance.now() - from).toBeGreaterThanOrEqual(400);
  });

  it("draws the same from the same seed", async () => {
    const draw = async () => {
      const twin = await startProxy({ target: proxy.address, seed: 11 });
      twin.lose(0.5);
      const socket = connect(twin.port, "127.0.0.1");
      const lost: number[] = [];
      for (let i = 0; i < 6; i++) {
        socket.write("x");
        await once(socket, "data");
        lost.push(twin.lost());
      }
      socket.destroy();
      await twin.close();
      return lost;
    };
    const first = await draw();
    expect(await draw()).toEqual(first);
    expect(first.at(-1)).toBeGreaterThan(0);
    expect(first.at(-1)).toBeLessThan(12);
  });
});

describe.skipIf(KAFKA_GIVEN)("a proxy before a broker (KAFKA_BOOTSTRAP unset)", { timeout: 180_000 }, () => {
  let kafka: KafkaServer;
  beforeAll(async () => {
    kafka = await startKafka({ proxied: true });
  }, 180_000);
  afterAll(() => kafka.stop());
  const proxy = () => kafka.proxied!.proxies[0]!;
  const producer = () => {
    const brokers = [...kafka.proxied!.brokers];
    return new Kafka({ brokers, logLevel: logLevel.NOTHING, requestTimeout: 1000 }).producer();
  };
  const values = async (topic: string) =>
    (await readTopic(kafka.bootstrap, topic)).records.map(({ value }) => String(value));

  it("stays on the way of its clients, who are told no other address", async () => {
    const topic = await freshTopic(kafka.bootstrap);
    const writer = producer();
    await writer.connect();
    await writer.send({ topic, messages: [{ value: "a" }] });
    expect(proxy().connections()).toBeGreaterThan(0);
    await writer.disconnect();
    proxy().cut();
    await expect(readTopic(kafka.proxied!.brokers[0]!, topic)).rejects.toThrow();
    expect(await values(topic)).toEqual(["a"]);
    proxy().heal();
  });

  it.each([
    ["and breaks the connection", false],
    ["and keeps the connection", true],
  ])("drops an answer to Produce %s: the record is there, the client tries again", async (_, keep) => {
    const topic = await freshTopic(kafka.bootstrap);
    const writer = producer();
    await writer.connect();
    const before = proxy().dropped();
    proxy().dropAnswers(PRODUCE, { times: 1, keep });
    await writer.send({ topic, messages: [{ value: "twice" }] });
    await writer.disconnect();
    expect(proxy().dropped() - before).toBe(1);
    const found = await values(topic);
    // Oftener where an answer took longer than the client waits for it.
    expect(found.length).toBeGreaterThanOrEqual(2);
    expect(new Set(found)).toEqual(new Set(["twice"]));
  });

  it("holds answers back from one to Produce on, and gives them in their order", async () => {
    const topic = await freshTopic(kafka.bootstrap);
    const brokers = [...kafka.proxied!.brokers];
    const writer = new Kafka({ brokers, logLevel: logLevel.NOTHING, requestTimeout: 60_000 }).producer();
    await writer.connect();
    await writer.send({ topic, messages: [{ value: "0" }] });
    proxy().holdAnswers(PRODUCE);
    const answered: string[] = [];
    const sent = ["1", "2"].map((value) =>
      writer.send({ topic, messages: [{ value }] }).then(() => answered.push(value)),
    );
    await until("two answers", () => proxy().held() === 2);
    expect((await values(topic)).toSorted()).toEqual(["0", "1", "2"]);
    expect(answered).toEqual([]);
    proxy().heal();
    await Promise.all(sent);
    expect(proxy().held()).toBe(0);
    await writer.disconnect();
  });
});
