/** `spanmill dlq replay`: letters back to where they came from, and how far it got. */
import { openTopicSinks, readForReplay } from "../compose/dead-letters.js";
import type { DlqReplayOptions } from "../config/options.js";
import { EXIT, SpanmillError } from "../errors.js";
import { type ReplayCounts, replayer } from "../pipeline/replay.js";
import { counted } from "../terminal/numbers.js";
import type { Context } from "./context.js";
import { letterChoice, letterSource } from "./dlq-setup.js";
import { connectionOf } from "./run-setup.js";

/** @returns 0; 3 where a letter cannot be sent back; 130 where it was interrupted. */
export async function runDlqReplay(
  files: readonly string[],
  options: DlqReplayOptions,
  context: Context,
): Promise<number> {
  const source = letterSource(files, options);
  const { code, origin, since, maxFailures, toTopic, dryRun, again, skip } = options;
  const clock = { now: () => context.clock.now(), wall: () => Date.now() };
  const sinks = openTopicSinks(connectionOf(options), options.kafkaCompression, clock);
  const send = dryRun ? async () => undefined : sinks.send;
  const choice = letterChoice(options, clock.wall());
  const own = source.kind === "kafka" ? source.topic : undefined;
  const replay = replayer({ choice, maxFailures, to: toTopic }, async (topic, message) => {
    if (topic === own) throw intoItself(topic);
    await send(topic, message);
  });
  const name = { code: code.toSorted(), origin, since, maxFailures, toTopic };
  const tell = (end: End) =>
    context.print(options.json ? JSON.stringify({ ...end, ...replay.counts() }) : told(end, replay.counts()));
  try {
    const { complete, memory } = await readForReplay(
      source,
      { dryRun, again, name, skip },
      replay.take,
      context.interrupted,
    );
    await tell({ dryRun, complete, memory, skip: files.length === 1 ? skip : undefined });
    if (!complete) return EXIT.interrupted;
  } catch (error) {
    const sent = replay.counts().sent;
    if (sent > 0 && !dryRun)
      context.stderr.write(`spanmill: ${counted(sent, "document")} sent back before\n`);
    throw error;
  } finally {
    await sinks.close();
  }
  const { incomplete, tooLarge } = replay.counts();
  return incomplete + tooLarge > 0 ? EXIT.rejected : EXIT.ok;
}

interface End {
  readonly dryRun: boolean;
  readonly complete: boolean;
  readonly memory: string | undefined;
  /** Lines of the one file that were left out. */
  readonly skip: number | undefined;
}

function told({ dryRun, complete, memory, skip }: End, counts: ReplayCounts): string {
  const { read, chosen, sent, sentTo, failedTooOften, incomplete, tooLarge, foreign } = counts;
  const verb = dryRun ? "would be sent" : "sent";
  return [
    `${counted(sent, "document")} ${verb}, of ${counted(chosen, "letter")} chosen among ${counted(read, "message")}`,
    ...Object.entries(sentTo).map(([topic, count]) => `${String(count).padStart(8)}  to ${topic}`),
    ...left(failedTooOften, "failed too often: see --max-failures"),
    ...left(incomplete, "not whole in the letter: send them again from their source"),
    ...left(tooLarge, "larger than the topic takes: raise its max.message.bytes, then use --again"),
    ...left(foreign, "no dead letters of spanmill"),
    ...(memory === undefined || dryRun ? [] : [`how far it got is kept in the consumer group ${memory}`]),
    ...(complete ? [] : [goOn(memory, skip, read)]),
  ].join("\n");
}

function left(count: number, why: string): string[] {
  return count === 0 ? [] : [`${String(count).padStart(8)}  left: ${why}`];
}

function goOn(memory: string | undefined, skip: number | undefined, read: number): string {
  if (memory !== undefined) return "interrupted: the same command goes on";
  return skip === undefined
    ? "interrupted: what was sent is sent again by the next run, which makes the same records"
    : `interrupted: go on with --skip ${skip + read}`;
}

function intoItself(topic: string): SpanmillError {
  return new SpanmillError(
    "USAGE",
    `a document came from ${topic}, the topic of the dead letters itself: name another with --to-topic`,
  );
}
