package oauth

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/forgery"
	"github.com/caddy-dcr/caddy-dcr/internal/jws"
	"github.com/caddy-dcr/caddy-dcr/internal/oautherr"
	"github.com/caddy-dcr/caddy-dcr/internal/revocation"
	"github.com/caddy-dcr/caddy-dcr/internal/secret"
	"github.com/caddy-dcr/caddy-dcr/internal/state"
	"github.com/caddy-dcr/caddy-dcr/internal/throttle"
	"github.com/caddy-dcr/caddy-dcr/internal/wire"
	"github.com/caddy-dcr/caddy-dcr/plugins"
)

// keyClient is a client with a key, and what it signs with.
func keyClient(t testing.TB, w *world) (uuid.UUID, *jws.Key) {
	t.Helper()
	key, err := jws.Generate("k1", jws.ES256)
	require.NoError(t, err)
	c := theClient
	c.ID, c.SecretMAC, c.SecretKey = uuid.New(), nil, 0
	require.NoError(t, c.SetPublicKeys([]*jws.Key{key}))
	require.NoError(t, w.clients.(state.Records).PutClient(context.Background(), c))
	return c.ID, key
}

// asserting is a token request with an assertion of that client and id.
func asserting(t testing.TB, key *jws.Key, client uuid.UUID, id string) TokenRequest {
	t.Helper()
	raw, err := key.Sign("JWT", map[string]any{
		"iss": client.String(), "sub": client.String(), "aud": issuer, "jti": id, "exp": now.Add(time.Minute).Unix(),
	})
	require.NoError(t, err)
	return TokenRequest{Credentials: Credentials{assertion: raw, Method: ByAssertion, Address: address}}
}

func TestAClientWithAKeyGetsATokenForEachNewAssertion(t *testing.T) {
	w, s := newWorld(t)
	id, key := keyClient(t, w)
	for _, jti := range []string{"one", "two"} {
		issued, err := s.Issue(context.Background(), asserting(t, key, id, jti))
		require.NoError(t, err)
		assert.Equal(t, id, issued.ClientID)
		assert.Equal(t, ByAssertion, issued.Method)
	}
	_, err := s.Issue(context.Background(), asserting(t, key, id, "one"))
	assert.Equal(t, AssertionReplayed, OutcomeOf(err))
	assert.Equal(t, oautherr.InvalidClient, oautherr.From(err).Code)

	other, otherKey := keyClient(t, w)
	_, err = s.Issue(context.Background(), asserting(t, otherKey, other, "one"))
	require.NoError(t, err, "an id is used up for one client alone")

	q := asserting(t, key, id, "three")
	q.ClientID = strings.ToUpper(id.String())
	_, err = s.Issue(context.Background(), q)
	require.NoError(t, err, "the id may be said again")
	assert.Zero(t, w.wrongGuesses)
}

// broken is a store of used assertions that is away.
type broken struct{ error }

func (b broken) UseAssertion(context.Context, uuid.UUID, string, time.Duration) error { return b.error }

