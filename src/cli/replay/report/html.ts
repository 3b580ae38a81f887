import { sanitise } from '../../../audit/text.ts';

/** Text of a page that is safe as it stands; only `html` and what is trusted make it. */
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
 * A template of HTML. Each value is a text or a quoted attribute: escaped, with what cannot be seen written out, so that any text of an
 * event stays text. Lists are joined, undefined and false are nothing.
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
