/**
 * Apache Kafka as Maven resolved it once: kafka-jars.lock names every jar with its SHA-256, so that no Maven is needed,
 * and nothing runs that is not in the list. To renew it: resolve org.apache.kafka:kafka_2.13 and
 * org.apache.logging.log4j:log4j-slf4j-impl (without a binding for slf4j 1.7 the broker logs nothing) in scope runtime,
 * and write a line `group:artifact:version:sha256` for each jar.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { findProgram } from "./programs.mjs";

const CENTRAL = "https://repo.maven.apache.org/maven2";
const LOCK = new URL("kafka-jars.lock", import.meta.url);
/** An alarm, not a failure of the network: nothing else is tried. */
class WrongFile extends Error {}

const ATTEMPTS = 3;
const AT_ONCE = 8;

/** The folder of the verified jars, `{ home, libs }`; `home` belongs to this very list of jars. */
export async function installKafkaJars(cache, say, lock = readFileSync(LOCK, "utf8")) {
  const jars = lock.trim().split("\n").map(readJar);
  const home = join(cache, `kafka-${sha256(lock).slice(0, 12)}`);
  const libs = join(home, "libs");
  if (existsSync(libs) && (await broken(libs, jars)) === undefined) return { home, libs };

  mkdirSync(home, { recursive: true });
  const fresh = mkdtempSync(join(home, "libs-"));
  try {
    await fetchAll(jars, fresh, say);
    rmSync(libs, { recursive: true, force: true });
    renameSync(fresh, libs);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
  return { home, libs };
}

function readJar(line) {
  const [group, artifact, version, digest] = line.split(":");
  const file = `${artifact}-${version}.jar`;
  return {
    group,
    artifact,
    version,
    digest,
    file,
    path: [...group.split("."), artifact, version, file].join("/"),
  };
}

async function broken(folder, jars) {
  const ok = await Promise.all(
    jars.map(async ({ file, digest }) => {
      const bytes = await readFile(join(folder, file)).catch(() => undefined);
      return bytes !== undefined && sha256(bytes) === digest;
    }),
  );
  return jars.find((_, i) => !ok[i]);
}

/** From the repository over HTTPS; where that fails and there is a Maven, as the machine's Maven does it. */
async function fetchAll(jars, folder, say) {
  const repository = (process.env.MAVEN_REPOSITORY_URL || mirrorOfSettings() || CENTRAL).replace(/\/+$/, "");
  say(`Apache Kafka: ${jars.length} jars from ${new URL(repository).host}`);
  try {
    const left = [...jars];
    await Promise.all(
      Array.from({ length: AT_ONCE }, async () => {
        for (let jar = left.shift(); jar; jar = left.shift()) await fetchJar(jar, repository, folder);
      }),
    );
  } catch (error) {
    const maven = findProgram("mvn");
    if (error instanceof WrongFile) throw error;
    if (!maven) {
      throw new Error(`${error.message}. MAVEN_REPOSITORY_URL names another repository than ${CENTRAL}`);
    }
    say(`${error.message}; trying ${maven}`);
    askMaven(maven, jars, folder);
  }
  const wrong = await broken(folder, jars);
  if (wrong) throw new WrongFile(`${wrong.file} is not the file that kafka-jars.lock names`);
}

async function fetchJar({ path, file, digest }, repository, folder) {
  for (let attempt = 1; ; attempt++) {
    try {
      const answer = await fetch(`${repository}/${path}`, { signal: AbortSignal.timeout(60_000) });
      if (!answer.ok) throw new Error(`HTTP status ${answer.status}`);
      const bytes = Buffer.from(await answer.arrayBuffer());
      if (sha256(bytes) !== digest) throw new WrongFile(`${file} is not the file that kafka-jars.lock names`);
      return await writeFile(join(folder, file), bytes);
    } catch (error) {
      if (attempt < ATTEMPTS) continue;
      throw error instanceof WrongFile
        ? error
        : new Error(`${file}: ${error.cause?.message ?? error.message}`);
    }
  }
}

/** The mirror of Maven Central in the user's Maven settings, if that names one in the open. */
function mirrorOfSettings() {
  const file = join(homedir(), ".m2", "settings.xml");
  if (!existsSync(file)) return undefined;
  const text = readFileSync(file, "utf8").replace(/<!--[\s\S]*?-->/g, "");
  const mirrors = [...text.matchAll(/<mirror>([\s\S]*?)<\/mirror>/g)].map(([, body]) => ({
    of: /<mirrorOf>\s*(.*?)\s*<\/mirrorOf>/.exec(body)?.[1] ?? "",
    url: /<url>\s*(https?:.*?)\s*<\/url>/.exec(body)?.[1],
  }));
  const central = ({ of }) =>
    of.split(/\s*,\s*/).some((name) => ["*", "central", "external:*"].includes(name));
  return mirrors.find((mirror) => mirror.url && central(mirror))?.url;
}

/** Settings that only Maven understands (proxies, passwords, several repositories) are left to it. */
function askMaven(maven, jars, folder) {
  const dependencies = jars.map(
    ({ group, artifact, version }) =>
      `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version></dependency>`,
  );
  const pom = join(folder, "pom.xml");
  writeFileSync(
    pom,
    `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion><groupId>spanmill</groupId>
<artifactId>kafka</artifactId><version>1</version><packaging>pom</packaging>
<dependencies>${dependencies.join("\n")}</dependencies></project>`,
  );
  const plugin = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies";
  const args = ["-q", "-B", "-f", pom, plugin, `-DoutputDirectory=${folder}`, "-DincludeScope=runtime"];
  const { status, stdout, stderr } = spawnSync(maven, args, { encoding: "utf8" });
  rmSync(pom);
  if (status !== 0) throw new Error(`Maven could not fetch Kafka's jars:\n${stdout}${stderr}`);
}

function sha256(bytes) {
  return createHash("sha256").update(bytes).digest("hex");
}
