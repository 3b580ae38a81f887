const MARK = '<!-- Made by `npm run generate` from the code. Edit the code, not this page. -->';

/** A page of the reference. */
export interface Page {
  /** Without its extension. */
  readonly name: string;
  readonly text: string;
}

export function page(name: string, title: string, ...parts: readonly string[]): Page {
  return { name, text: `${[MARK, `# ${title}`, ...parts].join('\n\n')}\n` };
}

/** A table in Markdown; a bar inside a cell is written so that it ends no cell. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

export function code(text: string): string {
  return text.includes('`') ? `\`\` ${text} \`\`` : `\`${text}\``;
}
