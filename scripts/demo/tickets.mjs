/** Tickets like the samples: the same for the same seed. */
import { readFileSync } from "node:fs";

/** `[{ id, key, value }]`, each a sample with its paragraphs drawn anew; some come twice, as quoted mail does. */
export function makeTickets(file, count, seed) {
  const samples = readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));
  const sentences = samples
    .flatMap(({ text }) => text.split(/(?<=[.!?])\s+|\n+/))
    .filter((one) => one.length > 20);
  const draw = random(seed);
  const pick = (list) => list[Math.floor(draw() * list.length)];
  return Array.from({ length: count }, (_, i) => {
    const sample = samples[i % samples.length];
    const id = `${sample.id}-${String(i + 1).padStart(5, "0")}`;
    const more = Array.from({ length: 1 + Math.floor(draw() * 3) }, () => pick(sentences)).join(" ");
    return {
      id,
      key: `customer-${i % 97}`,
      value: JSON.stringify({ id, text: `${sample.text}\n\n${more}` }),
    };
  });
}

/** Numbers from 0 to 1 (mulberry32). */
function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
