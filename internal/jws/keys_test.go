package jws_test

import (
	"testing"

	"github.com/caddy-dcr/caddy-dcr/internal/jws"
	"github.com/caddy-dcr/caddy-dcr/internal/jws/jwstest"
)

func key(t testing.TB, alg jws.Algorithm) *jws.Key {
	t.Helper()
	return jwstest.Key(t, "k", alg)
}

// public is the key as others have it.
func public(t testing.TB, k *jws.Key) *jws.Key {
	t.Helper()
	return jwstest.Public(t, k, k.ID())
}
