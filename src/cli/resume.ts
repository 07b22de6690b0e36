/** How to go on after Ctrl-C: the very command, to be copied. */
import type { AnnotateOptions } from "../config/options.js";

/**
 * @param done documents done by all runs so far, rejected ones counted.
 * @param argv the arguments of this run, its command first.
 */
export function howToGoOn(
  done: number,
  argv: readonly string[],
  files: readonly string[],
  { output, to }: Pick<AnnotateOptions, "output" | "to">,
): string {
  if (done === 0) return "interrupted: no document was done\n";
  const hints = [
    ...(files.length === 0 || files.includes("-") ? ["give it the same standard input"] : []),
    ...(output === undefined ? ["append to what was written (>>)"] : []),
  ];
  const hint = hints.length === 0 ? "" : ` (${hints.join("; ")})`;
  const append = output === undefined || to === "brat" ? [] : ["--append"];
  const [command = "annotate", ...rest] = argv;
  // In front of the others, since what follows a `--` is no flag.
  const again = [command, "--skip", String(done), ...append, ...withoutProgress(rest)];
  return `interrupted: the first ${counted(done)} done. To go on${hint}:\n  spanmill ${again.map(shellWord).join(" ")}\n`;
}

/**
 * @param step the last one taken.
 * @param argv the arguments of this run, its command first.
 */
export function howToResume(step: number, argv: readonly string[]): string {
  const [command = "train", ...rest] = argv;
  const dashes = rest.indexOf("--");
  const others = rest.filter(
    (argument, i) => (dashes >= 0 && i > dashes) || !/^--(no-)?resume$/.test(argument),
  );
  const again = [command, "--resume", ...others].map(shellWord).join(" ");
  const where = step === 0 ? "before the first step" : `after step ${step}`;
  return `stopped ${where}; a checkpoint is written. To go on:\n  spanmill ${again}\n`;
}

/**
 * The command that makes the same again from nothing.
 *
 * @param threads where they were given, by whatever way: weights are the same to the last bit only for as many.
 */
export function rebuildCommand(argv: readonly string[], threads: number | undefined): string {
  const dashes = argv.indexOf("--");
  const end = dashes < 0 ? argv.length : dashes;
  const [command = "train", ...flags] = argv.slice(0, end).filter((argument, i) => {
    if (/^--(max-steps|threads)$/.test(argv[i - 1] ?? "")) return false;
    return !/^--((no-)?(resume|quiet|json)|(max-steps|threads)(=.*)?)$/.test(argument);
  });
  const counted = threads === undefined ? [] : ["--threads", String(threads)];
  return ["spanmill", command, ...flags, ...counted, ...argv.slice(end)].map(shellWord).join(" ");
}

function counted(done: number): string {
  return done === 1 ? "document is" : `${done} documents are`;
}

/** Leaves out how far earlier runs had come. */
function withoutProgress(argv: readonly string[]): string[] {
  const dashes = argv.indexOf("--");
  const end = dashes < 0 ? argv.length : dashes;
  return argv.filter(
    (argument, i) => i >= end || !(/^--(skip(=|$)|(no-)?append$)/.test(argument) || argv[i - 1] === "--skip"),
  );
}

function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
