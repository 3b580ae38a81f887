import { z } from 'zod';

export const tracingOptionsSchema = z
  .strictObject({
    endpoint: z
      .url({ protocol: /^https?$/, error: 'expected a URL such as http://collector:4318' })
      .refine(
        (url) => !url.includes('@'),
        'expected a URL without a user: set the header in OTEL_EXPORTER_OTLP_HEADERS',
      )
      .optional()
      .describe(
        'Base URL of an OpenTelemetry collector (OTLP over HTTP); /v1/traces is appended. Tracing is off without it.',
      ),
    sampleRatio: z
      .number()
      .min(0)
      .max(1)
      .default(1)
      .describe('The share of batches and deliveries to trace, from 0 to 1.'),
  })
  .describe('OpenTelemetry traces of batches, decoding, detection, commits and deliveries.');

export type TracingOptions = z.output<typeof tracingOptionsSchema>;

/**
 * From code, configuration, counts and hashes. Never text of a request: a collector is another system with other
 * readers.
 */
export type SpanAttributes = Readonly<Record<string, string | number>>;

/** Refers to a span of another trace. */
export interface TraceLink {
  readonly traceId: string;
  readonly spanId: string;
  readonly traceFlags: number;
}

/** Spans, independent of the tracing library. */
export interface Tracing {
  /** Does the work as the root span of a new trace. An error marks the span failed, with the error's code. */
  trace<T>(name: string, attributes: SpanAttributes, links: readonly TraceLink[], work: () => Promise<T>): Promise<T>;
  /** Does the work as a child of the current span; without one, just does the work. */
  span<T>(name: string, attributes: SpanAttributes, work: () => T): T;
  /** Adds a child span from the start of the current span until now. */
  since(name: string, attributes: SpanAttributes): void;
  /** Names the current span. */
  link(): TraceLink | undefined;
  /** Sends the remaining spans for at most `limitMs`, then drops the rest. */
  stop(limitMs: number): Promise<void>;
}
