package jwstest

import (
	"sync"
	"testing"

	"github.com/caddy-dcr/caddy-dcr/internal/jws"
)

// made are the keys that this process has, by id and algorithm: making one of
// RSA takes long.
var made sync.Map

// Key makes the key of an id and algorithm, once. The RSA keys of one id are
// one material, since tests use one at a time.
func Key(tb testing.TB, id string, alg jws.Algorithm) *jws.Key {
	tb.Helper()
	making, _ := made.LoadOrStore([2]string{id, string(alg)}, sync.OnceValues(func() (*jws.Key, error) {
		switch alg {
		case jws.RS384, jws.RS512, jws.PS256, jws.PS384, jws.PS512:
			return jws.Unmarshal(id, alg, secret(Key(tb, id, jws.RS256)))
		default:
			return jws.Generate(id, alg)
		}
	}))
	key, err := making.(func() (*jws.Key, error))()
	if err != nil {
		tb.Fatal(err)
	}
	return key
}

// Public is the key as somebody else has it, under a name of theirs.
func Public(tb testing.TB, key *jws.Key, id string) *jws.Key {
	tb.Helper()
	public, err := jws.NewKey(id, key.Algorithm(), key.Public())
	if err != nil {
		tb.Fatal(err)
	}
	return public
}
