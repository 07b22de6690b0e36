import { execFileSync } from "node:child_process";

/** Whether a process of its own may mount a file system that nobody else sees. */
export function canMount(): boolean {
  try {
    execFileSync("unshare", ["-m", "mount", "-t", "tmpfs", "none", "/mnt"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
