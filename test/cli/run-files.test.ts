import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { records, spanmill, start, surfaces } from "../support/command.js";
import { lookupFolder } from "../support/lookup-model.js";
import { temporaryFolder } from "../support/temporary.js";

const RUN = ["run", "--model", lookupFolder(), "--threads", "1"];
const folder = temporaryFolder();

function line(id: string, text: string): string {
  return JSON.stringify({ id, text });
}

function read(path: string) {
  return records(readFileSync(path, "utf8"));
}

/** The lines of the log. */
const log = records;

describe("the worker on files", () => {
  it("reads files and writes a file a channel; dead letters keep the bytes that came", async () => {
    const cwd = temporaryFolder();
    const input = join(folder, "in.jsonl");
    writeFileSync(input, `${line("a", "Alice left Berlin")}\nnot json\n${line("b", "Bob")}\n`);
    const channels = ["--channel-chunks", "", "--layout", "rows"];
    const { status, stdout, stderr } = await spanmill([...RUN, input, "--sink", "files", ...channels], {
      cwd,
    });
    expect({ status, stdout }).toEqual({ status: 0, stdout: "" });
    expect(read(join(cwd, "documents.jsonl")).map((row) => row.document_id)).toEqual(["a", "b"]);
    expect(read(join(cwd, "entities.jsonl")).map((row) => row.label)).toEqual(["PER", "LOC", "PER"]);
    expect(existsSync(join(cwd, "chunks.jsonl"))).toBe(false);
    const [letter] = read(join(cwd, "dead-letters.jsonl"));
    expect(Buffer.from(letter.value, "base64").toString()).toBe("not json");
    expect(Object.fromEntries(letter.headers)).toMatchObject({
      "spanmill.error-code": "DOCUMENT_NOT_JSON",
      "__connect.errors.topic": input,
      "__connect.errors.offset": "2",
    });
    expect(log(stderr).map(({ kind }) => kind)).toEqual(["started", "dead-letter", "ended"]);
    expect(stderr).not.toContain("not json");
  });

  it("reads standard input and writes standard output", async () => {
    const { status, stdout } = await spanmill(RUN, { input: `${line("a", "Alice left New York")}\n` });
    expect(status).toBe(0);
    expect(records(stdout).map(surfaces)).toEqual([["Alice/PER", "New York/LOC"]]);
  });

  it("reads subject and body from where the settings say, and publishes labels as they say", async () => {
    const config = join(folder, "fields.yaml");
    writeFileSync(
      config,
      "input: {subject: mail.subject, body: /mail/body, id: key}\nlabel: {only: [PER, LOC], rename: {LOC: PLACE}}\n",
    );
    const mail = { subject: "From Berlin", body: "Alice works at Acme." };
    const { stdout } = await spanmill([...RUN, "--config", config], {
      input: JSON.stringify({ key: 7, mail }),
    });
    const [record] = records(stdout);
    expect(record.document_id).toBe("7");
    expect(record.segments.map(({ kind }: { kind: string }) => kind)).toEqual(["subject", "body"]);
    expect(surfaces(record)).toEqual(["Berlin/PLACE", "Alice/PER"]);
  });

  it("stops at the first document that cannot be read where dead letters are off", async () => {
    const { status, stdout, stderr } = await spanmill([...RUN, "--channel-dead-letters", ""], {
      input: "not json\n",
    });
    expect({ status, stdout }).toEqual({ status: 12, stdout: "" });
    expect(stderr).toContain("DOCUMENT_NOT_JSON");
  });

  it.each(["SIGTERM", "SIGINT"] as const)(
    "finishes what is in flight at %s and ends well",
    async (signal) => {
      const run = start(RUN);
      run.process.stdin.write(`${line("a", "Alice")}\n${line("b", "Bob")}\n`);
      await run.until(({ stdout }) => records(stdout.slice(0, stdout.lastIndexOf("\n") + 1)).length === 2);
      // Standard input stays open: only the signal can end it.
      run.process.kill(signal);
      const { status, stdout, stderr } = await run.finished;
      expect(status).toBe(0);
      expect(records(stdout)).toHaveLength(2);
      expect(log(stderr).at(-1)).toMatchObject({ kind: "ended", reason: "drained", abandoned: 0 });
    },
  );

  it("names a label that no model has before anything is written", async () => {
    const output = join(folder, "kept.jsonl");
    writeFileSync(output, "kept\n");
    const sink = ["--sink", "files", "--channel-documents", output, "--channel-entities", ""];
    const off = ["--channel-pos", "", "--channel-chunks", "", "--label-only", "PRE"];
    const { status, stderr } = await spanmill([...RUN, ...sink, ...off], { input: line("a", "Alice") });
    expect(status).toBe(2);
    expect(stderr).toContain("--label-only: no model has the label PRE; did you mean PER?");
    expect(readFileSync(output, "utf8")).toBe("kept\n");
  });
});
