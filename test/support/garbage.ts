/** Garbage collection on demand, for tests of what is held. */
import { setImmediate } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** Kept when all that nothing holds is gone. A turn of its own comes first: until then weak references hold. */
export async function collectGarbage(): Promise<void> {
  setFlagsFromString("--expose-gc");
  await setImmediate();
  runInNewContext("gc")();
}
