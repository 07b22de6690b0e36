/** Rules over the options of the worker: what would not start, or would do something else than it says. */
import { type Linted, modelTwice, textRules } from "./lint.js";
import { connectionRules } from "./lint-kafka.js";
import type { RunOptions } from "./options.js";
import { inputFiles, OUTPUTS, outputsOf, sourceOf } from "./worker-outputs.js";

/** Gives what is wrong, one message for each rule that is broken. */
export function lintRun(command: Linted<RunOptions>): readonly string[] {
  return RULES.flatMap((rule) => rule(command) ?? []);
}

type Rule = (command: Linted<RunOptions>) => string | readonly string[] | undefined;

const RULES: readonly Rule[] = [
  ({ options }) => modelTwice(options),
  ({ options }) => textRules(options),
  ({ files, options }) => {
    if (sourceOf(options, inputFiles(options, files)) !== "kafka") return undefined;
    const needs = [
      ...(options.kafkaTopics.length === 0 ? ["--kafka-topics TOPIC, what is read"] : []),
      ...(options.kafkaGroup === undefined ? ["--kafka-group NAME, under which offsets are kept"] : []),
    ];
    return needs.map((need) => `--source kafka needs ${need}`);
  },
  ({ files, options }) =>
    usesKafka(options, files) && options.kafkaBrokers.length === 0
      ? "Kafka needs --kafka-brokers HOST:PORT, where to find it"
      : undefined,
  ({ files, options }) => {
    const source = sourceOf(options, inputFiles(options, files));
    if (source === "files") {
      return inputFiles(options, files).length === 0
        ? "--source files needs files: name them, or give --input-files FILE"
        : undefined;
    }
    return files.length > 0
      ? `--source ${source} reads no files; leave the files out, or use --source files`
      : undefined;
  },
  ({ options: { inputFormat }, isFlag }) => {
    const flags = inputFormat === "text" ? FIELDS.filter(isFlag).map(flag) : [];
    return flags.length === 0
      ? undefined
      : `${flags.join(", ")}: plain text has no fields; leave ${flags.length > 1 ? "them" : "it"} out`;
  },
  ({ options: { inputFormat, inputText, inputSubject, inputBody } }) =>
    inputFormat === "json" && inputText === "" && !inputSubject && !inputBody
      ? "no field holds the text: give --input-text, --input-subject or --input-body"
      : undefined,
  ({ options: { sink }, isFlag }) => {
    const keys = OUTPUTS.filter((output) => output !== "dead-letters").map((output) => `channel.${output}`);
    const flags = sink === "stdout" ? keys.filter(isFlag).map(flag) : [];
    return flags.length === 0
      ? undefined
      : `${flags.join(", ")}: standard output takes documents alone; use --sink files or --sink kafka`;
  },
  ({ options }) => {
    const { "dead-letters": _, ...records } = outputsOf(options);
    return Object.keys(records).length === 0
      ? "nothing would be written: leave one of --channel-documents, --channel-entities, --channel-pos, --channel-chunks on"
      : undefined;
  },
  ({ files, options }) => topicRules(options, files),
  ({ options }) => connectionRules(options),
  ({ options: { cacheKind, redisUrl } }) =>
    (cacheKind === "redis" || cacheKind === "both") && redisUrl === undefined
      ? `--cache-kind ${cacheKind} needs --redis-url redis://HOST:PORT/0`
      : undefined,
  ({ options: { probesPort }, isFlag }) =>
    isFlag("probes.host") && probesPort === undefined
      ? "--probes-host: nothing listens there; give --probes-port too"
      : undefined,
  ({ options: { labelRename } }) =>
    labelRename
      .filter(({ to }) => to === undefined)
      .map(
        ({ from }) =>
          `--label-rename ${from}=: a name is missing; to leave labels out, name the others with --label-only`,
      ),
];

const FIELDS = ["input.id", "input.text", "input.subject", "input.body", "input.language", "input.time"];

function flag(key: string): string {
  return `--${key.replaceAll(".", "-")}`;
}

function usesKafka(options: RunOptions, files: readonly string[]): boolean {
  return options.sink === "kafka" || sourceOf(options, inputFiles(options, files)) === "kafka";
}

/** A worker that reads what it writes never ends. */
function topicRules(options: RunOptions, files: readonly string[]): readonly string[] {
  if (options.sink !== "kafka" || sourceOf(options, inputFiles(options, files)) !== "kafka") return [];
  return Object.entries(outputsOf(options))
    .filter(([, topic]) => options.kafkaTopics.includes(topic))
    .map(
      ([output, topic]) =>
        `--channel-${output}: the topic ${topic} is read too; the worker would read what it writes`,
    );
}
