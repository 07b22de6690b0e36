import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { spanmill } from "../support/command.js";
import { lookupFolder } from "../support/lookup-model.js";
import { temporaryFolder } from "../support/temporary.js";

const folder = temporaryFolder();
const letters = join(folder, "dead-letters.jsonl");
const CANARY = "Zanzibar";

beforeAll(async () => {
  const lines = [
    `not json ${CANARY}`,
    '{"id":"a","text":"Alice"}',
    `{"id":"${CANARY}"}`,
    `{"text":"${CANARY} and so on and on and on"}`,
  ];
  const input = join(folder, "in.jsonl");
  writeFileSync(input, `${lines.join("\n")}\n`);
  const run = ["run", "--model", lookupFolder(), "--threads", "1", "--max-document-size", "30", input];
  await spanmill(run, { cwd: folder });
});

describe("dead letters in a file", () => {
  it("are listed with their counts, and no text of any document", async () => {
    const { status, stdout, stderr } = await spanmill(["dlq", "list", letters]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toMatch(/^PLACE +CODE +FAILED +ATTEMPTS +BYTES +TIME +FROM\n/);
    expect(stdout).toContain(`${letters}:1  DOCUMENT_NOT_JSON`);
    expect(stdout).toContain("3 letters of 3 messages");
    expect(stdout).not.toContain(CANARY);
  });

  it("are listed as JSON, those that are chosen", async () => {
    const all = JSON.parse((await spanmill(["dlq", "list", letters, "--json"])).stdout);
    expect(all.letters.map(({ code }: { code: string }) => code)).toEqual([
      "DOCUMENT_NOT_JSON",
      "DOCUMENT_FIELD_MISSING",
      "DOCUMENT_TOO_LARGE",
    ]);
    expect(all.letters[2]).toMatchObject({
      place: `${letters}:3`,
      from: { topic: join(folder, "in.jsonl"), partition: 0, offset: "4" },
      failures: 1,
      attempts: 0,
    });
    const some = ["--code", "DOCUMENT_TOO_LARGE,document_not_json", "--since", "1h"];
    const { counts, complete } = JSON.parse(
      (await spanmill(["dlq", "list", letters, "--json", ...some])).stdout,
    );
    expect({ ...counts, complete }).toEqual({
      read: 3,
      chosen: 2,
      foreign: 0,
      byCode: { DOCUMENT_NOT_JSON: 1, DOCUMENT_TOO_LARGE: 1 },
      complete: true,
    });
    const none = await spanmill(["dlq", "list", letters, "--json", "--since", "2999-01-01"]);
    expect(JSON.parse(none.stdout)).toMatchObject({ letters: [], counts: { read: 3, chosen: 0 } });
  });

  it("are shown without their text, and with it when asked to", async () => {
    const place = `${letters}:1`;
    const shown = await spanmill(["dlq", "show", place]);
    expect(shown.status).toBe(0);
    expect(shown.stdout).toMatch(/spanmill\.error-code +DOCUMENT_NOT_JSON\n/);
    expect(shown.stdout).toMatch(/^value +17 bytes$/m);
    const json = await spanmill(["dlq", "show", place, "--json"]);
    expect(JSON.parse(json.stdout)).toMatchObject({ place, code: "DOCUMENT_NOT_JSON", valueBytes: 17 });
    for (const { stdout } of [shown, json]) {
      expect(stdout).not.toContain(CANARY);
      expect(stdout).not.toContain(Buffer.from(CANARY).toString("base64").slice(0, 8));
    }
    const value = await spanmill(["dlq", "show", place, "--value"]);
    expect(value.stdout).toBe(`not json ${CANARY}`);
    const both = JSON.parse((await spanmill(["dlq", "show", place, "--value", "--json"])).stdout);
    expect(Buffer.from(both.value, "base64").toString()).toBe(`not json ${CANARY}`);
  });

  it("hide what a header tries to do to the terminal", async () => {
    const hostile = join(folder, "hostile.jsonl");
    const [line] = readFileSync(letters, "utf8").split("\n");
    const letter = JSON.parse(line!);
    letter.headers = letter.headers.map(([name, text]: [string, string]) =>
      name === "__connect.errors.topic" ? [name, "\u001b[2Jtickets"] : [name, text],
    );
    writeFileSync(hostile, JSON.stringify(letter));
    for (const command of [
      ["list", hostile],
      ["show", `${hostile}:1`],
    ]) {
      expect((await spanmill(["dlq", ...command])).stdout).not.toContain("\u001b");
    }
  });

  it("of a relative path are not sent to a topic of its name", async () => {
    const cwd = temporaryFolder();
    writeFileSync(join(cwd, "in.jsonl"), "not json\n");
    await spanmill(["run", "--model", lookupFolder(), "--threads", "1", "in.jsonl", "--sink", "files"], {
      cwd,
    });
    const replay = ["dlq", "replay", "dead-letters.jsonl", "--kafka-brokers", "127.0.0.1:1", "--dry-run"];
    const { status, stderr } = await spanmill(replay, { cwd });
    expect({ status, stderr }).toEqual({ status: 2, stderr: expect.stringContaining("--to-topic") });
    expect((await spanmill([...replay, "--to-topic", "repaired"], { cwd })).status).toBe(0);
  });

  it("that are none are counted, and named where one is asked for", async () => {
    const file = join(folder, "other.jsonl");
    writeFileSync(file, 'nothing\n{"key":null,"value":"","headers":[]}\n');
    expect((await spanmill(["dlq", "list", file])).stdout).toContain(
      "2 messages not of spanmill, passed over",
    );
    const shown = await spanmill(["dlq", "show", `${file}:1`]);
    expect(shown.status).toBe(5);
    expect((await spanmill(["dlq", "show", `${letters}:99`])).stderr).toContain("there is no such message");
    expect((await spanmill(["dlq", "list", join(folder, "absent")])).status).toBe(5);
  });

  it.each([
    [["list"], "name a file of them, or give --kafka-brokers"],
    [["show", "17", "--kafka-brokers", "h:1"], "PLACE: write it as `dlq list` does"],
    [["replay", "f.jsonl"], "documents are sent to Kafka: give --kafka-brokers"],
    [
      ["replay", "--kafka-brokers", "h:1", "--to-topic", "spanmill.dead-letters"],
      "is the topic of the dead letters",
    ],
    [["replay", "--kafka-brokers", "h:1", "--skip", "3"], "--skip counts the lines of one file"],
    [["list", "f.jsonl", "--code", "NO_SUCH"], '"NO_SUCH" is not the code of an error'],
    [["list", "f.jsonl", "--since", "yesterday"], '"yesterday" is not a time'],
    [
      ["list", "--kafka-brokers", "h:1", "--kafka-tls-ca-file", "x"],
      "files for TLS are named, but it is off",
    ],
  ])("refuse %j", async (args, message) => {
    const { status, stderr } = await spanmill(["dlq", ...args]);
    expect({ status, stderr }).toEqual({ status: 2, stderr: expect.stringContaining(message) });
  });
});
