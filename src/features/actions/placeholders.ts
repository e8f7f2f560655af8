// Places in an argument that a text fills: `$1`, `${name}` and `$0`; `$$` is a dollar sign, and every
// other `$` is itself. What is filled in is never looked at again.

/** A part of a template: its own words, or a group of the pattern by number or name. */
export type TemplatePart =
  | { readonly kind: "literal"; readonly text: string }
  | { readonly kind: "group"; readonly group: number | string };

const PLACE = /\$(?:(\$)|(\d{1,2})|\{(\w+)\})/g;

/** The parts of a template, in order. */
export function parseTemplate(template: string): TemplatePart[] {
  const parts: TemplatePart[] = [];
  let end = 0;
  const addLiteral = (text: string): void => {
    if (text !== "") parts.push({ kind: "literal", text });
  };
  for (const match of template.matchAll(PLACE)) {
    addLiteral(template.slice(end, match.index));
    end = match.index + match[0].length;
    const [, dollar, number, name = ""] = match;
    if (dollar !== undefined) addLiteral("$");
    else if (number !== undefined) parts.push({ kind: "group", group: Number(number) });
    else parts.push({ kind: "group", group: /^\d+$/.test(name) ? Number(name) : name });
  }
  addLiteral(template.slice(end));
  return parts;
}

/** The groups that a template names. */
export function groupsOf(template: string): (number | string)[] {
  return parseTemplate(template).flatMap((part) => part.kind === "group" ? [part.group] : []);
}

/** A template with its places filled. */
export function fillTemplate(
  template: string,
  valueOf: (group: number | string) => string,
): string {
  return parseTemplate(template)
    .map((part) => part.kind === "literal" ? part.text : valueOf(part.group))
    .join("");
}
