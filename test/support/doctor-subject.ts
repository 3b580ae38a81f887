import { configSchema } from '../../src/config/schema.ts';
import { createSubject, type DoctorOptions, type GivenFile, type Subject } from '../../src/doctor/subject.ts';

/** What doctor looks at when it is given nothing, with these changes. */
export function subjectOf(options: Partial<DoctorOptions> & Partial<Pick<Subject, 'now'>>): Subject {
  const subject = createSubject({
    configuration: { kind: 'none', config: configSchema.parse({}), given: new Set() },
    version: '0.0.0-test',
    kubeconfig: { kubeconfig: '/nonexistent/kubeconfig' },
    account: undefined,
    apiServerFlags: undefined,
    webhookKubeconfig: undefined,
    policy: undefined,
    connect: undefined,
    ops: undefined,
    ...options,
  });
  return options.now === undefined ? subject : { ...subject, now: options.now };
}

export function given(text: string, name = 'given'): GivenFile {
  return { name, text };
}
