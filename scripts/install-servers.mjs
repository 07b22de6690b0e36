#!/usr/bin/env node
/**
 * Finds or installs the servers that tests and the demo talk to: Java, Apache Kafka's jars, redis-server, openssl.
 * A second run finds everything where the first one put it, and needs no network.
 *
 *   node scripts/install-servers.mjs          says on standard error what it does
 *   node scripts/install-servers.mjs --json   and prints where things are on standard output
 *
 * --only kafka or --only redis leaves the other alone; --only faketime is for the tests of wrong clocks.
 *
 * Environment: SPANMILL_SERVERS is the folder for what is downloaded (by default below the user's cache folder),
 * MAVEN_REPOSITORY_URL the repository the jars come from, JAVA_HOME the Java that is used.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { installKafkaJars } from "./servers/kafka-jars.mjs";
import { findJava, findProgram, installPackages, JAVA_PACKAGES } from "./servers/programs.mjs";
import { warmKafka } from "./servers/warm-kafka.mjs";

const { values } = parseArgs({ options: { json: { type: "boolean" }, only: { type: "string" } } });
const cache =
  process.env.SPANMILL_SERVERS || join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "spanmill");
const say = (line) => process.stderr.write(`${line}\n`);

try {
  mkdirSync(cache, { recursive: true });
  if (alone()) await install();
} catch (error) {
  say(`install-servers: ${error.message}`);
  process.exitCode = 1;
}

async function install() {
  const wants = (name) => (values.only ?? name) === name;
  const wanted = { kafka: wants("kafka"), redis: wants("redis"), faketime: values.only === "faketime" };
  const missing = [
    ...(wanted.faketime && !findProgram("faketime") ? [["faketime"]] : []),
    ...(wanted.kafka && !findJava() ? [JAVA_PACKAGES] : []),
    ...(wanted.redis && !findProgram("redis-server") ? [["redis-server"]] : []),
    ...(findProgram("openssl") ? [] : [["openssl"]]),
  ];
  if (missing.length > 0) installPackages(missing, say);

  const found = { openssl: mustFind("openssl") };
  if (wanted.redis) found.redis = mustFind("redis-server");
  if (wanted.kafka) {
    const java = findJava();
    if (!java) throw new Error("Java 17 or later is not to be found after installing it; set JAVA_HOME");
    const jars = await installKafkaJars(cache, say);
    found.kafka = { java: java.path, ...jars, ...(await warmKafka(jars, java, say)) };
  }
  if (values.json) process.stdout.write(`${JSON.stringify(found)}\n`);
  else say("everything is there");
}

function mustFind(name) {
  const path = findProgram(name);
  if (!path) throw new Error(`${name} is not on PATH after installing it`);
  return path;
}

/**
 * Several test processes may start at once, and two installations of one thing must not meet. Runs this script again
 * under flock(1), whose lock ends with its process however that ends; where there is no flock, goes on without one.
 */
function alone() {
  if (process.env.SPANMILL_SERVERS_LOCKED === "1" || !findProgram("flock")) return true;
  const again = [join(cache, "install.lock"), process.execPath, ...process.argv.slice(1)];
  const { status, error } = spawnSync("flock", again, {
    stdio: "inherit",
    env: { ...process.env, SPANMILL_SERVERS_LOCKED: "1" },
  });
  if (error) throw error;
  process.exitCode = status ?? 1;
  return false;
}
