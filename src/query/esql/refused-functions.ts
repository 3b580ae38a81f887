/** Functions of Elasticsearch that are not supported: the reason, or the replacement. */
export const REFUSED_FUNCTIONS: ReadonlyMap<string, string> = new Map([
  ...reasons(
    'full-text search is not supported: use KQL("field:value"), == or LIKE',
    'match match_operator match_phrase multi_match qstr term score decay',
  ),
  ...reasons('firstseen has no model to ask', 'categorize text_embedding embed'),
  ...reasons('dates have milliseconds here: use TO_DATETIME', 'to_date_nanos'),
  ...reasons('use TO_LONG', 'to_unsigned_long to_ul to_ulong'),
  ...reasons(
    'no audit event field is a place on a map',
    `to_geopoint to_geoshape to_cartesianpoint to_cartesianshape to_geohash to_geohex to_geotile st_centroid_agg st_contains st_disjoint
    st_distance st_envelope st_extent_agg st_intersects st_within st_x st_y st_xmax st_xmin st_ymax st_ymin st_geohash st_geohex st_geotile
    st_geohash_to_long st_geohash_to_string st_geohex_to_long st_geohex_to_string st_geotile_to_long st_geotile_to_string st_npoints
    st_simplify`,
  ),
  ...reasons(
    'firstseen has no time series',
    `rate irate increase delta idelta deriv avg_over_time count_over_time count_distinct_over_time max_over_time min_over_time
    sum_over_time last_over_time first_over_time absent_over_time present_over_time tbucket trange`,
  ),
  ...reasons(
    'no audit event field is a vector',
    'knn v_cosine v_dot_product v_hamming v_l1_norm v_l2_norm v_magnitude to_dense_vector',
  ),
  ...reasons('hashing is not supported: compare the text itself, or a part of it', 'hash md5 sha1 sha256'),
  ...reasons('sampling is not supported', 'sample'),
]);

function reasons(reason: string, names: string): readonly (readonly [string, string])[] {
  return names.split(/\s+/).map((name) => [name, reason]);
}
