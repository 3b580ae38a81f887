/**
 * Where properties and fuzz targets draw their cases from. It is fixed, so that a test never fails by chance;
 * `npm run fuzz` searches with others.
 */
export const SEED = Number(process.env.FIRSTSEEN_TEST_SEED ?? 20_261);
