import { memorySink } from "../../../src/adapters/memory/sink.js";
import { sinkContract } from "../../contract/sink.js";

sinkContract({
  name: "memory",
  keepsKeys: true,
  keepsHeaders: true,
  keepsTombstones: true,
  async open() {
    const sink = memorySink({ limits: { documents: 10_000 } });
    return {
      sink,
      async read(channel) {
        return sink.messages
          .filter((message) => message.channel === channel)
          .map(({ key, value, headers }) => ({
            key,
            value,
            headers: headers.map(([name, content]) => [name, String(content)] as const),
          }));
      },
    };
  },
});
