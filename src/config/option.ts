/**
 * How an option is declared, and the names that follow from its key: `max-document-size` is
 * `--max-document-size`, `SPANMILL_MAX_DOCUMENT_SIZE`, `max-document-size:` in the configuration file, and
 * `maxDocumentSize` in code. A dot nests: `kafka.brokers` is `--kafka-brokers`, `SPANMILL_KAFKA__BROKERS`, and
 * `brokers:` under `kafka:`. A switch (a value without placeholder) also has `--no-KEY`.
 */
import type { ValueType } from "./values.js";

export const COMMAND_NAMES = [
  "annotate",
  "run",
  "dlq list",
  "dlq show",
  "dlq replay",
  "evaluate",
  "train",
  "models inspect",
  "schema",
  "doctor",
] as const;
export type CommandName = (typeof COMMAND_NAMES)[number];

export const GROUPS = [
  "Input",
  "Model",
  "Scoring",
  "Training",
  "Output",
  "Labels",
  "Text in the record",
  "Kafka",
  "Cache",
  "Limits",
  "Operations",
  "Terminal",
  "General",
] as const;

export interface OptionDeclaration {
  readonly key: string;
  readonly short?: string;
  readonly value: ValueType<unknown>;
  /** In the value's own grammar. An option without one is undefined where it is not given (of many: empty). */
  readonly default?: string;
  /** What happens where nothing is given and there is no default. */
  readonly absent?: string;
  /** What a number counts. */
  readonly unit?: string;
  readonly group: (typeof GROUPS)[number];
  readonly commands: readonly CommandName[];
  readonly doc: string;
  /** The path of a file with a secret. Its value is never repeated in a message: it may be the secret itself. */
  readonly secret?: true;
  /** Not a key of the configuration file. */
  readonly notInFile?: true;
}

export function flagOf({ key }: OptionDeclaration): string {
  return `--${key.replaceAll(".", "-")}`;
}

export function variableOf({ key }: OptionDeclaration): string {
  return `SPANMILL_${key.replaceAll(".", "__").replaceAll("-", "_").toUpperCase()}`;
}

/** The name under which a parsed option is found (see `OptionsOf`). */
export function propertyOf({ key }: OptionDeclaration): string {
  return key.replaceAll(/[-.](.)/g, (_, letter: string) => letter.toUpperCase());
}
