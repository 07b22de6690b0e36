import { splitLines } from "../../src/adapters/files/lines.js";
import type { LabelFile } from "../../src/dataset/label-file.js";

/** A label file in memory, called `test`. */
export function linesOf(content: string | Buffer, maxLineBytes = 1 << 20): LabelFile {
  async function* chunks(): AsyncGenerator<Buffer> {
    yield Buffer.from(content as string);
  }
  return { name: "test", batches: splitLines(chunks(), maxLineBytes) };
}

export async function all<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const list: Item[] = [];
  for await (const item of items) list.push(item);
  return list;
}
