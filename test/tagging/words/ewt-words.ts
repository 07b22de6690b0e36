import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";

/** A paragraph of a treebank: its raw text and the code-unit ranges of its words and sentences. */
export interface GoldParagraph {
  text: string;
  readonly words: [number, number][];
  readonly sentences: [number, number][];
}

/**
 * Reads the paragraphs of a gzipped CoNLL-U file: sentences joined by a blank unless the last token says
 * `SpaceAfter=No`. The parts of a multi-word token lie one after the other over its surface, as in EWT.
 */
export function readParagraphs(path: string): GoldParagraph[] {
  const paragraphs: GoldParagraph[] = [];
  let glued = true;
  for (const block of gunzipSync(readFileSync(path)).toString("utf8").split("\n\n")) {
    const lines = block.split("\n");
    const sentence = lines.find((line) => line.startsWith("# text = "))?.slice("# text = ".length);
    if (sentence === undefined) continue;
    if (paragraphs.length === 0 || lines.some((line) => /^# new(?:par|doc)/.test(line))) {
      paragraphs.push({ text: "", words: [], sentences: [] });
      glued = true;
    }
    const paragraph = paragraphs.at(-1)!;
    if (!glued) paragraph.text += " ";
    glued = addSentence(paragraph, sentence, lines);
  }
  return paragraphs;
}

/** Returns true where the next sentence follows without a blank. */
function addSentence(paragraph: GoldParagraph, sentence: string, lines: readonly string[]): boolean {
  const from = paragraph.text.length;
  paragraph.text += sentence;
  paragraph.sentences.push([from, paragraph.text.length]);
  let at = from;
  let glued = false;
  for (const line of lines) {
    const [id = "", form = "", ...rest] = line.split("\t");
    if (/^\d+(?:-\d+)?$/.test(id)) glued = rest.at(-1)!.includes("SpaceAfter=No");
    if (!/^\d+$/.test(id)) continue;
    while (paragraph.text[at] === " ") at++;
    if (!paragraph.text.startsWith(form, at))
      throw new Error(`sentence text and tokens differ at token ${id}`);
    paragraph.words.push([at, at + form.length]);
    at += form.length;
  }
  return glued;
}

/** F1 in per cent over exact ranges, as the CoNLL 2018 shared task scores words and sentences. */
export function f1(
  pairs: Iterable<{ gold: readonly [number, number][]; system: readonly [number, number][] }>,
): number {
  let gold = 0;
  let system = 0;
  let correct = 0;
  for (const pair of pairs) {
    const ranges = new Set(pair.gold.map(String));
    gold += pair.gold.length;
    system += pair.system.length;
    correct += pair.system.filter((range) => ranges.has(String(range))).length;
  }
  return (200 * correct) / (gold + system);
}
