/** From the arguments of the process to one command with its options. Pure: nothing is printed, nobody exits. */
import { readEnvironment } from "../config/environment.js";
import { readConfigFile } from "../config/file.js";
import { type Linted, lintAnnotate, lintEvaluate, lintTrain } from "../config/lint.js";
import { lintDlqList, lintDlqReplay, lintDlqShow } from "../config/lint-kafka.js";
import { lintRun } from "../config/lint-run.js";
import { COMMAND_NAMES, type CommandName } from "../config/option.js";
import {
  type AnnotateOptions,
  type DlqListOptions,
  type DlqReplayOptions,
  type DlqShowOptions,
  type EvaluateOptions,
  OPTIONS,
  type OptionsOf,
  optionsOf,
  type RunOptions,
  type TrainOptions,
} from "../config/options.js";
import { didYouMean, type Problem, quote, throwProblems } from "../config/problems.js";
import { resolveOptions, type Settings } from "../config/resolve.js";
import { SpanmillError, systemCode } from "../errors.js";
import { nearest } from "../nearest.js";
import { COMMANDS, type CommandDeclaration } from "./commands.js";
import { readFlags } from "./flags.js";
import { commandHelp, programHelp } from "./help.js";

type OperandsOf<C extends CommandName> = (typeof COMMANDS)[C] extends {
  operand: { name: infer Name extends string; many: infer Many };
}
  ? {
      readonly [K in Name]: Many extends true
        ? readonly string[]
        : (typeof COMMANDS)[C] extends { operand: { optional: true } }
          ? string | undefined
          : string;
    }
  : unknown;

/** What the user wants done: `{name: "annotate", files, options}`, `{name: "models inspect", dir, options}`, ... */
export type Command =
  | Exclude<PlainCommand, { name: "doctor" }>
  /** `worker`: what a configuration file says, as `run` reads it. */
  | (Extract<PlainCommand, { name: "doctor" }> & { readonly worker: RunOptions | undefined })
  | { readonly name: "help"; readonly text: string }
  | { readonly name: "version"; readonly text: string };

type PlainCommand = {
  [C in CommandName]: { readonly name: C; readonly options: OptionsOf<C> } & OperandsOf<C>;
}[CommandName];

/**
 * Reads the command line (`argv` without node and script), the environment and the configuration file.
 *
 * @param readFile gives the content of the configuration file, or throws
 * @param width columns that help texts may have
 * @throws SpanmillError USAGE or CONFIG_INVALID, with everything that is wrong at once
 */
export function parseCommandLine(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  readFile: (path: string) => string,
  version: string,
  width = 80,
): Command {
  const [first, ...rest] = argv;
  if (first === undefined || first === "--help" || first === "-h")
    return { name: "help", text: programHelp(width) };
  if (first === "--version" || first === "-V") return { name: "version", text: version };
  if (first === "help") return { name: "help", text: helpOn(rest, width) };
  const name = commandNamed(argv);
  if (name === undefined) {
    if (isGroup(first) && rest.some(isHelpFlag)) return { name: "help", text: programHelp(width, first) };
    throw unknownCommand(argv);
  }
  const flags = readFlags(argv.slice(name.split(" ").length), optionsOf(name));
  if (flags.help) return { name: "help", text: commandHelp(name, width) };
  const command = commandFrom(name, flags, env, readFile);
  if (command.name !== "doctor") return command;
  const worker =
    command.options.config === undefined ? undefined : commandFrom("run", flags, env, readFile).options;
  return { ...command, worker };
}

function commandFrom<C extends CommandName>(
  name: C,
  flags: ReturnType<typeof readFlags>,
  env: Readonly<Record<string, string | undefined>>,
  readFile: (path: string) => string,
): Extract<PlainCommand, { name: C }> {
  const own = optionsOf(name);
  const environment = readEnvironment(env, OPTIONS);
  const hasConfig = own.some(({ key }) => key === "config");
  const config = hasConfig
    ? (flags.settings.get("config") ?? environment.settings.get("config"))?.at(-1)
    : undefined;
  const file = config === undefined ? NO_FILE : openConfig(config.text, config.where, readFile);
  const sources = { flags: flags.settings, environment: environment.settings, file: file.settings };
  const resolved = resolveOptions(own, OPTIONS, sources);
  const operands = operandsOf(name, flags.operands);
  const problems = [...flags.problems, ...operands.problems, ...environment.problems, ...file.problems];
  problems.push(...resolved.problems);
  // A missing value may be the one that is wrong: combinations are judged once all single values are sound.
  if (problems.length === 0) {
    problems.push(...lint(name, flags.operands, resolved.values, flags.settings));
  }
  throwProblems(problems, `\`spanmill ${name} --help\` explains the options`);
  // The values were read by the table that OptionsOf is derived from; the compiler cannot follow them through it.
  return { name, options: resolved.values, ...operands.values } as unknown as Extract<
    PlainCommand,
    { name: C }
  >;
}

