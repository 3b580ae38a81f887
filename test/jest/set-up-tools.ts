import { ensureTools } from '../support/tools.ts';

/** Builds or installs the real programs before the first test that needs one: it takes minutes, once. */
export default ensureTools;
