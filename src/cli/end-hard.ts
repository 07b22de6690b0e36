/** The end of a process in which a thread is stuck in native code. */
import { spawn } from "node:child_process";
import { EXIT } from "../errors.js";

/**
 * An ordinary exit waits for all threads, and one that is stuck never ends. Where it does wait, somebody outside kills the
 * process a moment later (status 137 as a shell sees it). Who was interrupted ends as by an unhandled Ctrl-C, which waits
 * for nothing and has the same status.
 */
export function endHard(status: number): never {
  if (status === EXIT.interrupted) {
    process.removeAllListeners("SIGINT");
    process.kill(process.pid, "SIGINT");
  }
  const kill = `sleep 2; kill -9 ${process.pid}`;
  try {
    spawn("/bin/sh", ["-c", kill], { detached: true, stdio: "ignore" }).unref();
  } catch {
    process.kill(process.pid, "SIGKILL");
  }
  process.exit(status);
}