const NO_FILE: ReturnType<typeof readConfigFile> = { settings: new Map(), problems: [] };

function openConfig(
  path: string,
  where: string,
  readFile: (path: string) => string,
): ReturnType<typeof readConfigFile> {
  let source: string;
  try {
    source = readFile(path);
  } catch (error) {
    const why =
      systemCode(error) === "ENOENT" ? "does not exist" : `cannot be read (${systemCode(error) ?? "error"})`;
    const message = `${where}: the configuration file ${quote(path)} ${why}; name another or leave it out`;
    return { settings: new Map(), problems: [{ code: "CONFIG_INVALID", message }] };
  }
  return readConfigFile(path, source, OPTIONS);
}

function operandsOf(name: CommandName, given: readonly string[]) {
  const { operand }: CommandDeclaration = COMMANDS[name];
  const problems: Problem[] = [];
  const refuse = (message: string) => problems.push({ code: "USAGE", message });
  if (operand?.many) return { values: { [operand.name]: given }, problems };
  const value = operand === undefined ? undefined : given[0];
  const excess = given.slice(operand === undefined ? 0 : 1);
  if (operand !== undefined && !operand.optional && value === undefined) {
    refuse(`${operand.placeholder} is missing: spanmill ${name} ${operand.placeholder}`);
  }
  for (const argument of excess)
    refuse(`${quote(argument)}: spanmill ${name} takes no such argument; leave it out`);
  return { values: operand === undefined ? {} : { [operand.name]: value }, problems };
}

function lint(
  name: CommandName,
  files: readonly string[],
  values: Readonly<Record<string, unknown>>,
  flags: Settings,
): readonly Problem[] {
  const linted: Linted<unknown> = { files, options: values, isFlag: (key) => flags.has(key) };
  return lintOf(name, linted).map((message) => ({ code: "USAGE", message }));
}

function lintOf(name: CommandName, linted: Linted<unknown>): readonly string[] {
  switch (name) {
    case "annotate":
      return lintAnnotate(linted as Linted<AnnotateOptions>);
    case "evaluate":
      return lintEvaluate(linted as Linted<EvaluateOptions>);
    case "train":
      return lintTrain(linted as Linted<TrainOptions>);
    case "run":
      return lintRun(linted as Linted<RunOptions>);
    case "dlq list":
      return lintDlqList(linted as Linted<DlqListOptions>);
    case "dlq show":
      return lintDlqShow(linted as Linted<DlqShowOptions>);
    case "dlq replay":
      return lintDlqReplay(linted as Linted<DlqReplayOptions>);
    default:
      return [];
  }
}

function helpOn(words: readonly string[], width: number): string {
  const name = commandNamed(words);
  if (name !== undefined) return commandHelp(name, width);
  const [first] = words;
  if (first === undefined || isHelpFlag(first)) return programHelp(width);
  if (isGroup(first) && words.length === 1) return programHelp(width, first);
  throw unknownCommand(words);
}

/** The command whose words `argv` begins with. */
function commandNamed(argv: readonly string[]): CommandName | undefined {
  return COMMAND_NAMES.find((name) => name.split(" ").every((word, index) => argv[index] === word));
}

/** Whether `word` is the first of commands of two words. */
function isGroup(word: string): boolean {
  return COMMAND_NAMES.some((name) => name.startsWith(`${word} `));
}

function isHelpFlag(argument: string): boolean {
  return argument === "--help" || argument === "-h";
}

function unknownCommand([first = "", second]: readonly string[]): SpanmillError {
  const commands = `the commands are ${COMMAND_NAMES.join(", ")}\n\`spanmill --help\` tells what they do`;
  if (/^-./s.test(first)) {
    return new SpanmillError("USAGE", `${first.split("=", 1)[0]}: the command comes first; ${commands}`);
  }
  if (isGroup(first)) {
    const own = COMMAND_NAMES.filter((name) => name.startsWith(`${first} `));
    const what = second === undefined ? "which one is missing" : `${quote(second)} is none of its commands`;
    const meant = second === undefined ? own[0] : nearest(`${first} ${second}`, own);
    return new SpanmillError(
      "USAGE",
      `spanmill ${first}: ${what}${didYouMean(meant)}\n\`spanmill help ${first}\` lists them`,
    );
  }
  const meant =
    nearest(first, [...COMMAND_NAMES, "help"]) ?? nearest(`${first} ${second ?? ""}`.trim(), COMMAND_NAMES);
  return new SpanmillError("USAGE", `${quote(first)} is no command${didYouMean(meant)}; ${commands}`);
}
