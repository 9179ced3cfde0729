package redisstore

import (
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"

	"github.com/caddy-dcr/caddy-dcr/plugins"
)

// reply is an error reply of a server.
type reply string

func (r reply) Error() string { return string(r) }
func (reply) RedisError()     {}

// named is what an error is called.
type named struct {
	text  string
	fault plugins.Fault
}

func nameOf(err error) named {
	text, fault := class(err)
	return named{text, fault}
}

func TestErrorsAreNamedByTheirClass(t *testing.T) {
	for answer, want := range map[string]named{
		"LOADING Redis is loading the dataset in memory":                         {"the server is loading its data", plugins.FaultLoading},
		"READONLY You can't write against a read only replica.":                  {"the server is a replica and read-only", plugins.FaultReadOnly},
		"OOM command not allowed when used memory > 'maxmemory'.":                {"the server is out of memory (maxmemory)", plugins.FaultOutOfMemory},
		"NOAUTH Authentication required.":                                        {"the server wants a password", plugins.FaultDenied},
		"WRONGPASS invalid username-password pair or user is disabled.":          {"wrong user name or password", plugins.FaultDenied},
		"NOPERM this user has no permissions to run the 'get' command":           {"the user's ACL does not allow it", plugins.FaultDenied},
		"ERR The user executing the script can't run this command or subcommand": {"the user's ACL does not allow it", plugins.FaultDenied},
		"BUSY Redis is busy running a script.":                                   {"the server is busy with a script", plugins.FaultBusy},
		"CLUSTERDOWN Hash slot not served":                                       {"the cluster is down", plugins.FaultCluster},
		"CROSSSLOT Keys in request don't hash to the same slot":                  {"keys in different slots: is it a cluster?", plugins.FaultCluster},
		"MOVED 3999 127.0.0.1:6381":                                              {"the cluster redirects: is cluster configured?", plugins.FaultCluster},
		"TRYAGAIN Multiple keys request during rehashing of slot":                {"the cluster is moving slots", plugins.FaultCluster},
		"MASTERDOWN Link with MASTER is down":                                    {"the replica has lost its primary", plugins.FaultReplication},
		"MISCONF Errors writing to the AOF file":                                 {"the server cannot write to its disk (MISCONF)", plugins.FaultDisk},
		"ERR max number of clients reached":                                      {"the server has too many connections", plugins.FaultBusy},
		"ERR unknown command 'HELLO', with args beginning with: '" + hush + "'":  {"an error reply", plugins.FaultOther},
	} {
		assert.Equal(t, want, nameOf(reply(answer)))
		assert.Equal(t, want, nameOf(fmt.Errorf("failed to authenticate: %w", reply(answer))))
	}
	assert.Equal(t, named{"no connection is free (pool_size)", plugins.FaultBusy}, nameOf(redis.ErrPoolTimeout))
	assert.Equal(t, named{"the connection broke", plugins.FaultBroken}, nameOf(io.ErrUnexpectedEOF))
	assert.Equal(t, named{errReply.Error(), plugins.FaultProtocol}, nameOf(errReply))
	assert.Equal(t, named{errReplicas.Error(), plugins.FaultReplication}, nameOf(errReplicas))
	assert.Equal(t, named{"no usable answer: is it Redis, and does it speak TLS?", plugins.FaultProtocol}, nameOf(errors.New(hush)))
}
