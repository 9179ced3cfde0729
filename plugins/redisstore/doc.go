// Package redisstore keeps the gateway's state in Redis 7 or later: alone,
// watched by Sentinel, or as a Cluster, so that gateways can share it.
//
// # Keys
//
// With the default prefix "dcr:":
//
//	dcr:<key>      a record outside r/, a string that Redis expires
//	dcr:{{<rest>   the same for a key that begins with a brace
//	dcr:{}<key>    a token bucket, a string that expires when it is full
//	dcr:{f}:r      all records under r/, a hash: field is the key without r/,
//	               value is "<expiry in Unix ms, 0 for never>:<value>"
//	dcr:{f}:s      the feed, a stream; entry <seq>-0 is "t <Unix ms>" and then
//	               for each write the field and "<ttl in ms>:<value>", or
//	               nothing for a delete
//	dcr:{f}:m      the feed's name and its newest seq
//
// The last three share one slot of a Cluster, so that one script changes them
// together, and so that a snapshot walks one hash and never millions of keys.
//
// A record of n bytes under a key of up to 24 bytes costs about 95 + n bytes of
// Redis's memory (n rounded up to the allocator's next size), one with a TTL
// about 40 more.
//
// # Permissions
//
// The user needs no more than this (with another key_prefix, other keys):
//
//	ACL SETUSER dcr on >password ~dcr:* resetchannels -@all +evalsha +eval
//	    +time +info +echo +get +mget +set +del +scan
//	    +hget +hmget +hset +hdel +hincrby +hscan +xadd +xrange +xread
//
// and further +select with a database other than 0, +wait with wait_replicas,
// "+cluster|slots +asking" with a Cluster, and "+config|get" if it may look
// whether snapshots are configured.
//
// # What Redis can lose
//
// Redis acknowledges before its disk and before its replicas. A crash loses
// what its appendfsync has not written yet (up to a second by default), and a
// failover what the promoted replica had not received; wait_replicas narrows
// the latter. Followers notice either: the feed then has another name.
package redisstore