func TestIssueRefusesAssertions(t *testing.T) {
	unavailable := fmt.Errorf("redis: %w", plugins.ErrUnavailable)
	cases := []struct {
		name    string
		change  func(t *testing.T, w *world, s *Service, q *TokenRequest, id uuid.UUID, key *jws.Key)
		code    oautherr.Code
		outcome Outcome
	}{
		{"junk", func(_ *testing.T, _ *world, _ *Service, q *TokenRequest, _ uuid.UUID, _ *jws.Key) {
			q.assertion = "junk"
		}, oautherr.InvalidClient, AssertionInvalid},
		{"one for another server", func(_ *testing.T, _ *world, s *Service, _ *TokenRequest, _ uuid.UUID, _ *jws.Key) {
			s.Issuer = "https://other.example.com"
		}, oautherr.InvalidClient, AssertionInvalid},
		{"an unknown client", func(t *testing.T, _ *world, _ *Service, q *TokenRequest, _ uuid.UUID, key *jws.Key) {
			*q = asserting(t, key, uuid.New(), "j")
		}, oautherr.InvalidClient, ClientUnknown},
		{"another key", func(t *testing.T, w *world, _ *Service, q *TokenRequest, id uuid.UUID, _ *jws.Key) {
			_, other := keyClient(t, w)
			*q = asserting(t, other, id, "j")
		}, oautherr.InvalidClient, SignatureWrong},
		{"a client that has a secret", func(t *testing.T, _ *world, _ *Service, q *TokenRequest, _ uuid.UUID, key *jws.Key) {
			*q = asserting(t, key, clientID, "j")
		}, oautherr.InvalidClient, SignatureWrong},
		{"a secret for a client that has a key", func(_ *testing.T, _ *world, _ *Service, q *TokenRequest, id uuid.UUID, _ *jws.Key) {
			q.Credentials = Credentials{ClientID: id.String(), secret: "s3cret", Method: ByPost, Address: address}
		}, oautherr.InvalidClient, SecretWrong},
		{"no secret for a client that has a key", func(_ *testing.T, _ *world, _ *Service, q *TokenRequest, id uuid.UUID, _ *jws.Key) {
			q.Credentials = Credentials{ClientID: id.String(), Method: ByPost, Address: address}
		}, oautherr.InvalidClient, SecretWrong},
		{"another client's id beside it", func(_ *testing.T, _ *world, _ *Service, q *TokenRequest, _ uuid.UUID, _ *jws.Key) {
			q.ClientID = clientID.String()
		}, oautherr.InvalidRequest, RequestInvalid},
		{"an id of no form beside it", func(_ *testing.T, _ *world, _ *Service, q *TokenRequest, _ uuid.UUID, _ *jws.Key) { q.ClientID = "x" }, oautherr.InvalidRequest, RequestInvalid},
		{"a revoked client", func(_ *testing.T, w *world, _ *Service, _ *TokenRequest, id uuid.UUID, _ *jws.Key) {
			w.kills.Put(revocation.Target{Kind: revocation.Client, ID: id.String()}, revocation.Kill{})
		}, oautherr.InvalidClient, ClientRevoked},
		{"one guess too many", func(t *testing.T, w *world, _ *Service, q *TokenRequest, id uuid.UUID, _ *jws.Key) {
			_, other := keyClient(t, w)
			*q = asserting(t, other, id, "j")
			w.guessErr = oautherr.New(oautherr.TooManyRequests, "")
		}, oautherr.TooManyRequests, Throttled},

		{"nothing while the state is stale", func(_ *testing.T, w *world, _ *Service, q *TokenRequest, _ uuid.UUID, _ *jws.Key) {
			w.fresh, q.assertion = unavailable, "junk"
		}, oautherr.TemporarilyUnavailable, Unavailable},
		{"nothing while the store is away", func(_ *testing.T, w *world, _ *Service, _ *TokenRequest, _ uuid.UUID, _ *jws.Key) {
			w.storeErr = unavailable
		}, oautherr.TemporarilyUnavailable, Unavailable},
		{"nothing while nobody can say whether it was used", func(_ *testing.T, _ *world, s *Service, _ *TokenRequest, _ uuid.UUID, _ *jws.Key) {
			s.Assertions = broken{unavailable}
		}, oautherr.TemporarilyUnavailable, Unavailable},
		{"no unknown client that may be in another store", func(t *testing.T, w *world, _ *Service, q *TokenRequest, _ uuid.UUID, key *jws.Key) {
			*q = asserting(t, key, uuid.New(), "j")
			w.behind = unavailable
		}, oautherr.TemporarilyUnavailable, Unavailable},
		{"nothing when the keys cannot be read", func(t *testing.T, w *world, _ *Service, q *TokenRequest, _ uuid.UUID, key *jws.Key) {
			c := theClient
			c.ID, c.Keys = uuid.New(), []state.ClientKey{{Algorithm: "ES256", Public: []byte("x")}}
			require.NoError(t, w.clients.(state.Records).PutClient(context.Background(), c))
			*q = asserting(t, key, c.ID, "j")
		}, oautherr.TemporarilyUnavailable, Unavailable},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w, s := newWorld(t)
			id, key := keyClient(t, w)
			q := asserting(t, key, id, "j")
			c.change(t, w, s, &q, id, key)
			issued, err := s.Issue(context.Background(), q)
			require.Error(t, err)
			assert.Zero(t, issued)
			assert.Equal(t, c.code, oautherr.From(err).Code, err)
			assert.Equal(t, c.outcome, OutcomeOf(err))
			assert.Zero(t, w.mints)
			assert.NotContains(t, err.Error(), "eyJ")
		})
	}
}

