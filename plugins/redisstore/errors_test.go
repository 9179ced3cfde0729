package redisstore

import (
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
)

// reply is an error reply of a server.
type reply string

func (r reply) Error() string { return string(r) }
func (reply) RedisError()     {}

func TestErrorsAreNamedByTheirClass(t *testing.T) {
	for answer, want := range map[string]string{
		"LOADING Redis is loading the dataset in memory":                         "the server is loading its data",
		"READONLY You can't write against a read only replica.":                  "the server is a replica and read-only",
		"OOM command not allowed when used memory > 'maxmemory'.":                "the server is out of memory (maxmemory)",
		"NOAUTH Authentication required.":                                        "the server wants a password",
		"WRONGPASS invalid username-password pair or user is disabled.":          "wrong user name or password",
		"NOPERM this user has no permissions to run the 'get' command":           "the user's ACL does not allow it",
		"ERR The user executing the script can't run this command or subcommand": "the user's ACL does not allow it",
		"BUSY Redis is busy running a script.":                                   "the server is busy with a script",
		"CLUSTERDOWN Hash slot not served":                                       "the cluster is down",
		"CROSSSLOT Keys in request don't hash to the same slot":                  "keys in different slots: is it a cluster?",
		"MOVED 3999 127.0.0.1:6381":                                              "the cluster redirects: is cluster configured?",
		"TRYAGAIN Multiple keys request during rehashing of slot":                "the cluster is moving slots",
		"MASTERDOWN Link with MASTER is down":                                    "the replica has lost its primary",
		"MISCONF Errors writing to the AOF file":                                 "the server cannot write to its disk (MISCONF)",
		"ERR max number of clients reached":                                      "the server has too many connections",
		"ERR unknown command 'HELLO', with args beginning with: '" + hush + "'":  "an error reply",
	} {
		assert.Equal(t, want, class(reply(answer)))
		assert.Equal(t, want, class(fmt.Errorf("failed to authenticate: %w", reply(answer))))
	}
	assert.Equal(t, "no connection is free (pool_size)", class(redis.ErrPoolTimeout))
	assert.Equal(t, "the connection broke", class(io.ErrUnexpectedEOF))
	assert.Equal(t, "no usable answer: is it Redis, and does it speak TLS?", class(errors.New(hush)))
}
