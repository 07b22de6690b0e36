/** The option table as flags of commander, which knows the grammar: `-oFILE`, `--key=value`, `--`, and so on. */
import { Command, Option } from "commander";
import { flagOf, type OptionDeclaration } from "../config/option.js";
import { didYouMean, type Problem } from "../config/problems.js";
import type { Given, Settings } from "../config/resolve.js";
import { nearest } from "../nearest.js";

/** A commander command with the flags of `options`, for its `parseOptions` and its help alone. */
export function flagParser(
  options: readonly OptionDeclaration[],
  describe?: (option: OptionDeclaration) => string,
) {
  const command = new Command().helpOption(false);
  const switches = new Set(options.filter(({ value }) => value.placeholder === "").map(flagOf));
  command.configureHelp({
    minWidthToWrap: 20,
    optionTerm: ({ flags, long }) =>
      switches.has(long ?? "") ? flags.replace("--", "--[no-]") : flags.replaceAll(/[<>]/g, ""),
  });
  for (const option of options) {
    const { placeholder } = option.value;
    const long = placeholder === "" ? flagOf(option) : `${flagOf(option)} <${placeholder}>`;
    const flag = new Option(
      option.short === undefined ? long : `-${option.short}, ${long}`,
      describe?.(option),
    );
    command.addOption(flag.helpGroup(`${option.group}:`));
    if (placeholder === "") command.addOption(new Option(negated(option)).hideHelp());
  }
  return command.addOption(new Option("-h, --help", "Prints this help.").helpGroup("General:"));
}

export interface Flags {
  readonly settings: Settings;
  readonly operands: readonly string[];
  readonly help: boolean;
  readonly problems: readonly Problem[];
}

/** Reads what follows the name of a command; all that is wrong with the flags is in `problems`. */
export function readFlags(argv: readonly string[], options: readonly OptionDeclaration[]): Flags {
  const settings = new Map<string, Given[]>();
  const problems: Problem[] = [];
  const refuse = (message: string) => problems.push({ code: "USAGE", message });
  const parser = flagParser(options);
  const names = new Set(parser.options.flatMap(({ long, short }) => [long!, ...(short ? [short] : [])]));
  let help = false;
  for (const option of options) {
    const where = flagOf(option);
    const given = () => settings.get(option.key) ?? settings.set(option.key, []).get(option.key)!;
    if (option.value.placeholder === "") {
      listen(parser, where, () => given().push({ text: "true", where }));
      listen(parser, negated(option), () => given().push({ text: "false", where }));
    } else {
      listen(parser, where, (text) => {
        const parts = option.value.split(text, "flag");
        if (text === END || names.has(text) || parts.length === 0) refuse(needsValue(where, option));
        else given().push(...parts.map((part) => ({ text: part, where })));
      });
    }
  }
  listen(parser, "--help", () => {
    help = true;
  });
  const { operands, unknown } = parser.parseOptions([...argv, END]);
  for (const argument of beforeDashes(unknown))
    if (/^-./s.test(argument)) refuse(unknownFlag(argument, names));
  return { settings, operands: operands.filter((operand) => operand !== END), help, problems };
}

/**
 * Put behind the last argument: a flag that lacks its value there takes this, which no argument of a process
 * can be, and parsing goes on to find all else that is wrong.
 */
const END = "\0";

function negated(option: OptionDeclaration): string {
  return flagOf(option).replace("--", "--no-");
}

/** Commander announces each flag that it meets, in order, with its value. */
function listen(parser: Command, long: string, listener: (value: string) => void): void {
  parser.on(`option:${long.slice(2)}`, listener);
}

function needsValue(flag: string, { value }: OptionDeclaration): string {
  return `${flag}: needs a value, ${flag} ${value.placeholder}`;
}

function unknownFlag(argument: string, names: ReadonlySet<string>): string {
  const [flag] = argument.split("=", 1) as [string];
  if (names.has(flag)) return `${flag}: takes no value`;
  const known = [...names].filter((name) => name.startsWith("--") && !name.startsWith("--no-"));
  const negative = flag.startsWith("--no-");
  const candidates = negative ? [...names].filter((name) => name.startsWith("--no-")) : known;
  const meant = nearest(
    flag.replace(/^-+/, ""),
    candidates.map((name) => name.slice(2)),
  );
  return `${flag}: unknown option${didYouMean(meant === undefined ? undefined : `--${meant}`)}`;
}

/** What follows `--` is never a flag. */
function beforeDashes(args: readonly string[]): readonly string[] {
  const dashes = args.indexOf("--");
  return dashes < 0 ? args : args.slice(0, dashes);
}
