/**
 * The option table: every option of every command, declared once, in `table/`. Flags, variables, keys of the
 * configuration file, types of the parsed options, help and README table are made from it. One key may be
 * declared twice for different commands, where they understand different values.
 */
import { type CommandName, GROUPS, type OptionDeclaration } from "./option.js";
import { DEAD_LETTER_OPTIONS } from "./table/dead-letters.js";
import { INPUT_OPTIONS } from "./table/input.js";
import { MODEL_OPTIONS } from "./table/model.js";
import { OPERATION_OPTIONS } from "./table/operations.js";
import { OUTPUT_OPTIONS } from "./table/output.js";
import { SCORING_OPTIONS } from "./table/scoring.js";
import { SERVER_OPTIONS } from "./table/servers.js";
import { TERMINAL_OPTIONS } from "./table/terminal.js";
import { TRAINING_OPTIONS } from "./table/training.js";
import { WORKER_OPTIONS } from "./table/worker.js";
import type { ValueType } from "./values.js";

export const OPTIONS = [
  ...INPUT_OPTIONS,
  ...MODEL_OPTIONS,
  ...SCORING_OPTIONS,
  ...TRAINING_OPTIONS,
  ...WORKER_OPTIONS,
  ...DEAD_LETTER_OPTIONS,
  ...SERVER_OPTIONS,
  ...OPERATION_OPTIONS,
  ...OUTPUT_OPTIONS,
  ...TERMINAL_OPTIONS,
] as const;

type Declared = (typeof OPTIONS)[number];
type DeclaredFor<O, C extends CommandName> = O extends { commands: readonly (infer N)[] }
  ? C extends N
    ? O
    : never
  : never;

type ValueOf<O> = O extends { value: ValueType<infer T, infer Many> }
  ? O extends { default: string }
    ? T
    : Many extends true
      ? T
      : T | undefined
  : never;

type CamelCase<K extends string> = K extends `${infer Head}${"-" | "."}${infer Tail}`
  ? `${Head}${Capitalize<CamelCase<Tail>>}`
  : K;

/** The parsed options of a command: `max-document-size` is `maxDocumentSize`. */
export type OptionsOf<C extends CommandName> = {
  readonly [O in DeclaredFor<Declared, C> as CamelCase<O["key"]>]: ValueOf<O>;
};
export type AnnotateOptions = OptionsOf<"annotate">;
export type RunOptions = OptionsOf<"run">;
export type EvaluateOptions = OptionsOf<"evaluate">;
export type TrainOptions = OptionsOf<"train">;
export type InspectOptions = OptionsOf<"models inspect">;
export type DlqListOptions = OptionsOf<"dlq list">;
export type DlqShowOptions = OptionsOf<"dlq show">;
export type DlqReplayOptions = OptionsOf<"dlq replay">;
export type DoctorOptions = OptionsOf<"doctor">;

/** The options of a command, in the order of the groups. */
export function optionsOf(command: CommandName): readonly OptionDeclaration[] {
  const all: readonly OptionDeclaration[] = OPTIONS;
  const own = all.filter((option) => option.commands.includes(command));
  return GROUPS.flatMap((group) => own.filter((option) => option.group === group));
}
