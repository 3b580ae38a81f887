import { describe, expect, test } from '@jest/globals';
import { type CarriedOut, carriedOut } from './carried-out.ts';
import type { AuditEvent, ResponseStatus } from './event.ts';

const PATH = '/api/v1/namespaces/shop/configmaps';

/** The outcome for an event, by default of a create at level Metadata that was allowed. */
function of(responseStatus: ResponseStatus | undefined, event: AuditEvent = {}, truncated = false): CarriedOut {
  return carriedOut({
    event: {
      stage: 'ResponseComplete',
      verb: 'create',
      requestURI: PATH,
      objectRef: { resource: 'configmaps', namespace: 'shop', apiVersion: 'v1' },
      annotations: { 'authorization.k8s.io/decision': 'allow' },
      ...(responseStatus === undefined ? {} : { responseStatus }),
      ...event,
    },
    truncated,
  });
}

const failure = (code: number, reason: string, message: string): ResponseStatus => ({
  status: 'Failure',
  code,
  ...(reason === '' ? {} : { reason }),
  message,
});

const about = (resource: string, subresource: string): AuditEvent => ({ objectRef: { resource, subresource } });

const TABLE = failure(
  400,
  'BadRequest',
  `Unable to convert to Table as requested: includeObject: Invalid value: "x": must be 'Metadata', 'Object', 'None', or empty`,
);
const NOT_A_LIST = failure(
  406,
  'NotAcceptable',
  'you requested PartialObjectMetadataList, but the requested object is not a list (*core.ConfigMap)',
);
const MEDIA_TYPES = failure(
  406,
  'NotAcceptable',
  'only the following media types are accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf',
);
const TIMEOUT = failure(
  504,
  'Timeout',
  'Timeout: request did not complete within requested timeout - context deadline exceeded',
);
const CONVERSION = failure(500, '', 'conversion webhook for example.com/v2, Kind=Widget failed: no words');
const DENIED = failure(400, '', 'admission webhook "val.example.com" denied the request without explanation');
const HOOK_FAILED = failure(
  500,
  'InternalError',
  'Internal error occurred: failed calling webhook "val.example.com": failed to call webhook: context deadline exceeded',
);
const CONFLICT = failure(
  409,
  'Conflict',
  'Operation cannot be fulfilled on ConfigMap "t2": the UID in the precondition',
);

describe('success', () => {
  for (const code of [101, 200, 201, 202, 302]) {
    test(`${code} is carried out`, () => expect(of({ code })).toBe('yes'));
  }

  test('a dry run is not', () => {
    expect(of({ code: 201 }, { requestURI: `${PATH}?dryRun=All` })).toBe('no');
    expect(of({ code: 200 }, { verb: 'delete', requestObject: { dryRun: ['All'] } })).toBe('no');
  });

  test('a deletion is, whatever its query says of a dry run', () => {
    const requestURI = `${PATH}/web?dryRun=All`;
    expect(of({ code: 200 }, { verb: 'delete', requestURI })).toBe('yes');
    expect(of({ code: 200 }, { verb: 'deletecollection', requestURI, requestObject: {} })).toBe('yes');
  });

  test('a token and a question about rights are, whatever their query says of a dry run', () => {
    expect(of({ code: 201 }, { requestURI: '/x?dryRun=All', ...about('serviceaccounts', 'token') })).toBe('yes');
  });

  test.each(['authorization.k8s.io', 'authentication.k8s.io'])(
    'a token and a question about rights are, whatever their query says of a dry run: %s',
    (apiGroup) => {
      expect(of({ code: 201 }, { requestURI: '/x?dryRun=All', objectRef: { apiGroup } })).toBe('yes');
    },
  );
});

describe('before there is an answer', () => {
  test('nothing is carried out', () => {
    expect(of(undefined, { stage: 'RequestReceived' })).toBe('no');
    expect(of({ code: 200 }, { stage: 'RequestReceived' })).toBe('no');
    expect(of(undefined)).toBe('no');
    expect(of({})).toBe('no');
  });
});

