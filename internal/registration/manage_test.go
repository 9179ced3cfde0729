package registration

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/oautherr"
	"github.com/caddy-dcr/caddy-dcr/internal/revocation"
	"github.com/caddy-dcr/caddy-dcr/internal/secret"
	"github.com/caddy-dcr/caddy-dcr/internal/state"
	"github.com/caddy-dcr/caddy-dcr/plugins"
)

// desk is a manager, with what it looks up and ends.
type desk struct {
	*Manager
	*world
	id, token string
	looks     int
	ended     []uuid.UUID
	lookErr   error
	endErr    error
}

func (d *desk) Client(_ context.Context, id uuid.UUID) (state.Client, error) {
	d.looks++
	for _, c := range d.stored {
		if c.ID == id && d.lookErr == nil {
			return c, nil
		}
	}
	if d.lookErr != nil {
		return state.Client{}, d.lookErr
	}
	return state.Client{}, state.ErrNotFound
}

// newDesk has one client, which registered with a redirect URI.
func newDesk(t *testing.T) *desk {
	t.Helper()
	w, s := newWorld()
	q := good()
	q.ManagedAt = "https://sp.auth.example.com/oauth2/register/"
	r, err := s.Register(context.Background(), q)
	require.NoError(t, err)
	w.caughtUp = false
	d := &desk{world: w, id: r.Response.ClientID, token: r.Response.RegistrationAccessToken}
	d.Manager = &Manager{
		State: w, Clients: d, Secrets: func() *secret.Keyring { return keys }, Issuer: issuer,
		End: func(_ context.Context, id uuid.UUID) error {
			d.ended = append(d.ended, id)
			return d.endErr
		},
	}
	return d
}

func TestAClientReadsItsRegistrationButNotItsSecret(t *testing.T) {
	d := newDesk(t)
	response, err := d.Read(context.Background(), d.id, d.token, "https://at")
	require.NoError(t, err)
	assert.Equal(t, Response{
		ClientID: d.id, ClientIDIssuedAt: 1764000000, RedirectURIs: []string{"https://app.adobe.com/done"},
		GrantTypes: []string{"client_credentials"}, ResponseTypes: []string{}, Scopes: []string{"analytics:client", "api:client:v2"},
		Scope: "analytics:client api:client:v2", TokenEndpointAuthMethod: SecretBasic,
		RegistrationClientURI: "https://at", RegistrationAccessToken: d.token,
	}, response)
	assert.Equal(t, ManagedRead, ManagedOutcomeOf(err, ManagedRead))
	assert.False(t, d.caughtUp)

	upper, err := d.Read(context.Background(), strings.ToUpper(d.id), d.token, "")
	require.NoError(t, err)
	assert.Equal(t, d.id, upper.ClientID)
}

func TestAClientEndsItsRegistration(t *testing.T) {
	d := newDesk(t)
	require.NoError(t, d.Delete(context.Background(), d.id, d.token))
	assert.Equal(t, []uuid.UUID{uuid.MustParse(d.id)}, d.ended)

	d.endErr = plugins.ErrUnavailable
	err := d.Delete(context.Background(), d.id, d.token)
	assert.Equal(t, ManagedUnavailable, ManagedOutcomeOf(err, ManagedEnded))
}

