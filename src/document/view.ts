/** The text view of a document of several fields: what each wrote, one after the other, as segments. */
import { type Segment, segmentsOf } from "./segments.js";

/** A document's text and what its stretches are, before it has a name. */
export interface TextView {
  readonly text: string;
  readonly segments: readonly Segment[];
}

export interface ViewPart {
  readonly kind: "subject" | "body";
  readonly text: string;
}

/** Joins the parts with a blank line between. Of one part the view is that part's own text. Linear in the text. */
export function viewOf(parts: readonly ViewPart[]): TextView {
  const written = parts.filter(({ text }) => text !== "");
  const segments: Segment[] = [];
  let text = "";
  for (const part of written) {
    if (text !== "") text += "\n\n";
    const start = text.length;
    for (const segment of segmentsOf(part.text)) segments.push(shifted(segment, start, part.kind));
    text += part.text;
  }
  return { text, segments };
}

/** What is quoted stays a quote, wherever it stands. */
function shifted(segment: Segment, by: number, kind: ViewPart["kind"]): Segment {
  return {
    start: (segment.start + by) as Segment["start"],
    end: (segment.end + by) as Segment["end"],
    kind: segment.depth === 0 ? kind : segment.kind,
    depth: segment.depth,
  };
}