describe('an error that was seen after a stored write is unknown', () => {
  for (const verb of ['create', 'update', 'patch', 'delete', 'deletecollection']) {
    for (const [name, status, event] of [
      ['rows of a Table, without a fallback', { code: 400 }, { requestURI: `${PATH}?includeObject=x` }],
      ['rows of a Table, the name encoded', { code: 400 }, { requestURI: `${PATH}?a=b&%69ncludeObject=x` }],
      [
        'rows of a Table, not the last word',
        { code: 400 },
        { requestURI: `${PATH}?includeObject=x&includeObject=None` },
      ],
      ['rows of a Table, bytes that are no text', { code: 400 }, { requestURI: `${PATH}?includeObject=%ff` }],
      ['rows of a Table, with a fallback', TABLE, { requestURI: `${PATH}?includeObject=x` }],
      ['one object as a list, without a fallback', { code: 406 }, {}],
      ['one object as a list, with a fallback', NOT_A_LIST, {}],
      ['one custom object as a list', failure(500, '', 'content is not a list'), {}],
      ['an answer that cannot be converted', CONVERSION, {}],
      ['the same, without a fallback', { code: 500 }, {}],
      ['a store that did not answer', failure(500, '', 'context deadline exceeded'), {}],
      ['a timeout', TIMEOUT, {}],
      ['a timeout, without a fallback', { code: 504 }, {}],
      ['a client that has left', { ...TIMEOUT, message: 'Timeout: … - context canceled' }, {}],
      ['an aggregated API that did not answer', { code: 503 }, {}],
      ['a panic', failure(500, 'InternalError', "APIServer panic'd: net/http: abort Handler"), { stage: 'Panic' }],
    ] as const) {
      test(`${verb}: ${name}`, () => expect(of(status, { verb, ...event })).toBe('unknown'));
    }
  }

  test('of a query that was cut off nobody knows what it said', () => {
    expect(of({ code: 400 }, {}, true)).toBe('unknown');
    expect(of(failure(400, 'BadRequest', 'the object provided is unrecognized'), {}, true)).toBe('no');
  });
});

describe('an error of a write that was refused or failed is no', () => {
  for (const [name, status, event = {}] of [
    ['not authenticated', failure(401, 'Unauthorized', 'Unauthorized'), { stage: 'ResponseStarted' }],
    ['not authenticated, without a fallback', { code: 401 }, { stage: 'ResponseStarted' }],
    ['forbidden', failure(403, 'Forbidden', 'configmaps is forbidden: User "bob" cannot create')],
    ['forbidden, without a fallback', { code: 403 }],
    ['exceeded quota', failure(403, 'Forbidden', 'configmaps "a" is forbidden: exceeded quota: q')],
    ['not found', failure(404, 'NotFound', 'configmaps "a" not found')],
    ['method not allowed', failure(405, 'MethodNotAllowed', 'the server does not allow this method')],
    ['a media type that is not served', MEDIA_TYPES],
    ['exists', failure(409, 'AlreadyExists', 'configmaps "a" already exists')],
    ['conflict', CONFLICT],
    ['conflict, without a fallback', { code: 409 }],
    ['too large', failure(413, 'RequestEntityTooLarge', 'Request entity too large: limit is 3145728')],
    ['unsupported media type', failure(415, 'UnsupportedMediaType', '415: Unsupported Media Type')],
    ['invalid', failure(422, 'Invalid', 'ConfigMap "A" is invalid: metadata.name')],
    ['invalid, without a fallback', { code: 422 }],
    ['a disruption budget', failure(429, 'TooManyRequests', 'Cannot evict pod'), about('pods', 'eviction')],
    ['a body that is no object', failure(400, 'BadRequest', 'the object provided is unrecognized')],
    ['the same, without a fallback', { code: 400 }],
    ['the same, with rows that a Table has', { code: 400 }, { requestURI: `${PATH}?includeObject=Object&x` }],
    ['a bad timeout', failure(400, 'BadRequest', 'invalid timeout specified in the request URL')],
    ['a body that was not read', failure(500, '', 'http: invalid Read on closed Body')],
    ['denied by a webhook', DENIED],
    ['denied by a webhook with a reason', { ...DENIED, reason: 'BadRequest' }],
    ['denied by a webhook with the words for a Table', { ...DENIED, message: `${DENIED.message}: ${TABLE.message}` }],
    ['denied by a webhook as if it had timed out', { ...DENIED, code: 504, reason: 'Timeout' }],
    ['denied by a webhook as if it were not acceptable', { ...DENIED, code: 406 }],
    ['denied by a webhook as if it had failed', { ...DENIED, code: 500 }],
    ['a webhook that failed', HOOK_FAILED],
    ['a server that is not available', failure(503, 'ServiceUnavailable', 'the server is currently unable')],
  ] as readonly (readonly [string, ResponseStatus, AuditEvent?])[]) {
    test(name, () => expect(of(status, event)).toBe('no'));
  }

  test('what the authorizer forbids never is more', () => {
    const annotations = { 'authorization.k8s.io/decision': 'forbid' };
    for (const code of [400, 403, 406, 500, 503, 504]) expect(of({ code }, { annotations })).toBe('no');
  });

  test('a dry run stores nothing, whatever its answer', () => {
    expect(of({ code: 400 }, { requestURI: `${PATH}?dryRun=All&includeObject=x` })).toBe('no');
    expect(of(TIMEOUT, { requestURI: `${PATH}?dryRun=All` })).toBe('no');
  });
});

