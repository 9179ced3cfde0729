package token

import (
	"testing"

	"github.com/caddy-dcr/caddy-dcr/internal/jws"
)

func TestAHostileTokenCostsLittleMemory(t *testing.T) {
	g := good(t, jws.HS256)
	v := verifier(g.Key)
	g.Defuse(t, func(raw string) { _, _ = v.Verify(raw) })
}

func BenchmarkHostile(b *testing.B) {
	g := good(b, jws.HS256)
	v := verifier(g.Key)
	g.Detonate(b, func(raw string) { _, _ = v.Verify(raw) })
}
