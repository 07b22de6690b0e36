import { emptyLedger, memorySource } from "../../../src/adapters/memory/source.js";
import type { SourceMessage } from "../../../src/ports/source.js";
import { sourceContract } from "../../contract/source.js";

sourceContract({
  name: "memory",
  keepsPosition: true,
  ground: async () => {
    const ledger = emptyLedger();
    let messages: SourceMessage[] = [];
    return {
      async fill(values) {
        messages = values.map((value, i) => ({
          place: { topic: "t", partition: i % 3, offset: String(Math.floor(i / 3)) },
          key: undefined,
          value: Buffer.from(value),
          headers: [],
          timestamp: undefined,
        }));
      },
      open: async () => memorySource(messages, ledger),
    };
  },
});
