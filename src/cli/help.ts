/** The help texts, made from the tables of commands, options and exit codes. */
import { Command } from "commander";
import { exitCodes } from "../config/exit-codes.js";
import { COMMAND_NAMES, type CommandName, type OptionDeclaration, variableOf } from "../config/option.js";
import { optionsOf } from "../config/options.js";
import { COMMANDS, type CommandDeclaration } from "./commands.js";
import { flagParser } from "./flags.js";

/** The help of spanmill itself, or of the commands whose names begin with `group`. */
export function programHelp(width: number, group?: string): string {
  const program = new Command(group === undefined ? "spanmill" : `spanmill ${group}`)
    .description("Token classification: text in, exact spans out.")
    .usage("<command> [options]")
    .helpOption(false)
    .helpCommand(false)
    .configureOutput({ getOutHelpWidth: () => width });
  for (const name of COMMAND_NAMES) {
    if (group === undefined) program.addCommand(new Command(name).description(COMMANDS[name].summary));
    else if (name.startsWith(`${group} `)) {
      program.addCommand(new Command(name.slice(group.length + 1)).description(COMMANDS[name].summary));
    }
  }
  const more = [
    "`spanmill help COMMAND` (or `spanmill COMMAND --help`) explains a command; `spanmill --version` gives the version.",
    "Flags beat environment variables, which beat the configuration file (--config), which beats defaults.",
  ];
  return `${program.helpInformation()}\n${more.map((line) => wrap(line, width, "")).join("\n")}\n`;
}

/** The help of one command: use, operands, options by group, examples, exit codes. */
export function commandHelp(name: CommandName, width: number): string {
  const declared: CommandDeclaration = COMMANDS[name];
  const options = optionsOf(name);
  const description = [declared.summary, declared.notes].filter((part) => part !== undefined).join("\n\n");
  const parser = flagParser(options, describeOption).name(`spanmill ${name}`).description(description);
  parser.configureOutput({ getOutHelpWidth: () => width });
  const { operand } = declared;
  const operandUse = operand === undefined ? "" : ` ${operandForm(operand, operand.placeholder)}`;
  parser.usage(`[options]${operandUse}`);
  if (operand !== undefined) parser.argument(operandForm(operand, `<${operand.placeholder}>`), operand.doc);
  const sections = [parser.helpInformation().trimEnd()];
  sections.push(
    `Examples:\n${declared.examples.map(({ line, what }) => `  # ${what}\n  ${line}`).join("\n")}`,
  );
  sections.push(
    `Exit codes:\n${exitCodes()
      .map((code) => exitLine(code, width))
      .join("\n")}`,
  );
  return `${sections.join("\n\n")}\n`;
}

function operandForm(operand: NonNullable<CommandDeclaration["operand"]>, needed: string): string {
  if (operand.many) return `[${operand.placeholder}...]`;
  return operand.optional ? `[${operand.placeholder}]` : needed;
}

/** What an option is for, its values, unit, default and variable, in one paragraph. */
function describeOption(option: OptionDeclaration): string {
  const { value, unit, absent } = option;
  const facts = [
    value.known === undefined ? undefined : value.known.join(", "),
    unit === undefined ? undefined : `in ${unit}`,
    option.secret ? "a file, so that the secret itself is never an argument" : undefined,
    option.default === undefined || value.placeholder === "" ? undefined : `default: ${option.default}`,
    absent === undefined ? undefined : `default: ${absent}`,
    `env: ${variableOf(option)}`,
  ];
  return `${option.doc} (${facts.filter((fact) => fact !== undefined).join("; ")})`;
}

function exitLine({ status, meaning }: { status: number; meaning: string }, width: number): string {
  return wrap(`  ${String(status).padEnd(5)}${meaning}`, width, " ".repeat(7));
}

/** Breaks a line at blanks; the lines after the first begin with `indent`. */
function wrap(line: string, width: number, indent: string): string {
  const lines: string[] = [];
  let current = "";
  for (const word of line.split(/(?<=\S) /)) {
    const longer = current === "" ? word : `${current} ${word}`;
    if (current !== "" && longer.length > width) {
      lines.push(current);
      current = indent + word;
    } else current = longer;
  }
  return [...lines, current].join("\n");
}
