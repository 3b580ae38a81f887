/** The least that firstseen needs, as the guide to Redis states it. */
export const ACL_RULE =
  '~fs:* resetchannels -@all +eval +evalsha +get +set +del +exists +time +wait +ping +info +config|get +client|setname ' +
  '+hello +cluster|slots +cluster|info +readonly +sadd +smismember +zadd +zrem +zcard +zrange +zscore +zmscore +zremrangebyscore ' +
  '+hset +hsetnx +hincrby +hget +hmget +hgetall +hdel +hlen +pttl +pexpire +persist';
