package oauth_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/application"
	"github.com/caddy-dcr/caddy-dcr/internal/jws"
	"github.com/caddy-dcr/caddy-dcr/internal/oauth"
	"github.com/caddy-dcr/caddy-dcr/internal/oautherr"
	"github.com/caddy-dcr/caddy-dcr/internal/registration"
	"github.com/caddy-dcr/caddy-dcr/internal/revocation"
	"github.com/caddy-dcr/caddy-dcr/internal/scope"
	"github.com/caddy-dcr/caddy-dcr/internal/secret"
	"github.com/caddy-dcr/caddy-dcr/internal/state"
	"github.com/caddy-dcr/caddy-dcr/internal/statement"
	"github.com/caddy-dcr/caddy-dcr/internal/wire"
	"github.com/caddy-dcr/caddy-dcr/plugins/boltstore"
)

const issuer = "https://sp.auth.example.com"

// bounded makes the replica decide its own freshness.
type bounded struct{ *state.Replica }

func (b bounded) Fresh() error { return b.Replica.Fresh(time.Minute) }

// plain mints tokens that are only their client's name.
type plain struct{ now func() time.Time }

func (p plain) Mint(_ context.Context, c state.Client, _ scope.Set) (oauth.Minted, error) {
	return oauth.Minted{Token: "of " + c.ID.String(), ID: uuid.New(), IssuedAt: p.now(), ExpiresAt: p.now().Add(time.Hour)}, nil
}

// gateway is both services over a real store, replica, statements and keys.
type gateway struct {
	records   state.Records
	replica   *state.Replica
	register  registration.Service
	issue     oauth.Service
	statement string
}

func newGateway(t *testing.T) *gateway {
	store, err := boltstore.Open(filepath.Join(t.TempDir(), "dcr.db"))
	require.NoError(t, err)
	t.Cleanup(func() { _ = store.Close() })
	g := &gateway{records: state.Records{Store: store}, replica: &state.Replica{Store: store, Logger: slog.New(slog.DiscardHandler)}}

	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { g.replica.Run(ctx); close(done) }()
	t.Cleanup(func() { cancel(); <-done })

	app := &application.Application{
		ID: uuid.New(), Name: "Demo", Version: "1", Programmer: "Demo", Channels: []string{"REF30"}, AllPlatforms: true,
		Domains: []string{"example.com"}, Scopes: scope.Must("api:client:v2"), CreatedAt: time.Now(),
	}
	require.NoError(t, application.Normalize(app, nil))
	position, err := g.records.CreateApplication(ctx, app)
	require.NoError(t, err)
	require.NoError(t, g.replica.WaitFor(ctx, position))
	require.Eventually(t, func() bool { return g.replica.Fresh(time.Minute) == nil }, 5*time.Second, time.Millisecond)

	key, err := jws.Generate("key1", jws.ES256)
	require.NoError(t, err)
	g.statement, _, err = statement.Minter{Issuer: issuer, Key: func() *jws.Key { return key }, Now: g.replica.Now}.Mint(app.ID)
	require.NoError(t, err)
	ring, err := secret.NewKeyring(map[uint8][]byte{1: []byte(strings.Repeat("k", 32))})
	require.NoError(t, err)

	g.register = registration.Service{
		Statements: &statement.Verifier{Issuer: issuer, Now: g.replica.Now, Keys: func(string) []*jws.Key { return []*jws.Key{key} }},
		State:      bounded{g.replica}, Clients: g.records, Secrets: func() *secret.Keyring { return ring }, Issuer: issuer,
	}
	g.issue = oauth.Service{
		State: bounded{g.replica}, Clients: g.records, Secrets: func() *secret.Keyring { return ring },
		Tokens: plain{g.replica.Now}, Assertions: g.records, Issuer: issuer,
	}
	return g
}

func (g *gateway) registered(t *testing.T) registration.Response {
	r := httptest.NewRequest(http.MethodPost, "/o/client/register", strings.NewReader(`{"software_statement":"`+g.statement+`"}`))
	r.Header.Set("Content-Type", "application/json")
	q, err := registration.ReadRequest(r, wire.Standard)
	require.NoError(t, err)
	done, err := g.register.Register(r.Context(), q)
	require.NoError(t, err)
	return done.Response
}

func (g *gateway) token(t *testing.T, client registration.Response) (oauth.Issued, error) {
	form := url.Values{"grant_type": client.GrantTypes, "client_id": {client.ClientID}, "client_secret": {client.ClientSecret}}
	r := httptest.NewRequest(http.MethodPost, "/o/client/token", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	q, err := oauth.ReadTokenRequest(r, wire.Standard)
	require.NoError(t, err)
	return g.issue.Issue(r.Context(), q)
}

func TestWhatRegistrationGivesOutTheTokenEndpointTakes(t *testing.T) {
	g := newGateway(t)
	one, two := g.registered(t), g.registered(t)
	require.NotEqual(t, one.ClientID, two.ClientID)
	for _, client := range []registration.Response{one, two} {
		issued, err := g.token(t, client)
		require.NoError(t, err)
		assert.Equal(t, "of "+client.ClientID, issued.Response.AccessToken)
		assert.Equal(t, "api:client:v2", issued.Response.Scope)
	}
	one.ClientSecret = two.ClientSecret
	_, err := g.token(t, one)
	assert.Equal(t, oauth.SecretWrong, oauth.OutcomeOf(err))
}

func TestAKillOfTheStatementStopsBothEndpoints(t *testing.T) {
	g := newGateway(t)
	client := g.registered(t)
	st, err := g.register.Statements.VerifyWithin(g.statement, nil)
	require.NoError(t, err)
	_, position, err := g.records.Throw(t.Context(), state.Kill{Kind: revocation.Statement, ID: st.ID.String(), At: g.replica.Now().UnixMilli()})
	require.NoError(t, err)
	require.NoError(t, g.replica.WaitFor(t.Context(), position))

	_, err = g.token(t, client)
	assert.Equal(t, oauth.StatementRevoked, oauth.OutcomeOf(err))
	_, err = g.register.Register(t.Context(), registration.Request{Statement: g.statement})
	assert.Equal(t, registration.StatementRevoked, registration.OutcomeOf(err))
}

func TestNobodyIsBlamedWhenTheStoreIsGone(t *testing.T) {
	g := newGateway(t)
	client := g.registered(t)
	require.NoError(t, g.records.Store.Close())

	_, err := g.token(t, client)
	assert.Equal(t, oautherr.TemporarilyUnavailable, oautherr.From(err).Code)
	_, err = g.register.Register(t.Context(), registration.Request{Statement: g.statement})
	assert.Equal(t, oautherr.TemporarilyUnavailable, oautherr.From(err).Code)
	assert.False(t, errors.Is(err, statement.ErrInvalid))
}
