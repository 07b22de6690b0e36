/** Which types count and under what names: label sets of two sources seldom agree. */
import { parseTag, type Scheme, type TagSpan } from "../tagging/schemes.js";

export interface Selection {
  /** Old name to new; "" drops the type. Types that are not named keep their names. */
  readonly rename: ReadonlyMap<string, string>;
  /** Where given, all other types are dropped, after renaming. */
  readonly keep?: ReadonlySet<string>;
}

/** The name under which a type counts; undefined where it is dropped. */
export function selectType(type: string, { rename, keep }: Selection): string | undefined {
  const name = rename.get(type) ?? type;
  return name === "" || keep?.has(name) === false ? undefined : name;
}

export function selectSpans<Span extends TagSpan>(spans: readonly Span[], selection: Selection): Span[] {
  return spans.flatMap((span) => {
    const type = selectType(span.type, selection);
    return type === undefined ? [] : [{ ...span, type }];
  });
}

/**
 * Renames types word by word; dropped ones become O. Ill-formed sequences stay as they are, so that a strict
 * reading still sees them; spans that touch and come to have one type are one under IO and IOB1, so select
 * spans rather than tags where that matters.
 */
export function selectTags(tags: readonly string[], scheme: Scheme, selection: Selection): string[] {
  return tags.map((tag) => {
    const { prefix, type } = parseTag(tag, scheme);
    if (prefix === "O") return tag;
    const name = selectType(type, selection);
    if (name === type) return tag;
    if (name === undefined) return "O";
    return tag === type ? name : `${prefix}-${name}`;
  });
}
