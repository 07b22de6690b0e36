/**
 * What every benchmark is made of: sides that are run in turn, and figures with their spread. A benchmark reports;
 * it never fails because of a time.
 */
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

export interface Settings {
  readonly rounds: number;
  /** Multiplies the amount of text of a round; below 1 only to try a benchmark out. */
  readonly scale: number;
  /** Folder of the model that is measured. */
  readonly model: string;
  /** The command of a Python that may have PyTorch. */
  readonly python: string;
}

export interface Figure {
  readonly name: string;
  readonly unit: string;
  /** One for each round; a single one where the figure is not a time. */
  readonly values: readonly number[];
  /** What we want it to be, in words. */
  readonly aim?: string;
}

export interface Bench {
  readonly question: string;
  /** Too slow to be run unless it is named. */
  readonly slow?: boolean;
  /** The model folder where none is named. Left out: the built-in model, which is what the project ships. */
  readonly model?: string;
  /** Why it cannot be run here; undefined: it can. */
  missing(): string | undefined;
  run(settings: Settings, report: (figure: Figure) => void): Promise<void>;
}

/** Seconds, by round. */
export interface Taken {
  readonly wall: number[];
  /** CPU time of all threads of the process; less disturbed than `wall` by what else the machine does. */
  readonly cpu: number[];
}

/**
 * Runs the sides in turn (A B A B), so that a change of the machine's speed meets them all. Round 0 warms up and is
 * not counted. What `before` does to make a round ready is not timed.
 */
export async function inTurn<Side extends string>(
  rounds: number,
  sides: Readonly<Record<Side, (round: number) => unknown>>,
  before?: (round: number) => unknown,
): Promise<Record<Side, Taken>> {
  const names = Object.keys(sides) as Side[];
  const taken = Object.fromEntries(names.map((name) => [name, { wall: [], cpu: [] }])) as unknown as Record<
    Side,
    Taken
  >;
  for (let round = 0; round <= rounds; round++) {
    await before?.(round);
    for (const name of names) {
      // A thread pool that spins after its last task would otherwise slow the next side.
      await sleep(20);
      const start = { wall: seconds(), cpu: processSeconds() };
      await sides[name](round);
      const end = { wall: seconds(), cpu: processSeconds() };
      if (round === 0) continue;
      taken[name].wall.push(end.wall - start.wall);
      taken[name].cpu.push(end.cpu - start.cpu);
    }
  }
  return taken;
}

export function seconds(): number {
  return performance.now() / 1000;
}

/** CPU time of all threads of this process. */
export function processSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/** CPU time of the main thread alone: Node itself tells it only from version 23 on. Linux only. */
export function mainThreadSeconds(): number {
  const thread = `/proc/self/task/${process.pid}`;
  try {
    return Number(readFileSync(`${thread}/schedstat`, "utf8").split(" ")[0]) / 1e9;
  } catch {
    // Kernels without schedstat count in ticks of 10 ms.
    const fields = readFileSync(`${thread}/stat`, "utf8").split(") ")[1]!.split(" ");
    return (Number(fields[11]) + Number(fields[12])) / 100;
  }
}

/** Element by element. */
export function divide(above: readonly number[], below: readonly number[]): number[] {
  return above.map((value, i) => value / below[i]!);
}

export function scaled(values: readonly number[], factor: number): number[] {
  return values.map((value) => value * factor);
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** `name   median unit   (min - max of n)   aim: ...` */
export function figureLine({ name, unit, values, aim }: Figure): string {
  const spread =
    values.length > 1
      ? `(${number(Math.min(...values))} - ${number(Math.max(...values))} of ${values.length})`
      : "";
  const wanted = aim === undefined ? "" : `aim: ${aim}`;
  return `  ${name.padEnd(66)} ${number(median(values)).padStart(9)} ${unit.padEnd(14)} ${spread.padEnd(26)} ${wanted}`.trimEnd();
}

/** Four significant digits, without an exponent. */
function number(value: number): string {
  const digits = value === 0 ? 0 : Math.max(0, 3 - Math.floor(Math.log10(Math.abs(value))));
  return value.toFixed(Math.min(digits, 6));
}
