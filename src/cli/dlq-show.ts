/** `spanmill dlq show`: one letter. Text of the document, and of the sender's headers, only on demand. */
import { outputError } from "../adapters/files/output.js";
import { openStdout } from "../adapters/files/sink.js";
import { readLetters } from "../compose/dead-letters.js";
import { letterPlace } from "../config/lint-kafka.js";
import type { DlqShowOptions } from "../config/options.js";
import { EXIT, SpanmillError } from "../errors.js";
import { type DeadLetter, isOurs, readDeadLetter } from "../pipeline/dead-letters.js";
import type { SourceMessage } from "../ports/source.js";
import { terminalTraits } from "../terminal/traits.js";
import { printable } from "../terminal/visible.js";
import type { Context } from "./context.js";
import { letterSource, placeText } from "./dlq-setup.js";

/** @throws SpanmillError INPUT_NOT_FOUND where there is no letter. */
export async function runDlqShow(place: string, options: DlqShowOptions, context: Context): Promise<number> {
  // Whether it is a place was looked at with the options.
  const named = letterPlace(place)!;
  const source =
    named.kind === "file"
      ? letterSource([named.path], options)
      : letterSource([], options, named.topic ?? undefined);
  const at =
    named.kind === "file"
      ? { partition: 0, offset: String(named.line) }
      : { partition: named.partition, offset: named.offset };
  let found: SourceMessage | undefined;
  await readLetters(
    source,
    async (messages) => {
      found ??= messages[0];
    },
    context.interrupted,
    at,
  );
  const letter = found === undefined ? undefined : readDeadLetter(found);
  if (found === undefined || letter === undefined) {
    throw new SpanmillError(
      "INPUT_NOT_FOUND",
      found === undefined
        ? `${place}: there is no such message, or none any more; \`spanmill dlq list\` tells what there is`
        : `${place}: the message is no dead letter of spanmill; \`spanmill dlq list\` tells which are`,
    );
  }
  const where = placeText(source, found.place);
  if (options.json) await context.print(JSON.stringify(asJson(where, found, letter, options.value)));
  else if (options.value) await writeValue(found.value ?? Buffer.alloc(0), context);
  else await context.print(asText(where, found, letter, context));
  return EXIT.ok;
}

function asJson(
  place: string,
  { key, value, headers }: SourceMessage,
  letter: DeadLetter,
  withValue: boolean,
) {
  const { original: _, ...facts } = letter;
  const shown = headers.map(([name, content]) =>
    isOurs(name)
      ? { name, text: content.toString("utf8") }
      : { name, bytes: content.length, ...(withValue ? { base64: content.toString("base64") } : {}) },
  );
  return {
    ...facts,
    from: facts.place,
    place,
    headers: shown,
    keyBytes: key?.length ?? null,
    valueBytes: value?.length ?? null,
    ...(withValue ? { key: key?.toString("base64") ?? null, value: value?.toString("base64") ?? null } : {}),
  };
}

function asText(
  place: string,
  { key, value, headers }: SourceMessage,
  { leftOut }: DeadLetter,
  { stdout, env }: Context,
): string {
  const { unicode } = terminalTraits(stdout, env);
  const size = (bytes: Buffer | undefined) => (bytes === undefined ? "none" : `${bytes.length} bytes`);
  const part = leftOut.length === 0 ? "" : `, not the whole letter: ${leftOut.join(", ")} left out`;
  const rows: (readonly [string, string])[] = [
    ["key", size(key)],
    ["value", size(value) + part],
    ...headers.map(
      ([name, content]) => [name, isOurs(name) ? content.toString("utf8") : size(content)] as const,
    ),
  ];
  const lines = rows.map(
    ([name, shown]) => `${printable(name, unicode).padEnd(40)}  ${printable(shown, unicode)}`,
  );
  return [printable(place, unicode), ...lines].join("\n");
}

/** Byte for byte; on a terminal, where they could be commands, as visible text. */
async function writeValue(value: Buffer, { stdout, env, print }: Context): Promise<void> {
  if (stdout.isTTY === true) {
    const { unicode } = terminalTraits(stdout, env);
    const lines = value.toString("utf8").split("\n");
    return print(lines.map((line) => printable(line, unicode)).join("\n"));
  }
  const sink = openStdout();
  const { error } = await sink.write(value);
  await sink.close();
  if (error !== undefined) throw outputError("standard output", error, "A part of the document is in it.");
}
