import { z } from 'zod';

export const tracingOptionsSchema = z
  .strictObject({
    endpoint: z
      .url({ protocol: /^https?$/, error: 'expected a URL such as http://collector:4318' })
      .refine(
        (url) => !url.includes('@'),
        'expected a URL without a user: give the header in OTEL_EXPORTER_OTLP_HEADERS',
      )
      .optional()
      .describe('Where an OpenTelemetry collector takes OTLP over HTTP; /v1/traces is put behind it. Off without it.'),
    sampleRatio: z
      .number()
      .min(0)
      .max(1)
      .default(1)
      .describe('The share of batches, and of deliveries, that are traced.'),
  })
  .describe('OpenTelemetry traces: batch, decoding, detection, commits, deliveries.');

export type TracingOptions = z.output<typeof tracingOptionsSchema>;

/** From code, configuration, counts and hashes. Never text of a request: a collector is another system, and shows it to others. */
export type SpanAttributes = Readonly<Record<string, string | number>>;

/** Names a span of another trace. */
export interface TraceLink {
  readonly traceId: string;
  readonly spanId: string;
  readonly traceFlags: number;
}

/** Spans, without a word of the library that makes them. */
export interface Tracing {
  /** Does the work as the first span of a trace. A throw marks it failed, by its code. */
  trace<T>(name: string, attributes: SpanAttributes, links: readonly TraceLink[], work: () => Promise<T>): Promise<T>;
  /** Does the work as a span below the one that it is called in; outside of any, just does it. */
  span<T>(name: string, attributes: SpanAttributes, work: () => T): T;
  /** Notes as a span of its own the time from the start of the span that it is called in until now. */
  since(name: string, attributes: SpanAttributes): void;
  /** Names the span that it is called in. */
  link(): TraceLink | undefined;
  /** Sends what is left, for as long as `limitMs`, and no more after that. */
  stop(limitMs: number): Promise<void>;
}
