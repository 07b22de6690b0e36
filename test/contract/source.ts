/** What every source keeps, whatever is behind it. */
import { describe, expect, it } from "vitest";
import type { Delivery, Source } from "../../src/ports/source.js";
import { holdingIntake, placeOf, textOf } from "../support/holding-intake.js";
import { until } from "../support/servers/until.js";

export interface SourceGround {
  /** Puts documents there, in this order, in as many partitions as the source has. */
  fill(values: readonly string[]): Promise<void>;
  /**
   * A source of all that was put there, again after the one before was closed: from the durable position on, where it keeps
   * one, else from the begin.
   */
  open(): Promise<Source>;
}

export interface SourceTraits {
  readonly name: string;
  /** New and empty at each call. */
  readonly ground: () => Promise<SourceGround>;
  /** False: where to go on is for whoever starts it to say. */
  readonly keepsPosition: boolean;
}

const MANY = Array.from({ length: 40 }, (_, n) => String(n));

export function sourceContract({ name, ground, keepsPosition }: SourceTraits): void {
  describe(`${name}, as a source`, () => {
    it("hands over every document once, in order within a partition", async () => {
      const { fill, open } = await ground();
      await fill(MANY);
      const source = await open();
      const intake = holdingIntake();
      const run = source.run(intake);
      await until("all", () => intake.taken.length >= MANY.length);
      intake.finish();
      await leave(source, run);
      expect(sorted(intake.taken)).toEqual(sorted(MANY));
      for (const [, values] of byPartition(intake.taken)) expect(values).toEqual(sorted(values));
    });

    it("hands over no more than there is room for, and goes on when there is", async () => {
      const { fill, open } = await ground();
      await fill(MANY);
      const source = await open();
      const intake = holdingIntake(3);
      const run = source.run(intake);
      while (intake.taken.length < MANY.length) {
        await until("some", () => intake.held.length > 0);
        intake.finish();
      }
      await leave(source, run);
      expect(sorted(intake.taken)).toEqual(sorted(MANY));
    });

    it("hands over nothing after stop, ends its run, and still counts what is done before close", async () => {
      const { fill, open } = await ground();
      await fill(MANY);
      const source = await open();
      const intake = holdingIntake(5);
      const run = source.run(intake);
      await until("a full intake", () => intake.held.length === 5);
      await source.stop();
      const taken = intake.taken.length;
      await run;
      intake.finish();
      await source.close();
      expect(intake.taken.length).toBe(taken);

      const next = await open();
      const rest = holdingIntake();
      const again = next.run(rest);
      const before = keepsPosition ? intake.taken : [];
      await until("the rest", () => rest.taken.length >= MANY.length - before.length);
      await leave(next, again);
      expect(sorted([...before, ...rest.taken])).toEqual(sorted(MANY));
    });

    const withPosition = keepsPosition ? it : () => {};
    withPosition(
      "hands over again all that was not done, and nothing before the first such document",
      async () => {
        const { fill, open } = await ground();
        await fill(MANY);
        const source = await open();
        const intake = holdingIntake();
        const run = source.run(intake);
        await until("all", () => intake.taken.length >= MANY.length);
        const done = intake.finish((delivery) => Number(textOf(delivery)) % 7 !== 6);
        for (const delivery of done) delivery.done();
        const open1 = intake.held.map(textOf);
        await leave(source, run);
        const firstOpen = new Map<string, number>();
        for (const delivery of intake.held) {
          const partition = partitionOf(delivery);
          firstOpen.set(partition, Math.min(firstOpen.get(partition) ?? Infinity, Number(textOf(delivery))));
        }

        const next = await open();
        const rest = holdingIntake();
        const again = next.run(rest);
        await until("what is open", () =>
          open1.every((value) => rest.taken.some((one) => textOf(one) === value)),
        );
        await leave(next, again);
        for (const delivery of rest.taken) {
          expect(Number(textOf(delivery))).toBeGreaterThanOrEqual(
            firstOpen.get(partitionOf(delivery)) ?? Infinity,
          );
          expect(delivery.deaths).toBe(0);
        }
      },
    );

    it("calls what it handed over its own while nobody else reads, and until it is closed", async () => {
      const { fill, open } = await ground();
      await fill(MANY);
      const source = await open();
      const intake = holdingIntake();
      const run = source.run(intake);
      await until("all", () => intake.taken.length >= MANY.length);
      expect(intake.taken.every((delivery) => delivery.isOurs())).toBe(true);
      await source.stop();
      await run;
      expect(intake.taken.every((delivery) => delivery.isOurs())).toBe(true);
      await source.close();
    });

    it("does not count a suspect that the process outlived, or left in good order", async () => {
      const { fill, open } = await ground();
      await fill(MANY.slice(0, 4));
      const source = await open();
      const intake = holdingIntake();
      const run = source.run(intake);
      await until("all", () => intake.taken.length === 4);
      await source.suspect(intake.taken[0]!);
      await source.suspect(intake.taken[1]!);
      intake.taken[0]!.done();
      await leave(source, run);
      const next = await open();
      const rest = holdingIntake();
      const again = next.run(rest);
      await until("the rest", () => rest.taken.length >= 3);
      await leave(next, again);
      expect(rest.taken.map(({ deaths }) => deaths)).toEqual(rest.taken.map(() => 0));
    });

    it("can be closed where nothing ever came", async () => {
      const { fill, open } = await ground();
      await fill([]);
      const source = await open();
      const run = source.run(holdingIntake());
      await leave(source, run);
    });
  });
}

async function leave(source: Source, run: Promise<void>): Promise<void> {
  await source.stop();
  await run;
  await source.close();
}

function partitionOf(delivery: Delivery): string {
  return placeOf(delivery).replace(/\/\d+$/, "");
}

function byPartition(deliveries: readonly Delivery[]): Map<string, string[]> {
  const partitions = new Map<string, string[]>();
  for (const delivery of deliveries) {
    const name = partitionOf(delivery);
    partitions.set(name, [...(partitions.get(name) ?? []), textOf(delivery)]);
  }
  return partitions;
}

function sorted(values: readonly (string | Delivery)[]): string[] {
  return values
    .map((value) => (typeof value === "string" ? value : textOf(value)))
    .sort((a, b) => Number(a) - Number(b));
}
