import fc from "fast-check";
import { describe, expect, expectTypeOf, it } from "vitest";
import { type Command, parseCommandLine } from "../../src/cli/command-line.js";
import {
  COMMAND_NAMES,
  flagOf,
  type OptionDeclaration,
  propertyOf,
  variableOf,
} from "../../src/config/option.js";
import { type AnnotateOptions, optionsOf } from "../../src/config/options.js";
import { SpanmillError } from "../../src/errors.js";

type Env = Record<string, string | undefined>;

function parse(argv: readonly string[], { env = {}, file }: { env?: Env; file?: string } = {}): Command {
  const readFile = (path: string) => {
    if (file === undefined || path !== "c.yaml") throw Object.assign(new Error("no"), { code: "ENOENT" });
    return file;
  };
  return parseCommandLine(argv, env, readFile, "1.2.3");
}

function annotate(argv: readonly string[], more: { env?: Env; file?: string } = {}): AnnotateOptions {
  const command = parse(["annotate", ...argv], more);
  if (command.name !== "annotate") throw new Error(command.name);
  return command.options;
}

/** The lines of the error that `argv` meets, without the hint at the end. */
function problems(argv: readonly string[], more: { env?: Env; file?: string } = {}): readonly string[] {
  return refusal(argv, more).message.split("\n").slice(0, -1);
}

function refusal(argv: readonly string[], more: { env?: Env; file?: string } = {}): SpanmillError {
  try {
    parse(argv, more);
  } catch (error) {
    if (error instanceof SpanmillError) return error;
    throw error;
  }
  throw new Error("accepted");
}

describe("commands", () => {
  it("gives each command its operands and options", () => {
    expect(parse(["annotate", "a", "-", "b"])).toMatchObject({ name: "annotate", files: ["a", "-", "b"] });
    expect(parse(["annotate", "--", "-x", "--quiet"])).toMatchObject({
      files: ["-x", "--quiet"],
      options: { quiet: false },
    });
    expect(parse(["models", "inspect", "m", "--json"])).toMatchObject({
      name: "models inspect",
      dir: "m",
      options: { dtype: "auto", json: true },
    });
    expect(parse(["schema"])).toEqual({ name: "schema", options: {} });
    expect(parse(["doctor", "--model", "m"])).toEqual({
      name: "doctor",
      options: { model: [{ lenses: undefined, dir: "m" }], json: false },
    });
  });

  it("narrows by name", () => {
    type Inspect = Extract<Command, { name: "models inspect" }>;
    expectTypeOf<Inspect["dir"]>().toEqualTypeOf<string>();
    expectTypeOf<Extract<Command, { name: "annotate" }>["files"]>().toEqualTypeOf<readonly string[]>();
    expectTypeOf<Extract<Command, { name: "schema" }>>().not.toHaveProperty("files");
  });

  it("answers with the version", () => {
    for (const flag of ["--version", "-V"]) expect(parse([flag])).toEqual({ name: "version", text: "1.2.3" });
  });

  it.each([
    [["anotate"], '"anotate" is no command; did you mean annotate?'],
    [["help", "evalute"], '"evalute" is no command; did you mean evaluate?'],
    [["ticket.txt"], '"ticket.txt" is no command; the commands are annotate, run'],
    [
      ["models", "inspekt"],
      'spanmill models: "inspekt" is none of its commands; did you mean models inspect?',
    ],
    [["models"], "spanmill models: which one is missing; did you mean models inspect?"],
    [["--model=secret", "annotate"], "--model: the command comes first"],
  ])("refuses %j", (argv, message) => {
    expect(refusal(argv).code).toBe("USAGE");
    expect(refusal(argv).message).toContain(message);
    expect(refusal(argv).message).not.toContain("secret");
  });

  it("counts operands", () => {
    expect(problems(["models", "inspect"])).toEqual(["DIR is missing: spanmill models inspect DIR"]);
    expect(problems(["models", "inspect", "a", "b"])[0]).toMatch(
      /^"b": spanmill models inspect takes no such/,
    );
    expect(problems(["schema", "x"])[0]).toMatch(/^"x": spanmill schema takes no such/);
  });
});

