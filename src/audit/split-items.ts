/** A list whose text does not parse as a whole, split at the commas between its items. */
export interface SplitList {
  /** The text with an empty list in place of the items. */
  readonly frame: string;
  readonly items: readonly string[];
}

const QUOTE = 34;
const BACKSLASH = 92;

/**
 * Finds where the items of an EventList begin and end without parsing them, so one broken item does not cost the
 * others.
 *
 * One pass that knows only strings and brackets: it looks for `"items": [` among the members of the outermost object
 * and cuts at the commas of that array. `undefined` if there is no such array or it does not end. It does not end if
 * an item lacks a bracket or a quote; then nothing tells where the next item begins.
 */
export function splitItems(text: string, maxItems: number): SplitList | undefined {
  const open = findItems(text);
  if (open === undefined) return undefined;
  const items: string[] = [];
  let depth = 0;
  let start = open + 1;
  for (let index = start; index < text.length; index++) {
    switch (text.charCodeAt(index)) {
      case QUOTE:
        index = endOfString(text, index);
        break;
      case 91: // [
      case 123: // {
        depth++;
        break;
      case 44: // ,
        if (depth > 0) break;
        if (items.length >= maxItems) return undefined;
        items.push(text.slice(start, index));
        start = index + 1;
        break;
      case 93: // ]
      case 125: // }
        if (depth-- > 0) break;
        items.push(text.slice(start, index));
        return { frame: text.slice(0, open + 1) + text.slice(index), items };
    }
  }
  return undefined;
}

/** Where the `items` array of the outermost object opens. */
function findItems(text: string): number | undefined {
  const items = /"items"\s*:\s*\[/y;
  let depth = 0;
  for (let index = 0; index < text.length; index++) {
    switch (text.charCodeAt(index)) {
      case QUOTE:
        items.lastIndex = index;
        if (depth === 1 && items.test(text)) return items.lastIndex - 1;
        index = endOfString(text, index);
        break;
      case 91:
      case 123:
        depth++;
        break;
      case 93:
      case 125:
        depth--;
        break;
    }
  }
  return undefined;
}

/**
 * The place of the closing quotation mark of the string that begins at `open`; the end of the text if there is none.
 */
function endOfString(text: string, open: number): number {
  for (let index = open + 1; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code === QUOTE) return index;
    if (code === BACKSLASH) index++;
  }
  return text.length;
}
