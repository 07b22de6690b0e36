/** One broker's Java process: a child of this process, with its output in `broker.log`. */
import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import type { InstalledKafka } from "./installed.js";
import { until } from "./until.js";
import { watchProcess } from "./watchdog.js";

export interface BrokerProcess {
  /** Undefined once it has ended. */
  pid(): number | undefined;
  signal(signal: NodeJS.Signals): void;
  /** Asks it to end (a stopped one is woken for that), waits, and kills it when it takes more than 20 s. */
  end(signal: "SIGKILL" | "SIGTERM"): Promise<void>;
}

/** @param folder with `server.properties` and a formatted `data` */
export function startBroker(folder: string, { java, libs, log4j, archive }: InstalledKafka): BrokerProcess {
  const log = openSync(join(folder, "broker.log"), "a");
  const flags = ["-Xms64m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto"];
  if (archive) flags.push(`-XX:SharedArchiveFile=${archive}`);
  flags.push("-Djava.awt.headless=true", `-Dlog4j2.configurationFile=${log4j}`);
  const main = ["-cp", join(libs, "*"), "kafka.Kafka", join(folder, "server.properties")];
  const broker = spawn(java, [...flags, ...main], { cwd: folder, stdio: ["ignore", log, log] });
  closeSync(log);
  if (broker.pid === undefined) throw new Error(`${java} cannot be started`);
  const { gone } = watchProcess(broker.pid);
  broker.once("exit", gone);
  // A test that forgets to stop it must still end; the watchdog takes the broker then.
  broker.unref();

  const ended = () => broker.exitCode !== null || broker.signalCode !== null;
  return {
    pid: () => (ended() ? undefined : broker.pid),
    signal: (signal) => void broker.kill(signal),
    end: async (signal) => {
      if (ended()) return;
      broker.kill(signal);
      broker.kill("SIGCONT");
      await until("the broker's end", ended, { withinMs: 20_000, everyMs: 10 }).catch(() =>
        broker.kill("SIGKILL"),
      );
      await until("the broker's end", ended, { everyMs: 10 });
    },
  };
}