describe("flags", () => {
  it("understands the forms that command lines have", () => {
    for (const argv of [
      ["-o", "f"],
      ["-of"],
      ["--output", "f"],
      ["--output=f"],
      ["--output", "g", "-o", "f"],
    ]) {
      expect(annotate(argv).output).toBe("f");
    }
    expect(annotate(["--lens", "ner,pos", "--lens", "chunk"]).lens).toEqual(["ner", "pos", "chunk"]);
    expect(annotate(["--quiet", "--no-quiet"]).quiet).toBe(false);
    expect(annotate(["-o", "f", "--show"]).show).toBe(true);
    const command = parse(["evaluate", "f", "--column", "-1", "--map", "-LRB-=("]);
    expect(command).toMatchObject({
      options: { column: { otherwise: -1 }, map: [{ from: "-LRB-", to: "(" }] },
    });
  });

  it("reports everything that is wrong with them at once", () => {
    expect(
      problems([
        "annotate",
        "--modle",
        "x",
        "--quiet=yes",
        "--no-quite",
        "--threads",
        "zero",
        "--to",
        "jsonk",
        "--model",
        "--words",
        "--field",
      ]),
    ).toEqual([
      "8 problems:".replace("8", "7"),
      "  --model: needs a value, --model [LENS[,LENS]=]DIR",
      "  --field: needs a value, --field NAME",
      "  --modle: unknown option; did you mean --model?",
      "  --quiet: takes no value",
      "  --no-quite: unknown option; did you mean --no-quiet?",
      '  --threads: "zero" is not a whole number from 1 to 1024',
      '  --to: "jsonk" is not one of jsonl, conll, conllu, brat, terminal; did you mean jsonl?',
    ]);
  });

  it("never repeats the value of an unknown flag or of a secret", () => {
    expect(refusal(["annotate", "--hmac-key=hunter2"]).message).toContain("did you mean --hmac-key-file?");
    expect(refusal(["annotate", "--hmac-key=hunter2"]).message).not.toContain("hunter2");
    expect(refusal(["annotate", "--hmac-key-file", "hunter2\0"]).message).not.toContain("hunter2");
  });

  it("refuses an option of another command", () => {
    expect(problems(["annotate", "--gold", "x"])).toEqual(["--gold: unknown option"]);
  });

  it("never lets a value steer the terminal", () => {
    expect(problems(["annotate", "--threads", "\u001b[31m\u202e\n"])[0]).toBe(
      '--threads: "\\u{1b}[31m\\u{202e}\\u{a}" is not a whole number from 1 to 1024',
    );
  });

  it("throws nothing but its own errors, whatever it is given", () => {
    const names = COMMAND_NAMES.flatMap((name) => optionsOf(name).map(flagOf));
    const argument = fc.oneof(fc.constantFrom(...names, "--", "-", "-o", "-oq", "--x=", "help"), fc.string());
    fc.assert(
      fc.property(fc.constantFrom(...COMMAND_NAMES), fc.array(argument, { maxLength: 8 }), (name, rest) => {
        try {
          parse([...name.split(" "), ...rest]);
        } catch (error) {
          expect(error).toBeInstanceOf(SpanmillError);
        }
      }),
      { numRuns: 300 },
    );
  });
});

/** A text that the option understands; not its default, where there is another. */
function sample(option: OptionDeclaration): string {
  const candidates = [...(option.value.known ?? []), "true", "25", "0.5", "upos", "2MiB", "A=B", "name"];
  return candidates.find((text) => text !== option.default && "value" in option.value.read([text]))!;
}

