import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  describeForeign,
  ERRORS,
  type ErrorCode,
  EXIT,
  fromWire,
  SpanmillError,
  systemCode,
  toWire,
} from "../src/errors.js";

const CODES = Object.keys(ERRORS) as ErrorCode[];

describe("the list of errors", () => {
  const families: Readonly<Record<string, readonly number[]>> = {
    INTERNAL: [EXIT.internal],
    USAGE: [EXIT.usage],
    CONFIG: [EXIT.usage],
    DOCUMENT: [EXIT.rejected],
    INPUT: [EXIT.input],
    OUTPUT: [EXIT.output, EXIT.closedPipe],
    SINK: [EXIT.output],
    MODEL: [EXIT.model, EXIT.inference],
    TRAINING: [EXIT.input, EXIT.inference],
    CHECKPOINT: [EXIT.model],
    INFERENCE: [EXIT.inference],
    THREAD: [EXIT.inference],
    KAFKA: [EXIT.input, EXIT.heartbeat],
    DELIVERY: [EXIT.input],
    TASK: [EXIT.stuck],
    DEAD: [EXIT.tooManyDeadLetters],
  };

  it.each(CODES)("%s has a meaning and the exit status of its family", (code) => {
    const { exit, meaning } = ERRORS[code];
    expect(families[code.split("_")[0]!]).toContain(exit);
    expect(meaning).toMatch(/^[a-zA-Z].{10,}[^.]$/);
  });

  it("has no code that nothing fails with", () => {
    const root = fileURLToPath(new URL("../..", import.meta.url));
    const sources = ["src", "workers"]
      .flatMap((folder) =>
        readdirSync(join(root, folder), { recursive: true }).map((f) => join(root, folder, String(f))),
      )
      .filter((path) => path.endsWith(".ts") && !path.endsWith("errors.ts"))
      .map((path) => readFileSync(path, "utf8"))
      .concat(readFileSync(join(root, "src/errors.ts"), "utf8").split("export type ErrorCode")[1]!);
    expect(CODES.filter((code) => !sources.some((text) => text.includes(`"${code}"`)))).toEqual([]);
  });

  it("gives each exit status but 0 a number of its own", () => {
    const numbers = Object.values(EXIT);
    expect(new Set(numbers).size).toBe(numbers.length);
    expect(EXIT.ok).toBe(0);
  });
});

describe("an error that crosses the thread line", () => {
  it.each(CODES)("keeps code, message, exit status and whether to try again: %s", (code) => {
    const error = new SpanmillError(code, "what, where, how to mend", { cause: new Error("canary") });
    const wire = structuredClone(toWire(error));
    expect(JSON.stringify(wire)).not.toContain("canary");
    const back = fromWire(wire);
    expect(back).toBeInstanceOf(SpanmillError);
    expect({ ...ERRORS[code], code: back.code, message: back.message }).toEqual({
      code,
      message: "what, where, how to mend",
      meaning: ERRORS[code].meaning,
      exit: back.exitCode,
      retryable: back.retryable,
    });
  });

  it("is a defect, without its message, where it is a foreign one", () => {
    expect(toWire(new TypeError("canary"))).toEqual({
      code: "INTERNAL",
      message: expect.stringMatching(/^TypeError at errors\.test\.ts:\d+:\d+$/),
    });
    expect(toWire("canary")).toEqual({ code: "INTERNAL", message: "a thrown string" });
  });
});

describe("a foreign error's description", () => {
  const withStack = (stack: unknown, message = "canary") =>
    Object.defineProperty(new Error(message), "stack", { value: stack });

  /** The stack keeps the message that the error was made with. */
  const changed = (before: string, after: string) => withStack(new Error(before).stack, after);

  it("names class, system code and place", () => {
    const error = Object.assign(new RangeError("canary"), { code: "ENOSPC" });
    expect(describeForeign(error)).toMatch(/^RangeError ENOSPC at errors\.test\.ts:\d+:\d+$/);
  });

  it("names the first place that is in a file", () => {
    const parse = () => JSON.parse('{"canary": oops}');
    expect(parse).toThrow(SyntaxError);
    try {
      parse();
    } catch (error) {
      expect(describeForeign(error)).toMatch(/^SyntaxError at errors\.test\.ts:\d+:\d+$/);
    }
  });

  it("reads stacks whose header has a code of Node", () => {
    try {
      Buffer.alloc(-1);
      expect.unreachable();
    } catch (error) {
      expect(describeForeign(error)).toMatch(/^RangeError ERR_OUT_OF_RANGE at [\w:]+:\d+:\d+$/);
    }
  });

  it.each<[string, unknown]>([
    ["a message of frames", new Error("a\n    at canary (/canary.js:1:1)\n    at canary.js:2:2")],
    ["a message that is a frame", new Error("\n    at canary.js:1:1")],
    ["a message that was changed later", changed("x\n    at canary.js:1:1", "y")],
    ["a message that was emptied", changed("x\n    at canary.js:1:1", "")],
    ["a stack that is the message", withStack("canary")],
    ["a stack of other frames", withStack("canary\n    at canary.js:1:1")],
    ["a stack that is no string", withStack(["canary"])],
    ["a stack that is an object", withStack({ toString: () => "\n    at canary" })],
    ["no stack", withStack(undefined)],
    ["a name that is a sentence", Object.assign(new Error("x"), { name: "the canary sings" })],
    ["a name of lines", Object.assign(new Error("x"), { name: "Error\n    at canary.js:1:1" })],
    ["a name that is no string", Object.assign(new Error("x"), { name: ["canary"] })],
    ["a code that is a sentence", Object.assign(new Error("x"), { code: "the canary sings" })],
    ["a code that is a word", Object.assign(new Error("x"), { code: "canary" })],
    ["a cause", new Error("x", { cause: new Error("canary") })],
    ["a thrown string", "canary"],
    ["a thrown object", { message: "canary", code: "canary", stack: "\n    at canary" }],
    ["null", null],
    ["undefined", undefined],
    ["a thrown symbol", Symbol("canary")],
  ])("holds no text of %s", (_, error) => {
    expect(describeForeign(error)).not.toContain("canary");
    expect(describeForeign(error)).toMatch(/^(a thrown \w+|Error( at \S+:\d+:\d+)?)$/);
  });

  it("holds no part of any message", () => {
    const part = fc.constantFrom("canary", "\n", "    at ", " (", ")", "/canary.js:1:1", ": ", "Error", "x");
    fc.assert(
      fc.property(fc.array(part, { maxLength: 8 }), fc.constantFrom(Error, SyntaxError), (parts, Kind) => {
        const described = describeForeign(new Kind(parts.join("")));
        expect(described).not.toContain("canary");
        expect(described).toMatch(/^\w+ at errors\.test\.ts:\d+:\d+$/);
      }),
      { numRuns: 500 },
    );
  });
});

describe("systemCode", () => {
  it.each([
    [{ code: "ENOENT" }, "ENOENT"],
    [{ code: 2 }, undefined],
    [{ code: "no such file: canary" }, undefined],
    [null, undefined],
    [undefined, undefined],
    ["ENOENT", undefined],
  ])("%#", (error, code) => expect(systemCode(error)).toBe(code));
});
