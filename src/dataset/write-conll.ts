import type { AnnotatedDocument } from "./document.js";

/**
 * Writes a document as CoNLL: `# doc = id`, then a line for each word with a column for each lens (there must be
 * one), split by TAB, and a blank line after each sentence. `readConll` reads it back.
 */
export function toConll(document: AnnotatedDocument): string {
  const { text, words, lenses } = document;
  const lines = [`# doc = ${commentValue(document.id)}`];
  let nextSentence = 1;
  for (let i = 0; i < words.starts.length; i++) {
    if (i === document.sentences[nextSentence]) {
      lines.push("");
      nextSentence++;
    }
    const cells = lenses.map(({ tags }) => cell(tags[i]!));
    lines.push([text.slice(words.starts[i], words.ends[i]), ...cells].join("\t"));
  }
  return `${lines.join("\n")}\n\n`;
}

/** An id as a comment can hold it: what would end the line, or be trimmed, is percent-encoded. */
export function commentValue(id: string): string {
  return id.replace(/^\s+|\s+$|[\x00-\x1f\x7f]+/g, encodeURIComponent);
}

/** A label as a column can hold it. Labels come from model folders, and may be anything. */
export function cell(label: string): string {
  return label === "" ? "_" : label.replace(/[\t\r\n]/g, " ");
}
