/** Rules over how Kafka is reached, for every command that does. */
import type { Linted } from "./lint.js";
import type { DlqListOptions, DlqReplayOptions, DlqShowOptions, RunOptions } from "./options.js";

type Connection = Pick<
  RunOptions,
  | "kafkaSaslMechanism"
  | "kafkaSaslUsernameFile"
  | "kafkaSaslPasswordFile"
  | "kafkaTlsEnabled"
  | "kafkaTlsCaFile"
  | "kafkaTlsCertFile"
  | "kafkaTlsKeyFile"
>;

export function connectionRules(options: Connection): readonly string[] {
  return RULES.flatMap((rule) => rule(options) ?? []);
}

const RULES: readonly ((options: Connection) => string | undefined)[] = [
  ({ kafkaSaslMechanism, kafkaSaslUsernameFile, kafkaSaslPasswordFile }) => {
    const given = [kafkaSaslMechanism, kafkaSaslUsernameFile, kafkaSaslPasswordFile];
    const count = given.filter((value) => value !== undefined).length;
    return count === 1 || count === 2
      ? "SASL needs all three: --kafka-sasl-mechanism, --kafka-sasl-username-file, --kafka-sasl-password-file"
      : undefined;
  },
  ({ kafkaTlsEnabled, kafkaTlsCaFile, kafkaTlsCertFile, kafkaTlsKeyFile }) => {
    const named = [kafkaTlsCaFile, kafkaTlsCertFile, kafkaTlsKeyFile].some((file) => file !== undefined);
    return named && !kafkaTlsEnabled
      ? "files for TLS are named, but it is off: give --kafka-tls-enabled"
      : undefined;
  },
  ({ kafkaTlsCertFile, kafkaTlsKeyFile }) =>
    (kafkaTlsCertFile === undefined) !== (kafkaTlsKeyFile === undefined)
      ? "--kafka-tls-cert-file and --kafka-tls-key-file go together"
      : undefined,
];

export function lintDlqList({ files, options }: Linted<DlqListOptions>): readonly string[] {
  return [...sourceRules(files, options), ...connectionRules(options)];
}

/** @param files the one place that is asked for. */
export function lintDlqShow({ files: [place = ""], options }: Linted<DlqShowOptions>): readonly string[] {
  const named = letterPlace(place);
  if (named === undefined) {
    return [
      `PLACE: write it as \`dlq list\` does: PARTITION/OFFSET or TOPIC/PARTITION/OFFSET, or FILE:LINE of a file`,
    ];
  }
  return [...sourceRules(named.kind === "file" ? [named.path] : [], options), ...connectionRules(options)];
}

export function lintDlqReplay({ files, options, isFlag }: Linted<DlqReplayOptions>): readonly string[] {
  const { toTopic, channelDeadLetters, skip, kafkaBrokers } = options;
  const own = channelDeadLetters ?? DEAD_LETTERS;
  return [
    ...sourceRules(files, options),
    ...(files.length > 0 && kafkaBrokers.length === 0
      ? ["documents are sent to Kafka: give --kafka-brokers HOST:PORT"]
      : []),
    ...(toTopic !== undefined && toTopic === own
      ? [`--to-topic: ${toTopic} is the topic of the dead letters itself`]
      : []),
    ...(skip > 0 && files.length !== 1 && isFlag("skip")
      ? ["--skip counts the lines of one file; a topic needs none: the replay goes on where it stopped"]
      : []),
    ...(files.length > 0 && isFlag("again")
      ? ["--again is about a topic; of a file all lines are sent back, but for --skip"]
      : []),
    ...connectionRules(options),
  ];
}

export const DEAD_LETTERS = "spanmill.dead-letters";

export type LetterPlace =
  | {
      readonly kind: "topic";
      readonly topic: string | undefined;
      readonly partition: number;
      readonly offset: string;
    }
  | { readonly kind: "file"; readonly path: string; readonly line: number };

/** `12/345`, `topic/12/345` or `path:345`. */
export function letterPlace(text: string): LetterPlace | undefined {
  const [, topic, partition, offset] = /^(?:([\w.-]{1,249})\/)?(\d{1,9})\/(\d{1,19})$/.exec(text) ?? [];
  if (offset !== undefined) return { kind: "topic", topic, partition: Number(partition), offset };
  const [, path, line] = /^(.+):([1-9]\d{0,14})$/s.exec(text) ?? [];
  return path === undefined ? undefined : { kind: "file", path, line: Number(line) };
}

function sourceRules(
  files: readonly string[],
  { kafkaBrokers, channelDeadLetters }: Pick<DlqListOptions, "kafkaBrokers" | "channelDeadLetters">,
): readonly string[] {
  if (files.length > 0) return [];
  return [
    ...(kafkaBrokers.length === 0
      ? ["no dead letters to read: name a file of them, or give --kafka-brokers HOST:PORT"]
      : []),
    ...(channelDeadLetters !== undefined && !/^[\w.-]{1,249}$/.test(channelDeadLetters)
      ? ["--channel-dead-letters: no topic has such a name; a file of dead letters is named without a flag"]
      : []),
  ];
}
