/** The files of a worker: records are opened at once; dead letters when there is one, and always added to. */
import type { Channel, Sink } from "../../ports/sink.js";
import { openFileSink } from "./message-sink.js";

/** @throws SpanmillError OUTPUT_UNWRITABLE, OUTPUT_FULL. */
export async function openMessageFiles(
  { "dead-letters": deadLetters, ...records }: Readonly<Partial<Record<Channel, string>>>,
  append: boolean,
): Promise<Sink> {
  const own = await openFileSink({ paths: records, append });
  let letters: Promise<Sink> | undefined;
  const openLetters = () =>
    openFileSink({
      paths: deadLetters === undefined ? {} : { "dead-letters": deadLetters },
      append: deadLetters !== "-",
    });
  return {
    limit: () => undefined,
    async send(message) {
      if (message.channel !== "dead-letters") return own.send(message);
      letters ??= openLetters();
      return (await letters).send(message);
    },
    async close() {
      await Promise.all([own.close(), letters?.then((sink) => sink.close())]);
    },
  };
}