describe('the deletion of a collection', () => {
  const deletion = (status: ResponseStatus) => of(status, { verb: 'deletecollection' });

  for (const [name, status] of [
    ['a precondition that does not hold for all', CONFLICT],
    ['the same, without a fallback', { code: 409 }],
    ['a webhook that denies one', DENIED],
    ['a webhook that denies one, with a reason', { ...DENIED, reason: 'BadRequest' }],
    ['a webhook that denies one as not found', { ...DENIED, code: 404, reason: 'NotFound' }],
    ['the same, without a fallback', { code: 400 }],
    ['a policy that denies one', failure(422, 'Invalid', 'configmaps "b" is forbidden: ValidatingAdmissionPolicy')],
    ['admission that forbids one', failure(403, 'Forbidden', 'configmaps "b" is forbidden')],
    ['a webhook that fails for one', HOOK_FAILED],
  ] as const) {
    test(`may have stopped halfway: ${name}`, () => expect(deletion(status)).toBe('unknown'));
  }

  for (const [name, status] of [
    ['a bad selector', failure(400, 'BadRequest', '"spec.x" is not a known field selector')],
    ['bad options', failure(422, 'Invalid', 'DeleteOptions.meta.k8s.io "" is invalid: dryRun')],
    ['bad options of the list', failure(422, 'Invalid', 'ListOptions.meta.k8s.io "" is invalid: limit')],
    ['a resource that is not there', failure(404, 'NotFound', 'the server could not find the requested resource')],
    ['a resource without it', failure(405, 'MethodNotAllowed', 'the server does not allow this method')],
  ] as const) {
    test(`has not begun: ${name}`, () => expect(deletion(status)).toBe('no'));
  }
});

describe('a read', () => {
  for (const verb of ['get', 'list', 'watch']) {
    test(`${verb} is carried out if it was answered with data`, () => {
      expect(of({ code: 200 }, { verb })).toBe('yes');
      for (const code of [403, 404, 406, 410, 500, 503, 504]) expect(of({ code }, { verb })).toBe('no');
      expect(of({ code: 400 }, { verb, requestURI: `${PATH}?includeObject=x` })).toBe('no');
    });
  }

  test('may have sent some of it before a panic', () => {
    expect(of({ code: 500 }, { verb: 'list', stage: 'Panic' })).toBe('unknown');
  });
});

describe('a connection', () => {
  for (const subresource of ['exec', 'attach', 'portforward']) {
    test(`${subresource} is carried out once it stands`, () => {
      expect(of({ code: 101 }, { stage: 'ResponseStarted', ...about('pods', subresource) })).toBe('yes');
      for (const status of [
        failure(400, 'BadRequest', 'Upgrade request required'),
        failure(500, '', 'error dialing backend: dial tcp 192.0.2.2:10250: connect: connection refused'),
        { code: 500 },
      ]) {
        expect(of(status, about('pods', subresource))).toBe('no');
      }
    });
  }

  for (const verb of ['get', 'create', 'delete']) {
    test(`a proxied ${verb} may have done what it came for, whatever the backend answers`, () => {
      const proxied = (status: ResponseStatus) => of(status, { verb, ...about('pods', 'proxy') });
      const unreachable = 'error trying to reach service: ';
      expect(proxied({ code: 200 })).toBe('yes');
      for (const code of [400, 403, 404, 500, 504]) expect(proxied({ code })).toBe('unknown');
      expect(proxied(failure(503, 'ServiceUnavailable', `${unreachable}EOF`))).toBe('unknown');
      expect(proxied(failure(503, 'ServiceUnavailable', `${unreachable}context canceled`))).toBe('unknown');
      expect(proxied(failure(503, 'ServiceUnavailable', `${unreachable}dial tcp 192.0.2.2:1: refused`))).toBe('no');
      expect(proxied(failure(404, 'NotFound', 'services "none" not found'))).toBe('no');
      expect(proxied({ code: 401 })).toBe('no');
    });
  }
});

test('an event whose parts are null does not break it', () => {
  const event = { verb: null, objectRef: null, annotations: null, responseStatus: null };
  expect(carriedOut({ event: event as unknown as AuditEvent, truncated: false })).toBe('no');
  const status = { code: 500, reason: null, message: null };
  expect(carriedOut({ event: { ...event, responseStatus: status } as unknown as AuditEvent, truncated: false })).toBe(
    'no',
  );
});
