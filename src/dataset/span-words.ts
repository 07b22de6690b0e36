/** Texts with spans as words with tags: what training and everything else that counts in words takes. */
import { toView } from "../document/blocks.js";
import { prepareText } from "../document/prepare.js";
import { type TagSpan, tagsOfSpans } from "../tagging/schemes.js";
import { splitWords } from "../tagging/words/split.js";
import type { LabelledDocument, LabelledSentence, SpanDocument } from "./document.js";

export interface SpanWords {
  /** Two columns: the word and its BIO tag. A paragraph begins wherever a line really ended. */
  readonly document: LabelledDocument;
  /** Spans that were widened to whole words. */
  readonly widened: number;
  /** Spans that hold no word, or words that an earlier span has. */
  readonly dropped: number;
}

/** Words and sentences are those that the served model would see: the splitter's, over blocks in canonical form. */
export function spanWords({ id, line, text, spans }: SpanDocument): SpanWords {
  const { blocks } = prepareText({ id: id ?? "", revision: "", text });
  const sentences: SentenceDraft[] = [];
  const starts: number[] = [];
  const ends: number[] = [];
  for (const block of blocks) {
    const { canonical } = block;
    const words = splitWords(canonical);
    const opens = new Set(words.sentences);
    words.starts.forEach((start, i) => {
      const end = words.ends[i]!;
      const view = toView(block, start, end);
      starts.push(view.start);
      ends.push(view.end);
      if (opens.has(i)) {
        const newParagraph = i === 0 || canonical.slice(words.ends[i - 1], start).includes("\n");
        sentences.push({ words: [], spaceAfter: [], newParagraph });
      }
      const sentence = sentences.at(-1)!;
      sentence.words.push(canonical.slice(start, end));
      sentence.spaceAfter.push(words.starts[i + 1] !== end);
    });
  }
  const { found, widened, dropped } = inWords(spans, starts, ends);
  const tags = tagsOfSpans(found, starts.length, "BIO");
  const document: LabelledDocument = {
    id,
    line,
    columnNames: ["1", "2"],
    hasSpacing: true,
    sentences: withTags(sentences, tags, line),
  };
  return { document, widened, dropped };
}

interface SentenceDraft {
  readonly words: string[];
  readonly spaceAfter: boolean[];
  readonly newParagraph: boolean;
}

function withTags(
  sentences: readonly SentenceDraft[],
  tags: readonly string[],
  line: number,
): LabelledSentence[] {
  let first = 0;
  return sentences.map(({ words, spaceAfter, newParagraph }) => {
    const columns = [words, tags.slice(first, first + words.length)];
    first += words.length;
    return { id: undefined, line, words, spaceAfter, columns, newParagraph, text: undefined, tokens: [] };
  });
}

/** In one walk: spans come by start. */
function inWords(spans: SpanDocument["spans"], starts: readonly number[], ends: readonly number[]) {
  const found: TagSpan[] = [];
  let [widened, dropped, word] = [0, 0, 0];
  for (const { start, end, label } of spans) {
    while (word < ends.length && ends[word]! <= start) word++;
    let last = word;
    while (last < starts.length && starts[last]! < end) last++;
    if (last === word || word < (found.at(-1)?.end ?? 0)) dropped++;
    else {
      if (starts[word] !== start || ends[last - 1] !== end) widened++;
      found.push({ start: word, end: last, type: label });
    }
  }
  return { found, widened, dropped };
}
