import { cp, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { installedKafka } from "../support/servers/installed.js";
import { KAFKA_GIVEN } from "../support/servers/kafka.js";

interface Installer {
  installKafkaJars(
    cache: string,
    say: (line: string) => void,
    lock: string,
  ): Promise<{ home: string; libs: string }>;
}

describe.skipIf(KAFKA_GIVEN)(
  "the installation of Kafka (KAFKA_BOOTSTRAP unset)",
  { timeout: 180_000 },
  () => {
    let installer: Installer;
    let libs: string;
    let lock: string[];
    /** Small ones. */
    let few: string;
    let repository: Server;
    let asked: string[];
    let spoil: (file: string, bytes: Buffer) => Buffer | undefined;
    let cache: string;

    beforeAll(async () => {
      installer = await import(pathToFileURL(join(process.cwd(), "scripts/servers/kafka-jars.mjs")).href);
      lock = (await readFile("scripts/servers/kafka-jars.lock", "utf8")).trim().split("\n");
      few = lock.filter((line) => /:(jspecify|slf4j-api|snakeyaml|commons-digester):/.test(line)).join("\n");
      libs = (await installedKafka()).kafka.libs;
      repository = createServer(async (request, response) => {
        const file = basename(request.url ?? "");
        asked.push(request.url ?? "");
        const bytes = spoil(file, await readFile(join(libs, file)));
        if (bytes) response.end(bytes);
        else response.writeHead(503).end();
      });
      await new Promise<void>((resolve) => repository.listen(0, "127.0.0.1", resolve));
    }, 180_000);
    afterAll(() => repository.close());
    beforeEach(async () => {
      cache = await mkdtemp(join(tmpdir(), "spanmill-test-"));
      asked = [];
      spoil = (_, bytes) => bytes;
      const { port } = repository.address() as AddressInfo;
      vi.stubEnv("MAVEN_REPOSITORY_URL", `http://127.0.0.1:${port}/maven2/`);
    });
    afterEach(async () => {
      vi.unstubAllEnvs();
      await rm(cache, { recursive: true });
    });
    const install = (folder = cache) => installer.installKafkaJars(folder, () => {}, few);

    it("has Kafka and its binding for logs in its list, each jar with a checksum", () => {
      expect(lock).toHaveLength(45);
      expect(lock.filter((line) => !/^[\w.-]+:[\w.-]+:[\w.-]+:[0-9a-f]{64}$/.test(line))).toEqual([]);
      expect(lock.join("\n")).toMatch(/^org\.apache\.kafka:kafka_2\.13:4\.4\.0:/m);
      expect(lock.join("\n")).toMatch(/:log4j-slf4j-impl:/);
    });

    it("fetches each jar once, from the repository of the environment, and then needs none", async () => {
      const { libs: fresh } = await install();
      expect(asked).toHaveLength(4);
      expect(asked).toContain("/maven2/org/slf4j/slf4j-api/1.7.36/slf4j-api-1.7.36.jar");
      expect(await readdir(fresh)).toHaveLength(4);
      const before = await stat(fresh);
      await install();
      expect(asked).toHaveLength(4);
      expect((await stat(fresh)).ino).toBe(before.ino);
    });

    it("refuses a file that is not the one of the list, and leaves nothing behind", async () => {
      spoil = (file, bytes) =>
        file.startsWith("snakeyaml") ? Buffer.concat([bytes, Buffer.from("x")]) : bytes;
      await expect(install()).rejects.toThrow("snakeyaml-2.5.jar is not the file that kafka-jars.lock names");
      expect((await readdir(cache, { recursive: true })).filter((file) => file.endsWith(".jar"))).toEqual([]);
    });

    it("tries again what failed", async () => {
      const failed = new Set<string>();
      spoil = (file, bytes) => {
        if (failed.has(file)) return bytes;
        failed.add(file);
        return undefined;
      };
      await install();
      expect(asked).toHaveLength(8);
    });

    it("mends a folder in which a file has been changed", async () => {
      const { libs: fresh } = await install();
      await writeFile(join(fresh, "jspecify-1.0.0.jar"), "");
      await install();
      expect(await readFile(join(fresh, "jspecify-1.0.0.jar"))).toEqual(
        await readFile(join(libs, "jspecify-1.0.0.jar")),
      );
    });

    it("finds a folder that was carried over, without any network", async () => {
      const { home } = await install();
      const other = join(cache, "other");
      await cp(home, join(other, basename(home)), { recursive: true });
      asked = [];
      await install(other);
      expect(asked).toEqual([]);
    });
  },
);