describe("sources", () => {
  it("reads every option alike from flag, variable and file", () => {
    for (const command of ["annotate", "evaluate"] as const) {
      for (const option of optionsOf(command).filter(({ key }) => key !== "config")) {
        const text = sample(option);
        const expected = { value: option.value.read([text]) };
        const flag = option.value.placeholder === "" ? [flagOf(option)] : [flagOf(option), text];
        const sources: [readonly string[], Env, string][] = [
          [flag, {}, ""],
          [[], { [variableOf(option)]: text }, ""],
          [[], {}, `${option.key}: ${JSON.stringify(text)}`],
        ];
        for (const [argv, env, file] of sources) {
          const value = optionValue(command, argv, env, file, option);
          expect({ value: { value } }, `${command} ${option.key}`).toEqual(expected);
        }
      }
    }
  });

  it("takes flags before environment before file before defaults", () => {
    const maybe = (values: fc.Arbitrary<number>) => fc.option(values, { nil: undefined });
    const value = maybe(fc.integer({ min: 1, max: 1000 }));
    fc.assert(
      fc.property(value, value, value, (flag, variable, key) => {
        const argv = ["--config", "c.yaml", ...(flag === undefined ? [] : ["--skip", String(flag)])];
        const env = { SPANMILL_SKIP: variable?.toString() };
        const file = key === undefined ? "quiet: true" : `skip: ${key}`;
        expect(annotate(argv, { env, file }).skip).toBe(flag ?? variable ?? key ?? 0);
      }),
    );
  });

  it("finds the configuration file by flag or variable, and says where it is missing", () => {
    const env = { SPANMILL_CONFIG: "c.yaml" };
    expect(annotate([], { env, file: "threads: 3" }).threads).toBe(3);
    expect(refusal(["annotate"], { env }).code).toBe("CONFIG_INVALID");
    expect(problems(["annotate"], { env })).toEqual([
      'SPANMILL_CONFIG: the configuration file "c.yaml" does not exist; name another or leave it out',
    ]);
    expect(problems(["annotate", "--config", "d"])[0]).toMatch(/^--config: the configuration file "d"/);
  });

  it("lets commands share a file", () => {
    const file = "from: text\ngold: dev.conll\npred: a\nmodel: [m]";
    const config = ["--config", "c.yaml"];
    expect(annotate(config, { file }).from).toBe("text");
    expect(parse(["evaluate", ...config, "--from", "conll"], { file })).toMatchObject({
      options: { from: "conll" },
    });
    expect(problems(["evaluate", ...config], { file })).toEqual([
      'c.yaml:1:7: from: "text" is not one of conll, conllu, jsonl',
    ]);
  });

  it("reports a wrong value of file or variable, even one that a flag overrides", () => {
    const error = refusal(["annotate", "--config", "c.yaml", "--threads", "2", "--skip", "1"], {
      env: { SPANMILL_SKIP: "some", SPANMILL_FROM: "txet" },
      file: "threads: many\ngold: [a, b]\nfail-under: 90\ntext:\n  PER: hmca",
    });
    expect(error.code).toBe("CONFIG_INVALID");
    expect(error.message.split("\n").slice(1, -1)).toEqual([
      "  c.yaml:2:7: gold: takes one value, not a list",
      '  SPANMILL_FROM: "txet" is not one of text, lines, jsonl, conll, conllu; did you mean text?',
      '  c.yaml:5:3: text: "PER=hmca" is not one of none, hmac, masked, full, or LABEL= and that; did you mean hmac?',
      '  SPANMILL_SKIP: "some" is not a whole number of at least 0',
      '  c.yaml:1:10: threads: "many" is not a whole number from 1 to 1024',
      '  c.yaml:3:13: fail-under: "90" is not a number from 0 to 1 (90 % is 0.9)',
    ]);
  });
});

function optionValue(
  command: "annotate" | "evaluate",
  argv: readonly string[],
  env: Env,
  file: string,
  option: OptionDeclaration,
): unknown {
  // What the option cannot do without, so that no rule over several options objects.
  const company: Record<string, readonly string[]> = {
    append: ["-o", "x"],
    show: ["-o", "x"],
    to: ["-o", "x"],
    gold: ["--pred", "x"],
    pred: ["--gold", "x"],
    text: ["--hmac-key-file", "x"],
  };
  const operands =
    command === "evaluate" && option.key !== "gold" && option.key !== "pred" ? ["x.conll"] : [];
  const rest = [...operands, ...(company[option.key] ?? []), "--config", "c.yaml"];
  const parsed = parse([command, ...argv, ...rest], { env, file });
  return (parsed as unknown as { options: Record<string, unknown> }).options[propertyOf(option)];
}
