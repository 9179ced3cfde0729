package oauth

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/revocation"
	"github.com/caddy-dcr/caddy-dcr/internal/state"
)

type uses []state.Client

func (u *uses) Used(c state.Client) { *u = append(*u, c) }

func TestOnlyATokenThatWasIssuedIsAUse(t *testing.T) {
	w, s := newWorld(t)
	var noted uses
	s.Uses = &noted
	for name, spoil := range map[string]func(*TokenRequest){
		"a wrong secret":   func(q *TokenRequest) { q.secret = "wrong" },
		"a scope too many": func(q *TokenRequest) { q.Scope = "decisions:owner" },
		"a fault of ours":  func(*TokenRequest) { w.mintErr = errors.New("broken") },
		"a client killed": func(*TokenRequest) {
			w.kills.Put(revocation.Target{Kind: revocation.Client, ID: clientID.String()}, revocation.Kill{})
		},
		"no such client":    func(q *TokenRequest) { q.ClientID = tokenID.String() },
		"no application":    func(*TokenRequest) { w.noApplication = true },
		"a store in outage": func(*TokenRequest) { w.storeErr = errors.New("away") },
	} {
		q := good()
		spoil(&q)
		_, err := s.Issue(context.Background(), q)
		require.Error(t, err, name)
		assert.Empty(t, noted, name)
		w.mintErr, w.storeErr, w.noApplication, w.kills = nil, nil, false, revocation.NewSet()
	}
	_, err := s.Issue(context.Background(), good())
	require.NoError(t, err)
	assert.Equal(t, uses{theClient}, noted)
}
