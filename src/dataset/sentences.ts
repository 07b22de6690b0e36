import type { Mark } from "./comments.js";
import type { LabelledDocument, LabelledSentence } from "./document.js";

/**
 * Puts sentences into documents: what CoNLL and CoNLL-U have in common. Marks announce what stands after
 * them; a document is handed over when the next one starts, or at the end.
 */
export class DocumentBuilder {
  #document: { id: string | undefined; line: number; sentences: LabelledSentence[] } | undefined;
  #announced: Announced = NOTHING;

  constructor(
    private readonly shape: { readonly columnNames: readonly string[]; readonly hasSpacing: boolean },
    private readonly emit: (document: LabelledDocument) => void,
  ) {}

  mark(mark: Mark, line: number): void {
    if (mark.kind === "document") this.startDocument(mark.id, line);
    else if (mark.kind === "sentence") this.#announced = { ...this.#announced, id: mark.id };
    else if (mark.kind === "text") this.#announced = { ...this.#announced, text: mark.text };
    else this.#announced = { ...this.#announced, newParagraph: true };
  }

  startDocument(id: string | undefined, line: number): void {
    this.end();
    this.#document = { id, line, sentences: [] };
  }

  sentence(sentence: Omit<LabelledSentence, keyof Announced>): void {
    this.#document ??= { id: undefined, line: sentence.line, sentences: [] };
    this.#document.sentences.push({ ...sentence, ...this.#announced });
    this.#announced = NOTHING;
  }

  end(): void {
    if (this.#document !== undefined) this.emit({ ...this.#document, ...this.shape });
    this.#document = undefined;
  }
}

type Announced = Pick<LabelledSentence, "id" | "newParagraph" | "text">;

const NOTHING: Announced = { id: undefined, newParagraph: false, text: undefined };
