package jws_test

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/jws"
)

// keys are made once for each algorithm; making one of RSA takes long.
var keys = func() map[jws.Algorithm]func() (*jws.Key, error) {
	makers := map[jws.Algorithm]func() (*jws.Key, error){}
	for _, alg := range jws.Algorithms {
		makers[alg] = sync.OnceValues(func() (*jws.Key, error) { return jws.Generate("k-"+string(alg), alg) })
	}
	// The algorithms of RSA share one material, since tests use one at a time.
	for _, alg := range []jws.Algorithm{jws.RS384, jws.RS512, jws.PS256, jws.PS384, jws.PS512} {
		makers[alg] = sync.OnceValues(func() (*jws.Key, error) {
			key, err := makers[jws.RS256]()
			if err != nil {
				return nil, err
			}
			material, err := key.Marshal()
			if err != nil {
				return nil, err
			}
			return jws.Unmarshal("k-"+string(alg), alg, material)
		})
	}
	return makers
}()

func key(t testing.TB, alg jws.Algorithm) *jws.Key {
	t.Helper()
	k, err := keys[alg]()
	require.NoError(t, err)
	return k
}

// public is the key as others have it.
func public(t testing.TB, k *jws.Key) *jws.Key {
	t.Helper()
	p, err := jws.NewKey(k.ID(), k.Algorithm(), k.Public())
	require.NoError(t, err)
	return p
}
