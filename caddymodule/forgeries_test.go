package caddymodule

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/guard"
	"github.com/caddy-dcr/caddy-dcr/internal/scope"
	"github.com/caddy-dcr/caddy-dcr/internal/state"
	"github.com/caddy-dcr/caddy-dcr/internal/token"
)

// Whoever holds a token whose time is over could else have its signature
// verified again and again, which no budget for forgeries would notice.
func TestAnExpiredTokenIsVerifiedOnce(t *testing.T) {
	app := run(t, func(a *App) { a.Tokens.Algorithm = "ES256" })
	require.Eventually(t, func() bool { return app.services.ready() == nil }, time.Minute, time.Millisecond)
	tokens := app.services.tokens
	minter := tokens.minter
	minter.Now = func() time.Time { return tokens.directory.Now().Add(-24 * time.Hour) }
	client := state.Client{ID: uuid.New(), ApplicationID: uuid.New(), StatementID: uuid.New()}
	raw, _, err := minter.Mint(token.Grant{
		ClientID: client.ID, ClientIssuedAt: 1, Lineage: tokens.lineage(client, scope.Must("api:client:v2")),
	})
	require.NoError(t, err)
	for range 3 {
		known, verdict := tokens.know(context.Background(), raw)
		assert.Equal(t, guard.Expired, verdict)
		assert.Equal(t, client.ID, known.ClientID, "whose it was is told each time")
		assert.Equal(t, 1, app.cache.Len())
	}
	app.cache.Sweep()
	assert.Zero(t, app.cache.Len())
}
