// What a reader of records does. Prints each document's text with its names marked and, of its first sentence, the words
// with their parts of speech and the phrases; then how much of each there is.
//   node examples/show.mjs tickets.records.jsonl     (records with --include-text and --words)
import { readFileSync } from "node:fs";

const records = readFileSync(process.argv[2], "utf8").trim().split("\n").map(JSON.parse);
const colour = process.stdout.isTTY && !process.env.NO_COLOR;
const paint = (codes, text) => `\x1b[${codes}m${text}\x1b[0m`;
const mark = (text, label) => (colour ? `${paint("1;36", text)} ${paint("2", label)}` : `[${text} ${label}]`);

for (const { document_id, text, lenses, words } of records) {
  // Offsets count code points (offset_unit), as [...text] does.
  const characters = [...text];
  const slice = (start, end) => characters.slice(start, end).join("");

  let marked = "";
  let at = 0;
  for (const { start, end, label } of lenses.ner.spans) {
    marked += slice(at, start) + mark(slice(start, end), label);
    at = end;
  }
  marked += slice(at);

  const [, second = words.start.length] = words.sentences;
  const tagged = words.start
    .slice(0, second)
    .map((start, index) => `${slice(start, words.end[index])}/${words.labels.pos[index]}`);
  const phrases = lenses.chunk.spans
    .filter(({ end }) => end <= words.end[second - 1])
    .map(({ start, end, label }) => mark(slice(start, end), label));
  console.log(`${document_id}\n${marked}\n  words    ${tagged.join(" ")}\n  phrases  ${phrases.join(" ")}\n`);
}

const count = (of) => records.reduce((sum, record) => sum + of(record), 0);
const names = count(({ lenses }) => lenses.ner.spans.length);
const phrases = count(({ lenses }) => lenses.chunk.spans.length);
const words = count((record) => record.words.start.length);
console.log(`${records.length} documents: ${names} names, ${words} words, ${phrases} phrases`);
