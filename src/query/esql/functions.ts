import type { FunctionRow } from './function-row.ts';
import { ADDRESS_FUNCTIONS } from './functions/address.ts';
import { BUCKET_FUNCTION } from './functions/bucket.ts';
import { CONDITIONAL_FUNCTIONS } from './functions/conditional.ts';
import { CONVERSION_FUNCTIONS } from './functions/conversion.ts';
import { DATE_FUNCTIONS } from './functions/date.ts';
import { ENCODING_FUNCTIONS } from './functions/encoding.ts';
import { MATH_FUNCTIONS } from './functions/math.ts';
import { MULTIVALUE_FUNCTIONS } from './functions/multivalue.ts';
import { TEXT_FUNCTIONS } from './functions/text.ts';

/** All row functions, for calls, suggestions and reference pages. Those of STATS are in `aggregates.ts`. */
export const FUNCTIONS: readonly FunctionRow[] = [
  ...CONDITIONAL_FUNCTIONS,
  ...TEXT_FUNCTIONS,
  ...ENCODING_FUNCTIONS,
  ...MATH_FUNCTIONS,
  ...DATE_FUNCTIONS,
  ...CONVERSION_FUNCTIONS,
  ...MULTIVALUE_FUNCTIONS,
  ...ADDRESS_FUNCTIONS,
  BUCKET_FUNCTION,
];
