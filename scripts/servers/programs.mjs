/** Programs of the machine: found on PATH, or installed by Debian's package manager. */
import { spawnSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** The first of these that the machine's release has is installed. All of them run Kafka 4. */
export const JAVA_PACKAGES = [
  "openjdk-17-jre-headless",
  "openjdk-21-jre-headless",
  "openjdk-25-jre-headless",
];
const LEAST_JAVA = 17;

/** The path of an executable on PATH (Debian's folders for servers added), or undefined. */
export function findProgram(name) {
  const folders = [...(process.env.PATH ?? "").split(delimiter), "/usr/bin", "/usr/sbin", "/usr/local/bin"];
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

/** The Java to run, `{ path, version }`, or undefined where there is none or it is too old. */
export function findJava() {
  const home = process.env.JAVA_HOME && join(process.env.JAVA_HOME, "bin", "java");
  for (const path of [home, findProgram("java")]) {
    if (!path || !isExecutable(path)) continue;
    const { stderr } = spawnSync(path, ["-version"], { encoding: "utf8" });
    const major = /version "(\d+)/.exec(stderr ?? "")?.[1];
    if (major !== undefined && Number(major) >= LEAST_JAVA) return { path, version: stderr };
  }
  return undefined;
}

/** Installs one package of each list of alternatives; throws with the command for a person where it may not. */
export function installPackages(alternatives, say) {
  const byHand = `apt-get install -y ${alternatives.map(([first]) => first).join(" ")}`;
  const apt = findProgram("apt-get");
  if (!apt) throw new Error(`missing: ${alternatives.map(([first]) => first).join(", ")}. Install them`);
  if (process.getuid?.() !== 0) throw new Error(`not root, so please run: sudo ${byHand}`);

  // Lists that are absent or old name packages that the mirror no longer has.
  run(apt, ["update", "-q"], say);
  const packages = alternatives.map((names) => names.find(isOffered) ?? names[0]);
  run(apt, ["install", "-y", "-q", "--no-install-recommends", ...packages], say);
}

function isOffered(name) {
  const { stdout } = spawnSync("apt-cache", ["policy", name], { encoding: "utf8" });
  return /Candidate: (?!\(none\))\S/.test(stdout ?? "");
}

function run(program, args, say) {
  say(`${program} ${args.join(" ")}`);
  const { status, stdout, stderr } = spawnSync(program, ["-o", "DPkg::Lock::Timeout=300", ...args], {
    encoding: "utf8",
    // A package must not start its server, nor ask a question.
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive", RUNLEVEL: "1" },
  });
  if (status !== 0) throw new Error(`${program} ${args[0]} failed:\n${stdout}${stderr}`);
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
