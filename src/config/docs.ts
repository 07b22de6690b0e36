/** The parts of a Markdown file that are made from the tables of options and exit codes. */
import { SpanmillError } from "../errors.js";
import { nearest } from "../nearest.js";
import { exitCodes } from "./exit-codes.js";
import { COMMAND_NAMES, type CommandName, flagOf, type OptionDeclaration, variableOf } from "./option.js";
import { optionsOf } from "./options.js";
import { didYouMean, quote } from "./problems.js";

/**
 * Rewrites what stands between `<!-- options:COMMAND -->` and `<!-- /options -->`, between `<!-- exit-codes -->` and
 * `<!-- /exit-codes -->`, and between `<!-- recipe -->` and `<!-- /recipe -->`; all else stays as it is.
 *
 * @param recipeTable makes the last.
 * @throws SpanmillError USAGE where a mark names no command or is not closed
 */
export function rewriteDocs(markdown: string, recipeTable: () => string): string {
  const parts = markdown.split(MARK);
  for (let i = 1; i < parts.length; i += 2) {
    const name = parts[i]!;
    if (name.startsWith("/")) throw broken(`<!-- ${name} --> closes nothing`);
    const close = `/${name.split(":", 1)[0]}`;
    if (parts[i + 2] !== close) throw broken(`<!-- ${name} --> is not closed by <!-- ${close} -->`);
    parts[i] = `<!-- ${name} -->`;
    const text = name === "recipe" ? recipeTable() : generated(name);
    parts[i + 1] = text === "" ? "\n" : `\n\n${text}\n`;
    parts[i + 2] = `<!-- ${close} -->`;
    i += 2;
  }
  return parts.join("");
}

const MARK = /<!-- (\/?(?:options(?::[a-z -]*)?|exit-codes|recipe)) -->/;

function generated(mark: string): string {
  if (mark === "exit-codes") return exitCodeTable();
  const command = mark.replace(/^options:?/, "");
  const known = COMMAND_NAMES.find((name) => name === command);
  if (known !== undefined) return optionTable(known);
  throw broken(`${quote(command)} in a mark is no command${didYouMean(nearest(command, COMMAND_NAMES))}`);
}

/** The options of a command as a Markdown table; empty where it has none. */
export function optionTable(command: CommandName): string {
  const options = optionsOf(command);
  if (options.length === 0) return "";
  return markdownTable(["option", "default", "environment", "what it does"], options.map(optionRow));
}

/** The exit statuses as a Markdown table, with the codes of the errors that lead to each. */
export function exitCodeTable(): string {
  const rows = exitCodes().map(({ status, meaning, errors }) => [
    String(status),
    meaning,
    errors.map(({ code, meaning }) => `\`${code}\` ${meaning}`).join("<br>"),
  ]);
  return markdownTable(["exit status", "meaning", "errors"], rows);
}

function optionRow(option: OptionDeclaration): readonly string[] {
  const { value, short, unit, absent } = option;
  const long = value.placeholder === "" ? flagOf(option) : `${flagOf(option)} ${value.placeholder}`;
  const flag = `\`${short === undefined ? "" : `-${short}, `}${long}\``;
  const fallback = option.default === undefined ? (absent ?? "") : `\`${option.default}\``;
  const values =
    value.known === undefined ? "" : ` Values: ${value.known.map((name) => `\`${name}\``).join(", ")}.`;
  const counted = unit === undefined ? "" : ` In ${unit}.`;
  return [
    flag,
    value.placeholder === "" ? "off" : fallback,
    `\`${variableOf(option)}\``,
    option.doc + values + counted,
  ];
}

/** Cells may hold Markdown; a bar in them is escaped. */
export function markdownTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [header, header.map(() => "---"), ...rows];
  return lines
    .map((cells) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |\n`)
    .join("");
}

function broken(what: string): SpanmillError {
  return new SpanmillError("USAGE", `${what}; mend the mark`);
}
