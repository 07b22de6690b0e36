/**
 * Ends what this process started, however this process ends: a shell beside it reads a pipe that breaks with it. One
 * serves all servers of a process. The servers stay children of this process, so that their ends are seen here.
 */
import { spawn } from "node:child_process";
import { rm } from "node:fs/promises";

/** Lines on standard input: `+ PID`, `- PID`, `d FOLDER` (to be removed), `k FOLDER` (is removed already). */
const SCRIPT = `
trap '' INT TERM HUP
pids= folders=
while read -r what thing; do
  case $what in
    +) pids="$pids $thing" ;;
    -) left=; for p in $pids; do [ "$p" = "$thing" ] || left="$left $p"; done; pids=$left ;;
    d) folders="$folders $thing" ;;
    k) left=; for f in $folders; do [ "$f" = "$thing" ] || left="$left $f"; done; folders=$left ;;
  esac
done
for p in $pids; do kill -KILL "$p"; done
for f in $folders; do rm -rf "$f" || rm -rf "$f"; done
`;

let tell: ((line: string) => void) | undefined;

/** To be called as soon as the process has been started; with `gone` as soon as it has ended. */
export function watchProcess(pid: number): { readonly gone: () => void } {
  say(`+ ${pid}`);
  return { gone: () => say(`- ${pid}`) };
}

/** Removes the folder when this process ends, or earlier by `remove`. */
export function watchFolder(folder: string): { readonly remove: () => Promise<void> } {
  if (/\s/.test(folder)) throw new Error("the folder for temporary files has white space in its path");
  say(`d ${folder}`);
  return {
    remove: async () => {
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
      say(`k ${folder}`);
    },
  };
}

function say(line: string): void {
  tell ??= start();
  tell(`${line}\n`);
}

function start(): (line: string) => void {
  // In a process group of its own: Ctrl-C must reach the test run, not this.
  const shell = spawn("sh", ["-c", SCRIPT], { stdio: ["pipe", "ignore", "ignore"], detached: true });
  shell.unref();
  const pipe = shell.stdin as typeof shell.stdin & { unref(): void };
  pipe.unref();
  return (line) => void pipe.write(line);
}
