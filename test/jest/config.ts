import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Config } from 'jest';

// The workers, and all that tests start, compile each module once: a start of firstseen takes half of the time.
const cacheHome = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
process.env.NODE_COMPILE_CACHE ??= join(cacheHome, 'firstseen', 'compiled');

const ROOT = `${import.meta.dirname}/../..`;

/** One Jest project: a suite's name, its files, and what else it needs. */
function suite(displayName: string, testMatch: string, options: object = {}) {
  return {
    displayName,
    rootDir: ROOT,
    testMatch: [`<rootDir>/${testMatch}`],
    testEnvironment: '<rootDir>/test/jest/environment.ts',
    extensionsToTreatAsEsm: ['.ts'],
    transform: { '\\.ts$': '<rootDir>/test/jest/transform.ts' },
    ...options,
  };
}

const FIXED_SEED = { setupFiles: ['<rootDir>/test/jest/fixed-seed.ts'] };
const TOOLS = { globalSetup: '<rootDir>/test/jest/set-up-tools.ts' };

const config: Config = {
  rootDir: ROOT,
  /** Tests that start servers wait more than they work, so there may be more of them at once than there are cores. */
  maxWorkers: 4,
  testSequencer: '<rootDir>/test/jest/sequencer.ts',
  /** The longest that one test or hook may take, in ms. */
  testTimeout: 300_000,
  reporters: ['default', '<rootDir>/test/jest/sum-reporter.ts'],
  projects: [
    suite('architecture', 'test/*.test.ts'),
    suite('unit', 'src/**/*.test.ts'),
    suite('conformance', 'test/conformance/**/*.test.ts'),
    suite('property', 'test/property/**/*.test.ts', FIXED_SEED),
    suite('integration', 'test/integration/**/*.test.ts', { ...TOOLS, ...FIXED_SEED }),
    suite('e2e', 'test/e2e/**/*.test.ts', TOOLS),
  ],
};

export default config;
