/** What a comment line of CoNLL or CoNLL-U says about what follows it. */
export type Mark =
  | { readonly kind: "document" | "sentence"; readonly id: string | undefined }
  | { readonly kind: "paragraph" }
  | { readonly kind: "text"; readonly text: string };

/**
 * Reads `# newdoc`, `# newdoc id = x`, `# doc = x`, `# newpar`, `# sent_id = x`, `# text = x`. Gives
 * `undefined` for any other comment.
 */
export function readMark(comment: string): Mark | undefined {
  const match = KEY_VALUE.exec(comment);
  if (match === null) return undefined;
  const value = (match[2] ?? "").trim();
  const id = value === "" ? undefined : value;
  switch (match[1]!.trim().replace(/\s+/g, " ")) {
    case "newdoc":
    case "newdoc id":
    case "doc":
    case "doc_id":
      return { kind: "document", id };
    case "newpar":
    case "newpar id":
      return { kind: "paragraph" };
    case "sent_id":
      return { kind: "sentence", id };
    case "text":
      return { kind: "text", text: value };
    default:
      return undefined;
  }
}

const KEY_VALUE = /^#\s*([^=]*)(?:=(.*))?$/s;