func TestNoAssertionIsUsedUpBeforeItsSignatureIsRight(t *testing.T) {
	w, s := newWorld(t)
	id, key := keyClient(t, w)
	_, other := keyClient(t, w)
	_, err := s.Issue(context.Background(), asserting(t, other, id, "j"))
	require.Equal(t, SignatureWrong, OutcomeOf(err))
	_, err = s.Issue(context.Background(), asserting(t, key, id, "j"))
	require.NoError(t, err, "else anybody could use up the ids of others")
}

func TestAnUnknownSignerAndAWrongSignatureLookAlike(t *testing.T) {
	bodies := map[string]bool{}
	for _, unknown := range []bool{true, false} {
		w, s := newWorld(t)
		id, key := keyClient(t, w)
		q := asserting(t, key, uuid.New(), "j")
		if !unknown {
			_, other := keyClient(t, w)
			q = asserting(t, other, id, "j")
		}
		_, err := s.Issue(context.Background(), q)
		answer := httptest.NewRecorder()
		wire.Standard.WriteError(answer, httptest.NewRequest(http.MethodPost, "/", nil), err)
		bodies[fmt.Sprint(answer.Code, answer.Body)] = true
		assert.Equal(t, 1, w.reads)
		assert.Equal(t, 1, w.sure)
		assert.Equal(t, 1, w.wrongGuesses)
	}
	assert.Len(t, bodies, 1)
}

// The secrets of clients need a server key; assertions do not.
func TestAssertionsNeedNoKeyOfOurs(t *testing.T) {
	w, s := newWorld(t)
	id, key := keyClient(t, w)
	s.Secrets = func() *secret.Keyring { return nil }
	_, err := s.Issue(context.Background(), asserting(t, key, id, "j"))
	require.NoError(t, err)
}

// Whoever forges assertions makes us work for nothing.
func TestForgedAssertionsAreBoundedByAddress(t *testing.T) {
	w, s := newWorld(t)
	id, key := keyClient(t, w)
	_, other := keyClient(t, w)
	var found, withheld []forgery.Of
	s.Forgeries = &forgery.Budget{
		Table: throttle.NewTable(throttle.Limit{Rate: 0.001, Burst: 2}, 100, func() time.Time { return now }),
		Found: func(of forgery.Of) { found = append(found, of) }, Refused: func(of forgery.Of) { withheld = append(withheld, of) },
	}
	for _, q := range []TokenRequest{asserting(t, other, id, "a"), asserting(t, other, uuid.New(), "b")} {
		_, err := s.Issue(context.Background(), q)
		require.Equal(t, oautherr.InvalidClient, oautherr.From(err).Code)
	}
	reads := w.reads
	_, err := s.Issue(context.Background(), asserting(t, key, id, "c"))
	assert.Equal(t, Throttled, OutcomeOf(err), "nobody is told that a good assertion is bad")
	assert.Positive(t, wire.WaitOf(err))
	assert.Equal(t, reads, w.reads, "and nobody is looked up")
	assert.Equal(t, []forgery.Of{forgery.Assertion, forgery.Assertion}, found)
	assert.Equal(t, []forgery.Of{forgery.Assertion}, withheld)

	elsewhere := asserting(t, key, id, "d")
	elsewhere.Address = netip.MustParseAddr("198.51.100.1")
	s.Guesses = nil
	_, err = s.Issue(context.Background(), elsewhere)
	require.NoError(t, err)
	_, err = s.Issue(context.Background(), good())
	require.NoError(t, err, "secrets have no signature")
}

func TestARefusalKnowsTheClient(t *testing.T) {
	w, s := newWorld(t)
	id, _ := keyClient(t, w)
	_, other := keyClient(t, w)
	_, err := s.Issue(context.Background(), asserting(t, other, id, "j"))
	assert.Equal(t, id, ClientOf(err))
	assert.Equal(t, uuid.Nil, ClientOf(invalid("x")))
}
