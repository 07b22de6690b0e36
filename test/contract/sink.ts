/** What every sink promises, whatever it writes to. */
import { describe, expect, test } from "vitest";
import type { Channel, OutputMessage, Sink } from "../../src/ports/sink.js";

export interface SinkUnderTest {
  readonly sink: Sink;
  /** What a reader who knows nothing of the sink finds now in the channel, in its order. */
  read(channel: Channel): Promise<readonly FoundMessage[]>;
}

export interface FoundMessage {
  /** Left out where the sink keeps none. */
  readonly key?: Buffer | undefined;
  readonly value: Buffer | undefined;
  readonly headers?: readonly (readonly [name: string, value: string])[];
}

export interface SinkTraits {
  readonly name: string;
  /** A fresh one for each test, with `documents` and `entities`, empty. */
  readonly open: () => Promise<SinkUnderTest>;
  readonly keepsKeys: boolean;
  readonly keepsHeaders: boolean;
  readonly keepsTombstones: boolean;
}

export function sinkContract({ name, open, keepsKeys, keepsHeaders, keepsTombstones }: SinkTraits): void {
  describe(`${name} as a sink`, () => {
    test("a record that was acknowledged is there to read, byte for byte", async () => {
      const { sink, read } = await open();
      const value = Buffer.from('{"text":"naïve 😀","offset_unit":"code_point"}');
      await sink.send({ ...record("k", "", "documents"), value });
      const found = await read("documents");
      expect(found.map((message) => message.value)).toEqual([value]);
      if (keepsKeys) expect(found[0]?.key).toEqual(Buffer.from("k"));
      await sink.close();
    });

    const testHeaders = keepsHeaders ? test : () => {};
    testHeaders("headers are kept, one that stands twice as well", async () => {
      const { sink, read } = await open();
      const headers = [
        ["ce_id", "1"],
        ["trace", "a"],
        ["trace", "b"],
      ] as const;
      await sink.send({ ...record("k", "{}", "documents"), headers });
      expect((await read("documents"))[0]?.headers).toEqual(headers);
      await sink.close();
    });

    const testTombstones = keepsTombstones ? test : () => {};
    testTombstones("a tombstone stays one, and a missing key stays missing", async () => {
      const { sink, read } = await open();
      await sink.send({ ...record("k", "", "documents"), value: undefined });
      await sink.send({ ...record("", "1", "entities"), key: undefined });
      expect((await read("documents")).map((message) => message.value)).toEqual([undefined]);
      expect((await read("entities")).map((message) => message.key)).toEqual([undefined]);
      await sink.close();
    });

    test("records of one key keep the order of the calls, however many wait", async () => {
      const { sink, read } = await open();
      const keys = ["a", "b", "c", "d", "e"];
      const sends: Promise<void>[] = [];
      for (let at = 0; at < 2_000; at++) {
        const key = keys[at % keys.length]!;
        sends.push(sink.send(record(key, JSON.stringify({ key, at }), "documents")));
      }
      await Promise.all(sends);
      const last = new Map<string, number>();
      const found = await read("documents");
      expect(found).toHaveLength(2_000);
      for (const { value } of found) {
        const { key, at } = JSON.parse(value!.toString()) as { key: string; at: number };
        expect(at).toBeGreaterThan(last.get(key) ?? -1);
        last.set(key, at);
      }
      await sink.close();
    });

    test("channels do not mix", async () => {
      const { sink, read } = await open();
      await Promise.all([
        sink.send(record("k", '"d"', "documents")),
        sink.send(record("k", '"e"', "entities")),
      ]);
      expect((await read("documents")).map(({ value }) => value?.toString())).toEqual(['"d"']);
      expect((await read("entities")).map(({ value }) => value?.toString())).toEqual(['"e"']);
      await sink.close();
    });

    test("a record of the limit is taken; one that is too large is refused alone", async () => {
      const { sink, read } = await open();
      const limit = sink.limit("documents");
      if (limit !== undefined) {
        const largest = record("k", `"${"x".repeat(limit - 3)}"`, "documents");
        const larger = record("k", `"${"x".repeat(2 * limit)}"`, "documents");
        const sends = [
          sink.send(record("k", "1", "documents")),
          sink.send(larger),
          sink.send(largest),
          sink.send(record("k", "2", "documents")),
        ];
        const outcomes = await Promise.allSettled(sends);
        expect(outcomes.map(({ status }) => status)).toEqual([
          "fulfilled",
          "rejected",
          "fulfilled",
          "fulfilled",
        ]);
        await expect(sends[1]).rejects.toMatchObject({ code: "SINK_TOO_LARGE" });
        expect((await read("documents")).map(({ value }) => value?.length)).toEqual([1, limit - 1, 1]);
      }
      await sink.close();
    });

    test("closing waits for what is under way, and ends the taking of records", async () => {
      const { sink, read } = await open();
      const sends = Array.from({ length: 50 }, (_, at) => sink.send(record("k", String(at), "documents")));
      await sink.close();
      let settled = false;
      void Promise.all(sends).then(() => {
        settled = true;
      });
      await new Promise(setImmediate);
      expect(settled).toBe(true);
      expect(await read("documents")).toHaveLength(50);
      await expect(sink.send(record("k", "late", "documents"))).rejects.toThrow();
      await sink.close();
    });
  });
}

function record(key: string, value: string, channel: Channel): OutputMessage {
  return { channel, key: Buffer.from(key), value: Buffer.from(value), headers: [] };
}
