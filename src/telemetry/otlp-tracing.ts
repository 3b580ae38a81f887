import { AsyncLocalStorage } from 'node:async_hooks';
import {
  type Context,
  DiagLogLevel,
  diag,
  ROOT_CONTEXT,
  type Span,
  SpanStatusCode,
  trace as traceApi,
} from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, TraceIdRatioBasedSampler, TracerProvider } from '@opentelemetry/sdk-trace';
import { excerpt } from '../audit/text.ts';
import { createLimitedLog } from './limited-log.ts';
import type { Logger } from './logger.ts';
import type { Tracing } from './tracing.ts';

export interface OtlpTracingOptions {
  /** Base URL of the collector, without `/v1/traces`. */
  readonly endpoint: string;
  readonly sampleRatio: number;
  readonly version: string;
  /** Name of the reporting pod or host. */
  readonly instance: string;
}

interface Current {
  readonly span: Span;
  readonly context: Context;
  /** In the time base of performance.now(). */
  readonly startedAt: number;
}

/** If the collector is down, this many spans are kept in memory; beyond it the oldest batch is dropped. */
const MAX_QUEUE = 2_048;
const EXPORT_TIMEOUT_MS = 5_000;
const MAX_ATTRIBUTE_CHARACTERS = 256;
const MAX_DETAIL_BYTES = 512;

/**
 * Sends traces to a collector, as OTLP in JSON over HTTP. Spans wait in memory and are sent in the background, so
 * tracing never delays work. Loaded only if tracing is on, because the library is large.
 *
 * The library reads headers for the collector, such as a token, from `OTEL_EXPORTER_OTLP_HEADERS`.
 * Protocol: https://opentelemetry.io/docs/specs/otlp/#otlphttp
 */
export function startOtlpTracing(options: OtlpTracingOptions, logger: Logger): Tracing {
  const { endpoint, sampleRatio, version, instance } = options;
  const url = `${endpoint.replace(/\/+$/, '')}/v1/traces`;
  const limited = createLimitedLog(logger);
  const note = (message: string, ...more: unknown[]): void => {
    const detail = excerpt([message, ...more].map(String).join(' '), MAX_DETAIL_BYTES);
    limited.note('warn', 'traces cannot be sent', '', { url, detail });
  };
  diag.setLogger(
    { error: note, warn: note, info() {}, debug() {}, verbose() {} },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  );

  const provider = new TracerProvider({
    resource: resourceFromAttributes({
      'service.name': 'firstseen',
      'service.version': version,
      'service.instance.id': instance,
    }),
    sampler: new TraceIdRatioBasedSampler(sampleRatio),
    spanLimits: { attributeValueLengthLimit: MAX_ATTRIBUTE_CHARACTERS },
    spanProcessors: [
      new BatchSpanProcessor({
        exporter: new OTLPTraceExporter({ url, timeoutMillis: EXPORT_TIMEOUT_MS, concurrencyLimit: 1 }),
        maxQueueSize: MAX_QUEUE,
        exportTimeoutMillis: EXPORT_TIMEOUT_MS,
      }),
    ],
  });
  const tracer = provider.getTracer('firstseen', version);
  const storage = new AsyncLocalStorage<Current>();

  function run<T>(span: Span, parent: Context, work: () => T): T {
    const current = { span, context: traceApi.setSpan(parent, span), startedAt: performance.now() };
    const failed = (error: unknown): never => {
      span.setStatus({ code: SpanStatusCode.ERROR, message: codeOf(error) });
      span.end();
      throw error;
    };
    let result: T;
    try {
      result = storage.run(current, work);
    } catch (error) {
      return failed(error);
    }
    if (!(result instanceof Promise)) {
      span.end();
      return result;
    }
    return result.then((value: unknown) => {
      span.end();
      return value;
    }, failed) as T;
  }

  return {
    trace(name, attributes, links, work) {
      const options = { root: true, attributes, links: links.map((context) => ({ context })) };
      return run(tracer.startSpan(name, options, ROOT_CONTEXT), ROOT_CONTEXT, work);
    },
    span(name, attributes, work) {
      const parent = storage.getStore()?.context;
      return parent === undefined ? work() : run(tracer.startSpan(name, { attributes }, parent), parent, work);
    },
    since(name, attributes) {
      const current = storage.getStore();
      if (current === undefined) return;
      tracer.startSpan(name, { attributes, startTime: current.startedAt }, current.context).end();
    },
    link: () => storage.getStore()?.span.spanContext(),
    async stop(limitMs) {
      const sent = provider.shutdown().catch((error: unknown) => note('shutdown', error));
      await Promise.race([sent, new Promise((resolve) => setTimeout(resolve, limitMs).unref())]);
    },
  };
}

/** Names the fault by its code, because the message of an error may hold client input. */
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'error';
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}
