package jws_test

import (
	"testing"

	"github.com/caddy-dcr/caddy-dcr/internal/jws"
)

func TestAHostileTextCostsLittleMemory(t *testing.T) {
	g := good(t, jws.HS256)
	g.Defuse(t, func(raw string) { _ = accept(g.Key, raw) })
}

func BenchmarkHostile(b *testing.B) {
	g := good(b, jws.HS256)
	g.Detonate(b, func(raw string) { _ = accept(g.Key, raw) })
}
