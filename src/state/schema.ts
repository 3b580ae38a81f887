/**
 * The version of what the state holds and in which form. It goes up with a change that an older firstseen would misread, and
 * then comes with the step that turns the old form into the new one (docs/decisions/0010).
 */
export const STATE_SCHEMA = 1;
