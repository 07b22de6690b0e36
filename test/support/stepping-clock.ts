/** Loaded before the command line: at SIGUSR2 the wall clock steps back by a minute; the monotonic one goes on. */
import { isMainThread } from "node:worker_threads";

if (isMainThread) {
  process.on("SIGUSR2", () => {
    const { now } = Date;
    Date.now = () => now.call(Date) - 60_000;
  });
}
