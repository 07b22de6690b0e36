/**
 * What need not be done at every start of a broker: formatting a data folder, and loading 6000 classes one by one. Both
 * depend on the jars and the Java alone, and are kept beside the jars.
 */
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { join } from "node:path";

const LOG4J = `Configuration:
  Appenders: { Console: { name: S, PatternLayout: { pattern: "[%d] %p %m (%c)%n" } } }
  Loggers: { Root: { level: WARN, AppenderRef: [{ ref: S }] } }
`;

/** `{ formatted, log4j, archive? }`: a formatted data folder to copy, how to log, and the class-data archive. */
export async function warmKafka({ home, libs }, java, say) {
  const folder = join(home, `java-${createHash("sha256").update(java.version).digest("hex").slice(0, 12)}`);
  const formatted = join(folder, "formatted");
  const archive = join(folder, "classes.jsa");
  if (!existsSync(folder)) {
    say("Apache Kafka: a first start, to make the next ones short");
    const fresh = mkdtempSync(join(home, "java-"));
    try {
      await firstStart(fresh, libs, java.path, say);
      renameSync(fresh, folder);
    } finally {
      rmSync(fresh, { recursive: true, force: true });
    }
  }
  const log4j = join(folder, "log4j2.yaml");
  return existsSync(archive) ? { formatted, log4j, archive } : { formatted, log4j };
}

async function firstStart(folder, libs, java, say) {
  const data = join(folder, "data");
  const properties = join(folder, "server.properties");
  const log4j = join(folder, "log4j2.yaml");
  const [client, controller] = await freePorts(2);
  writeFileSync(log4j, LOG4J);
  writeFileSync(
    properties,
    [
      "process.roles=broker,controller",
      "node.id=1",
      `controller.quorum.voters=1@127.0.0.1:${controller}`,
      `listeners=PLAINTEXT://127.0.0.1:${client},CONTROLLER://127.0.0.1:${controller}`,
      "controller.listener.names=CONTROLLER",
      "listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
      `log.dirs=${data}`,
    ].join("\n"),
  );
  const classPath = ["-cp", join(libs, "*")];
  const format = ["kafka.tools.StorageTool", "format", "-t", "AAAAAAAAAAAAAAAAAAAAAQ", "-c", properties];
  const { status, stdout, stderr } = spawnSync(java, [...classPath, ...format], { encoding: "utf8" });
  if (status !== 0) throw new Error(`formatting a data folder failed:\n${stdout}${stderr}`);
  cpSync(data, join(folder, "formatted"), { recursive: true });
  rmSync(join(folder, "formatted", "meta.properties")); // every broker writes its own

  const archive = `-XX:ArchiveClassesAtExit=${join(folder, "classes.jsa")}`;
  const flags = ["-Xmx512m", "-XX:+UseSerialGC", archive, `-Dlog4j2.configurationFile=${log4j}`];
  const broker = spawn(java, [...flags, ...classPath, "kafka.Kafka", properties], { stdio: "ignore" });
  const ended = new Promise((resolve) => broker.once("exit", resolve));
  const up = await listening(client, () => broker.exitCode === null);
  if (!up) say("Apache Kafka: the first start failed; goes on without a class-data archive");
  broker.kill(up ? "SIGTERM" : "SIGKILL");
  await ended;
  rmSync(data, { recursive: true, force: true });
}

/** Asks until something listens: the classes of a start are loaded by then. False when the broker died. */
async function listening(port, alive) {
  for (const deadline = Date.now() + 120_000; Date.now() < deadline && alive(); ) {
    const open = await new Promise((resolve) => {
      const socket = connect(port, "127.0.0.1", () => resolve(true)).once("error", () => resolve(false));
      socket.once("connect", () => socket.destroy());
    });
    if (open) return true;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return false;
}

async function freePorts(count) {
  const servers = Array.from({ length: count }, () => createServer().listen(0, "127.0.0.1"));
  await Promise.all(servers.map((server) => new Promise((resolve) => server.once("listening", resolve))));
  const ports = servers.map((server) => server.address().port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
