import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { inOrder } from "../../src/pipeline/in-order.js";

async function* from<T>(items: T[]): AsyncGenerator<T> {
  yield* items;
}

async function collect<T>(iterable: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const one of iterable) all.push(one);
  return all;
}

const unbounded = { items: 1000, size: Number.POSITIVE_INFINITY };

describe("inOrder", () => {
  it("gives results in the order of the items, whatever order the work ends in", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.array(fc.integer()),
        fc.integer({ min: 1, max: 5 }),
        async (s, items, most) => {
          const doubled = collect(
            inOrder(
              from(items),
              () => 1,
              { items: most, size: 100 },
              (item) => s.schedule(Promise.resolve(item * 2)),
            ),
          );
          await s.waitFor(doubled);
          expect(await doubled).toEqual(items.map((item) => item * 2));
        },
      ),
      { numRuns: 50 },
    );
  });

  it("keeps what is in flight within the bounds", async () => {
    let inFlight = 0;
    let most = 0;
    let mostSize = 0;
    let size = 0;
    const work = async (item: number) => {
      inFlight++;
      size += item;
      most = Math.max(most, inFlight);
      mostSize = Math.max(mostSize, size);
      await new Promise((resolve) => setImmediate(resolve));
      inFlight--;
      size -= item;
      return item;
    };
    const items = Array.from({ length: 200 }, (_, i) => (i % 7) + 1);
    await collect(inOrder(from(items), (item) => item, { items: 5, size: 12 }, work));
    expect(most).toBe(5);
    expect(mostSize).toBeLessThan(12 + 7);
  });

  it("gives a result without waiting for the next item of a slow source", async () => {
    let release!: () => void;
    const slow = (async function* () {
      yield 1;
      await new Promise<void>((resolve) => {
        release = resolve;
      });
      yield 2;
    })();
    const results = inOrder(
      slow,
      () => 1,
      unbounded,
      async (item) => item,
    );
    expect((await results.next()).value).toBe(1);
    const second = results.next();
    release();
    expect((await second).value).toBe(2);
  });

  it("gives what came before a failure, then the failure", async () => {
    const seen: number[] = [];
    const failing = async () => {
      for await (const one of inOrder(
        from([1, 2, 3]),
        () => 1,
        unbounded,
        async (item) => {
          if (item === 2) throw new Error("two");
          return item;
        },
      )) {
        seen.push(one);
      }
    };
    await expect(failing()).rejects.toThrow("two");
    expect(seen).toEqual([1]);
  });

  it("gives what came before a failure of the source, then the failure", async () => {
    const broken = (async function* () {
      yield 1;
      throw new Error("source");
    })();
    const seen: number[] = [];
    const failing = async () => {
      for await (const one of inOrder(
        broken,
        () => 1,
        unbounded,
        async (item) => item,
      ))
        seen.push(one);
    };
    await expect(failing()).rejects.toThrow("source");
    expect(seen).toEqual([1]);
  });
});
