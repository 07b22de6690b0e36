import { SpanmillError } from "../errors.js";

/** One thing wrong with the command line, the environment or the configuration file. */
export interface Problem {
  readonly code: "USAGE" | "CONFIG_INVALID";
  readonly message: string;
}

/** Throws all problems as one error; it is USAGE where the command line has a part in them. */
export function throwProblems(problems: readonly Problem[], hint: string): void {
  if (problems.length === 0) return;
  const code = problems.some((problem) => problem.code === "USAGE") ? "USAGE" : "CONFIG_INVALID";
  const messages = problems.map(({ message }) => message);
  const text =
    messages.length === 1
      ? `${messages[0]}\n${hint}`
      : `${messages.length} problems:\n${messages.map((message) => `  ${message}\n`).join("")}${hint}`;
  throw new SpanmillError(code, text);
}

/** A value as it may stand in a message: in quotes, cut short, with nothing that could steer a terminal. */
export function quote(text: string): string {
  const short = text.length > LONGEST ? `${text.slice(0, LONGEST)}...` : text;
  const visible = short.toWellFormed().replaceAll(/[\p{C}\p{Zl}\p{Zp}"\\]/gu, escaped);
  return `"${visible}"`;
}

const LONGEST = 60;

function escaped(character: string): string {
  if (character === '"' || character === "\\") return `\\${character}`;
  return `\\u{${character.codePointAt(0)!.toString(16)}}`;
}

export function didYouMean(meant: string | undefined): string {
  return meant === undefined ? "" : `; did you mean ${meant}?`;
}
