import { sanitise } from '../../../audit/text.ts';

/** Safe HTML, made only by `html` and from trusted constants. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export type HtmlValue = Html | string | number | undefined | false | readonly HtmlValue[];

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/**
 * An HTML template. Values in text and quoted attributes are escaped, and invisible characters shown as escapes. Lists
 * are joined; undefined and false give nothing.
 */
export function html(parts: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  return new Html(parts.reduce((before, part, index) => before + render(values[index - 1]) + part));
}

function render(value: HtmlValue): string {
  if (value === undefined || value === false) return '';
  if (value instanceof Html) return value.text;
  if (typeof value === 'object') return value.map(render).join('');
  return sanitise(String(value)).replace(/[&<>"']/g, (character) => ESCAPES[character] ?? '');
}
