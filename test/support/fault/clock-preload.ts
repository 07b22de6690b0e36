/**
 * To be loaded first by a process whose wall clock is to go wrong, see clock.ts. SIGUSR2 has it read how, and say so with
 * the number of timers set so far.
 */
import { readFileSync, writeSync } from "node:fs";
import { isMainThread } from "node:worker_threads";
import { CLOCK_FILE, type ClockFault } from "./clock-fault.js";

const right = Date.now.bind(Date);
let fault: Required<ClockFault>;
let since: number;
let timers = 0;

function read(): void {
  fault = { rate: 1, ...(JSON.parse(readFileSync(process.env[CLOCK_FILE]!, "utf8")) as ClockFault) };
  since = performance.now();
}

read();
Date.now = () => Math.round(right() + fault.offsetMs + (performance.now() - since) * (fault.rate - 1));
globalThis.Date = new Proxy(Date, {
  construct: (target, given, newTarget) =>
    Reflect.construct(target, given.length === 0 ? [Date.now()] : given, newTarget),
});

for (const name of ["setTimeout", "setInterval"] as const) {
  const original = globalThis[name];
  Object.assign(globalThis, {
    [name]: Object.assign((...given: Parameters<typeof setTimeout>) => {
      timers++;
      return original(...given);
    }, original),
  });
}

if (isMainThread) {
  process.on("SIGUSR2", () => {
    read();
    writeSync(2, `clock read, ${timers} timers\n`);
  });
}
