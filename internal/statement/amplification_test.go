package statement_test

import (
	"testing"

	"github.com/caddy-dcr/caddy-dcr/internal/jws"
	"github.com/caddy-dcr/caddy-dcr/internal/statement"
)

func TestAHostileStatementCostsLittleMemory(t *testing.T) {
	cached := &statement.Cached{Verifier: verifierOf(t, jws.ES256)}
	ownOf(t, jws.ES256).Defuse(t, func(raw string) { _, _ = cached.Verify(raw) })
	foreignOf(t, jws.ES256).Defuse(t, func(raw string) { _, _ = cached.Verify(raw) })
}
