import type { AnnotatedDocument } from "./document.js";
import { cell, commentValue } from "./write-conll.js";

/**
 * Writes a document as CoNLL-U: `# newdoc`, `# newpar` where a blank line or the start of the text stands
 * before a sentence, `# sent_id`, `# text`; ID, FORM, and in MISC `SpaceAfter=No`. The lens `pos` goes to the
 * UPOS column; each other lens goes to MISC as `ner=B-PER`, left out where it is `O`. Words that touch are
 * parted by SpaceAfter=No alone, never by multi-word tokens. `readConllu` reads it back.
 */
export function toConllu(document: AnnotatedDocument): string {
  const id = commentValue(document.id);
  const lines = [`# newdoc id = ${id}`];
  for (let s = 0; s < document.sentences.length; s++) {
    if (startsParagraph(document, s)) lines.push("# newpar");
    lines.push(`# sent_id = ${id}-${s + 1}`, ...sentenceLines(document, s), "");
  }
  if (document.sentences.length === 0) lines.push("");
  return `${lines.join("\n")}\n`;
}

function sentenceLines({ text, words, sentences, lenses }: AnnotatedDocument, s: number): string[] {
  const first = sentences[s]!;
  const end = sentences[s + 1] ?? words.starts.length;
  const lines: string[] = [];
  let written = "";
  for (let i = first; i < end; i++) {
    const form = text.slice(words.starts[i], words.ends[i]);
    const touches = words.ends[i] === words.starts[i + 1];
    written += touches || i === end - 1 ? form : `${form} `;
    let upos = "_";
    const misc: string[] = [];
    for (const { name, tags } of lenses) {
      if (name === "pos") upos = cell(tags[i]!);
      else if (tags[i] !== "O") misc.push(`${name}=${miscValue(tags[i]!)}`);
    }
    if (touches) misc.push("SpaceAfter=No");
    lines.push(`${i - first + 1}\t${form}\t_\t${upos}\t_\t_\t_\t_\t_\t${misc.join("|") || "_"}`);
  }
  return [`# text = ${written}`, ...lines];
}

function startsParagraph({ text, words, sentences }: AnnotatedDocument, s: number): boolean {
  const first = sentences[s]!;
  if (first === 0) return true;
  const gap = text.slice(words.ends[first - 1], words.starts[first]);
  return (gap.match(/\r\n|\r|\n/g)?.length ?? 0) > 1;
}

/** Escapes what parts features in MISC, as UDPipe does (`\p` for the bar). */
function miscValue(label: string): string {
  return cell(label).replaceAll("\\", "\\\\").replaceAll("|", "\\p");
}
