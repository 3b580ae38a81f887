import { Document, isScalar, Scalar, visit } from 'yaml';
import { hasUnseen, replaceUnseen } from '../audit/text.ts';

/** JSON in which characters that a terminal would obey or hide are escaped. */
export function safeJson(value: unknown): string {
  // JSON.stringify leaves only the newlines between tokens unescaped.
  return `${byLine(JSON.stringify(value, null, 2), jsonEscape)}\n`;
}

/** The same in YAML. */
export function safeYaml(value: unknown): string {
  const document = new Document(value);
  visit(document, {
    Scalar(_key, node) {
      // YAML reads escapes only in double quotes.
      if (isScalar(node) && typeof node.value === 'string' && hasUnseen(node.value)) node.type = Scalar.QUOTE_DOUBLE;
    },
  });
  return byLine(document.toString({ lineWidth: 0 }), yamlEscape);
}

function byLine(text: string, escaped: (character: string) => string): string {
  return text
    .split('\n')
    .map((line) => replaceUnseen(line, escaped))
    .join('\n');
}

function jsonEscape(character: string): string {
  return Array.from({ length: character.length }, (_, i) => hex(character.charCodeAt(i))).join('');
}

function yamlEscape(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return code > 0xffff ? `\\U${code.toString(16).padStart(8, '0')}` : hex(code);
}

function hex(unit: number): string {
  return `\\u${unit.toString(16).padStart(4, '0')}`;
}