func TestWhoeverHasNotTheTokenLearnsNothing(t *testing.T) {
	unavailable := fmt.Errorf("redis: %w", plugins.ErrUnavailable)
	stranger := uuid.MustParse("44444444-4444-4444-8444-444444444444")
	for name, c := range map[string]struct {
		change func(d *desk)
		want   Managed
		looks  int
	}{
		"a wrong token":              {func(d *desk) { d.token = d.token[:20] + string(d.token[20]^1) + d.token[21:] }, ManagedDenied, 0},
		"a token of no form":         {func(d *desk) { d.token = "x" }, ManagedDenied, 0},
		"another client's token":     {func(d *desk) { d.token = keys.RegistrationToken(stranger[:]) }, ManagedDenied, 0},
		"an unknown client":          {func(d *desk) { d.id = stranger.String() }, ManagedDenied, 0},
		"an id of no form":           {func(d *desk) { d.id = "nobody" }, ManagedDenied, 0},
		"an id in braces":            {func(d *desk) { d.id = "{" + d.id + "}" }, ManagedDenied, 0},
		"a client that is not there": {func(d *desk) { d.stored = nil }, ManagedDenied, 1},
		"a revoked client":           {func(d *desk) { d.kills.Put(revocation.Target{Kind: revocation.Client, ID: d.id}, revocation.Kill{}) }, ManagedDenied, 1},
		"a client of a revoked ancestor": {func(d *desk) {
			d.kills.Put(revocation.Target{Kind: revocation.Application, ID: appID.String()}, revocation.Kill{})
		}, ManagedDenied, 1},

		"nothing while the state is stale":           {func(d *desk) { d.fresh, d.token = unavailable, "x" }, ManagedUnavailable, 0},
		"no wrong token that may be of a new key":    {func(d *desk) { d.behind, d.token = unavailable, "x" }, ManagedUnavailable, 0},
		"no client that may be in another store":     {func(d *desk) { d.behind, d.stored = unavailable, nil }, ManagedUnavailable, 1},
		"nothing while the store is away":            {func(d *desk) { d.lookErr = unavailable }, ManagedUnavailable, 1},
		"nothing while there is no key":              {func(d *desk) { d.Secrets = func() *secret.Keyring { return nil } }, ManagedUnavailable, 0},
		"nothing when the keys go between two looks": {func(d *desk) { d.token, d.Secrets = "x", vanishing() }, ManagedUnavailable, 0},
		"nothing when the record cannot be read":     {func(d *desk) { d.stored[0].Keys = []state.ClientKey{{Algorithm: "ES256", Public: []byte("x")}} }, ManagedUnavailable, 1},
		"nothing when the application is missing":    {func(d *desk) { d.unknown = true }, ManagedUnavailable, 1},
		"nothing when the one who asks has gone":     {func(d *desk) { d.lookErr = context.Canceled }, ManagedUnavailable, 1},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			c.change(d)
			response, err := d.Read(context.Background(), d.id, d.token, "")
			require.Error(t, err)
			assert.Zero(t, response)
			assert.Equal(t, c.want, ManagedOutcomeOf(err, ManagedRead))
			assert.Equal(t, c.looks, d.looks, "how often clients were looked for")
			if c.want == ManagedDenied {
				assert.Equal(t, errDenied, oautherr.From(err), "all look alike")
				require.Error(t, d.Delete(context.Background(), d.id, d.token))
				assert.Empty(t, d.ended)
			}
		})
	}
}

// vanishing gives the keys once.
func vanishing() func() *secret.Keyring {
	given := false
	return func() *secret.Keyring {
		if given {
			return nil
		}
		given = true
		return keys
	}
}

// Another gateway may have made the key that the token is of.
func TestATokenOfANewKeyIsWaitedFor(t *testing.T) {
	d := newDesk(t)
	old, err := secret.NewKeyring(map[uint8][]byte{1: []byte(strings.Repeat("a", 32))})
	require.NoError(t, err)
	d.Secrets = func() *secret.Keyring {
		if d.caughtUp {
			return keys
		}
		return old
	}
	_, err = d.Read(context.Background(), d.id, d.token, "")
	require.NoError(t, err)
}

func TestEveryEndOfAManagedRequestIsCounted(t *testing.T) {
	seen := map[Managed]bool{}
	for _, outcome := range ManagedOutcomes {
		assert.Regexp(t, `^[a-z_]+$`, string(outcome))
		assert.False(t, seen[outcome])
		seen[outcome] = true
		assert.Regexp(t, `^[A-Z][^|\n]+\.$`, managedTexts[outcome].message, outcome)
		assert.Regexp(t, `^[A-Z][^|\n]+\.$`, managedTexts[outcome].advice, outcome)
	}
	assert.Len(t, managedTexts, len(ManagedOutcomes))
	assert.Equal(t, ManagedUnavailable.Message(), Managed("none").Message())
	assert.Equal(t, ManagedUnavailable.Advice(), Managed("none").Advice())
	for err, want := range map[error]Managed{
		nil: ManagedEnded, errDenied: ManagedDenied, invalid("x"): ManagedInvalid,
		oautherr.New(oautherr.MethodNotAllowed, ""): ManagedInvalid, oautherr.New(oautherr.TooManyRequests, ""): ManagedThrottled, errors.New("x"): ManagedUnavailable,
	} {
		assert.Equal(t, want, ManagedOutcomeOf(err, ManagedEnded))
	}
}
