/** The end of a process in which a thread is stuck in native code. */
import { spawn } from "node:child_process";

/**
 * An ordinary exit waits for all threads, and one that is stuck never ends. Where it does wait, somebody outside kills the
 * process a moment later (status 137 as a shell sees it).
 */
export function endHard(status: number): never {
  const kill = `sleep 2; kill -9 ${process.pid}`;
  try {
    spawn("/bin/sh", ["-c", kill], { detached: true, stdio: "ignore" }).unref();
  } catch {
    process.kill(process.pid, "SIGKILL");
  }
  process.exit(status);
}
