import { describe, expect, it } from "vitest";
import { parseCommandLine } from "../../src/cli/command-line.js";
import { COMMANDS } from "../../src/cli/commands.js";
import { COMMAND_NAMES, flagOf, variableOf } from "../../src/config/option.js";
import { optionsOf } from "../../src/config/options.js";
import { EXIT } from "../../src/errors.js";

const noFile = () => {
  throw new Error("no file");
};

function help(line: string, width?: number): string {
  const command = parseCommandLine(line === "" ? [] : line.split(" "), {}, noFile, "0", width);
  if (command.name !== "help") throw new Error(command.name);
  return command.text;
}

describe("help", () => {
  it("lists the commands", () => {
    for (const line of ["", "--help", "-h", "help", "help --help"]) {
      for (const name of COMMAND_NAMES) expect(help(line)).toContain(`  ${name} `);
    }
    expect(help("models --help")).toContain("  inspect  ");
    expect(help("help models")).toBe(help("models --help"));
  });

  it.each(COMMAND_NAMES)("tells all about %s", (name) => {
    const text = help(`${name} --help`);
    expect(help(`help ${name}`)).toBe(text);
    expect(text.startsWith(`Usage: spanmill ${name} [options]`)).toBe(true);
    const flat = text.replaceAll(/\s+/g, " ");
    for (const option of optionsOf(name)) {
      const flag = flagOf(option);
      expect(flat).toContain(
        option.value.placeholder === "" ? `--[no-]${flag.slice(2)} ` : `${flag} ${option.value.placeholder} `,
      );
      expect(flat).toContain(option.doc);
      expect(flat).toContain(`env: ${variableOf(option)})`);
      if (option.value.placeholder !== "" && option.default !== undefined)
        expect(flat).toContain(`default: ${option.default};`);
      for (const value of option.value.known ?? []) expect(flat).toContain(value);
    }
    for (const status of Object.values(EXIT)) expect(text).toMatch(new RegExp(`^ {2}${status} `, "m"));
  });

  it("answers whatever else is wrong with the command line", () => {
    expect(help("annotate --nonsense --threads x --help")).toBe(help("annotate -h"));
  });

  it("keeps to the width it is given, but for examples and names that are too long", () => {
    for (const width of [60, 80, 120]) {
      for (const name of COMMAND_NAMES) {
        const own = help(`${name} -h`, width)
          .split("\n")
          .filter((line) => !line.startsWith("  spanmill") && line.trim().includes(" "));
        for (const line of own) expect(line.length, line).toBeLessThanOrEqual(width);
      }
    }
  });
});

describe("examples", () => {
  it.each(COMMAND_NAMES.flatMap((name) => COMMANDS[name].examples.map(({ line }) => [line, name] as const)))(
    "%s",
    (line, name) => {
      const [, ...argv] = line.replace(/ [<>].*$/, "").split(" ");
      // A configuration file as those of the examples: it says where Kafka is.
      const file = () => "kafka: { brokers: [localhost:9092] }";
      expect(parseCommandLine(argv, {}, file, "0").name).toBe(name);
    },
  );
});
