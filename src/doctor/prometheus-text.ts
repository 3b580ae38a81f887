/** One sample of the Prometheus text format. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const LINE = /^([A-Za-z_:][\w:]*)(?:\{(.*)\})? (\S+)/;
const LABEL = /([A-Za-z_]\w*)="((?:[^"\\]|\\.)*)"/g;

/**
 * Samples whose names match the pattern; other lines are skipped.
 * Format: https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
 */
export function readSamples(text: string, wanted: RegExp): readonly Sample[] {
  return text.split('\n').flatMap((line) => {
    const [, name, labels = '', value] = LINE.exec(line) ?? [];
    if (name === undefined || !wanted.test(name)) return [];
    const pairs = [...labels.matchAll(LABEL)].map(([, label = '', raw = '']) => [label, unescaped(raw)] as const);
    return [{ name, labels: Object.fromEntries(pairs), value: Number(value) }];
  });
}

function unescaped(text: string): string {
  return text.replace(/\\(.)/g, (_, character: string) => (character === 'n' ? '\n' : character));
}

/** Samples of one metric. */
export function samplesOf(samples: readonly Sample[], name: string): readonly Sample[] {
  return samples.filter((sample) => sample.name === name);
}

export function sumOf(samples: readonly Sample[], name: string): number {
  return samplesOf(samples, name).reduce((sum, { value }) => sum + value, 0);
}
