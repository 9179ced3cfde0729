package oauth

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/oautherr"
	"github.com/caddy-dcr/caddy-dcr/internal/revocation"
	"github.com/caddy-dcr/caddy-dcr/internal/scope"
	"github.com/caddy-dcr/caddy-dcr/internal/wire"
	"github.com/caddy-dcr/caddy-dcr/plugins"
)

const (
	inAbout   = "client_id=id1&client_secret=s3cret&token=t0ken"
	esmSecret = "0123456789abcdef0123456789abcdef"
)

func TestReadAboutRequestAccepts(t *testing.T) {
	want := AboutRequest{Credentials: Credentials{ClientID: "id1", secret: "s3cret", Method: ByPost}, token: "t0ken"}
	for name, r := range map[string]struct {
		body  string
		basic []string
		want  AboutRequest
	}{
		"a form":                 {inAbout, nil, want},
		"a hint":                 {inAbout + "&token_type_hint=access_token", nil, want},
		"a hint of nothing":      {inAbout + "&token_type_hint=x&token_type_hint=y", nil, want},
		"what is not known here": {inAbout + "&grant_type=a&grant_type=b&scope=%zz", nil, want},
		"Basic":                  {"token=t0ken", []string{basic("id1:s3cret")}, AboutRequest{Credentials{ClientID: "id1", secret: "s3cret", Method: ByBasic}, "t0ken"}},
		"an assertion":           {"token=t0ken" + asserted, nil, AboutRequest{Credentials{assertion: "s3cret", Method: ByAssertion}, "t0ken"}},
	} {
		for _, p := range []wire.Profile{wire.Standard, wire.Introspection} {
			q, err := ReadAboutRequest(tokenRequest("", formType, r.body, r.basic...), p)
			require.NoError(t, err, name)
			assert.Equal(t, r.want, q, name)
		}
	}
}

func TestReadAboutRequestRefuses(t *testing.T) {
	for name, r := range map[string]struct {
		query, body string
		basic       []string
	}{
		"no token":               {"", "client_id=id1&client_secret=s3cret", nil},
		"an empty token":         {"", "client_id=id1&client_secret=s3cret&token=", nil},
		"two tokens":             {"", inAbout + "&token=u", nil},
		"a token in the query":   {"token=t0ken", "client_id=id1&client_secret=s3cret", nil},
		"two ways":               {"", inAbout, []string{basic("id1:s3cret")}},
		"a token that is broken": {"", "client_id=id1&client_secret=s3cret&token=%zz", nil},
		"a body over the limit":  {"", inAbout + "&x=" + strings.Repeat("x", maxBody), nil},
	} {
		for _, p := range []wire.Profile{wire.Standard, wire.Introspection} {
			q, err := ReadAboutRequest(tokenRequest(r.query, formType, r.body, r.basic...), p)
			require.Error(t, err, name)
			assert.Equal(t, oautherr.InvalidRequest, oautherr.From(err).Code, name)
			assert.Zero(t, q)
		}
	}
	// A device must not be told to register again; a server may.
	nobody := func(p wire.Profile) oautherr.Code {
		_, err := ReadAboutRequest(tokenRequest("", formType, "token=t0ken"), p)
		return oautherr.From(err).Code
	}
	assert.Equal(t, oautherr.InvalidRequest, nobody(wire.Standard))
	assert.Equal(t, oautherr.InvalidClient, nobody(wire.Introspection))
}

func TestARequestAboutATokenNeverPrintsIt(t *testing.T) {
	q, err := ReadAboutRequest(tokenRequest("", formType, inAbout), wire.Standard)
	require.NoError(t, err)
	for _, format := range []string{"%v", "%+v", "%#v", "%s"} {
		for _, hidden := range []string{"t0ken", "s3cret"} {
			assert.NotContains(t, fmt.Sprintf(format, q), hidden)
		}
	}
}

// table has one token of the client, and can break.
type table struct {
	*world
	of               uuid.UUID
	findErr, killErr error
	killed           []Presented
	server           bool
}

func newAbout(t *testing.T) (*table, *About) {
	t.Helper()
	w, s := newWorld(t)
	tb := &table{world: w, of: clientID}
	servers := Servers{}
	require.NoError(t, servers.Add("esm", []string{strings.Repeat("x", 32), esmSecret}))
	return tb, &About{
		Service: s, Audience: "https://api.example.com", Servers: servers,
		Find: func(_ context.Context, token string, server bool) (Presented, error) {
			tb.server = server
			switch {
			case tb.findErr != nil:
				return Presented{}, tb.findErr
			case token != "t0ken":
				return Presented{}, ErrNoToken
			}
			return Presented{
				TokenID: tokenID, ClientID: tb.of, ApplicationID: appID, Scope: scope.Must("analytics:client"),
				IssuedAt: now, ExpiresAt: now.Add(time.Hour),
			}, nil
		},
		Kill: func(_ context.Context, p Presented) error {
			tb.killed = append(tb.killed, p)
			return tb.killErr
		},
	}
}

func about(token string) AboutRequest { return AboutRequest{good().Credentials, token} }

func TestAClientRevokesItsOwnTokensAlone(t *testing.T) {
	stranger := uuid.MustParse("44444444-4444-4444-8444-444444444444")
	for name, c := range map[string]struct {
		token  string
		of     uuid.UUID
		want   AboutOutcome
		killed int
	}{
		"its own":           {"t0ken", clientID, AboutRevoked, 1},
		"another client's":  {"t0ken", stranger, AboutForeign, 0},
		"one of nobody":     {"x", clientID, AboutInactive, 0},
		"a client's secret": {"dcrs_x", clientID, AboutInactive, 0},
	} {
		t.Run(name, func(t *testing.T) {
			tb, a := newAbout(t)
			tb.of = c.of
			outcome, err := a.Revoke(context.Background(), about(c.token))
			require.NoError(t, err)
			assert.Equal(t, c.want, outcome)
			require.Len(t, tb.killed, c.killed)
			if c.killed > 0 {
				assert.Equal(t, tokenID, tb.killed[0].TokenID)
			}
		})
	}
}

func TestATokenIsRevokedOnlyWhenTheClientIsRightAndTheStoreIsThere(t *testing.T) {
	unavailable := fmt.Errorf("redis: %w", plugins.ErrUnavailable)
	for name, c := range map[string]struct {
		change func(*table, *AboutRequest)
		want   AboutOutcome
	}{
		"a wrong secret": {func(_ *table, q *AboutRequest) { q.secret = "x" }, AboutDenied},
		"a revoked client": {func(tb *table, _ *AboutRequest) {
			tb.kills.Put(revocation.Target{Kind: revocation.Client, ID: clientID.String()}, revocation.Kill{})
		}, AboutDenied},
		"a resource server, which has none": {func(_ *table, q *AboutRequest) { q.ClientID, q.secret = "esm", esmSecret }, AboutDenied},
		"one guess too many": {func(tb *table, q *AboutRequest) {
			q.secret, tb.guessErr = "x", oautherr.New(oautherr.TooManyRequests, "")
		}, AboutThrottled},
		"the store away":                 {func(tb *table, _ *AboutRequest) { tb.storeErr = unavailable }, AboutUnavailable},
		"nobody to say what it is worth": {func(tb *table, _ *AboutRequest) { tb.findErr = unavailable }, AboutUnavailable},
		"a kill that was not stored":     {func(tb *table, _ *AboutRequest) { tb.killErr = unavailable }, AboutUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			tb, a := newAbout(t)
			q := about("t0ken")
			c.change(tb, &q)
			outcome, err := a.Revoke(context.Background(), q)
			require.Error(t, err)
			assert.Empty(t, outcome)
			assert.Equal(t, c.want, AboutOutcomeOf(err, AboutRevoked))
			if tb.killErr == nil {
				assert.Empty(t, tb.killed)
			}
		})
	}
}

func TestATokenIsDescribedToItsClientAndToResourceServers(t *testing.T) {
	tb, a := newAbout(t)
	server := AboutRequest{Credentials{ClientID: "esm", secret: esmSecret, Method: ByBasic, Address: address}, "t0ken"}
	for name, q := range map[string]AboutRequest{"its client": about("t0ken"), "a resource server": server} {
		response, outcome, err := a.Introspect(context.Background(), q)
		require.NoError(t, err)
		assert.Equal(t, AboutActive, outcome)
		answer := httptest.NewRecorder()
		wire.WriteJSON(answer, 200, response)
		want, err := os.ReadFile("testdata/introspection.json")
		require.NoError(t, err)
		assert.Equal(t, strings.TrimSpace(string(want)), answer.Body.String(), name)
		assert.Equal(t, q.ClientID == "esm", tb.server)
	}
	tb.storeErr = plugins.ErrUnavailable
	_, _, err := a.Introspect(context.Background(), server)
	require.NoError(t, err, "a resource server is known without the store")
}

func TestOfATokenThatIsWorthNothingNothingElseIsSaid(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*table, *AboutRequest)
		want   AboutOutcome
	}{
		"none":              {func(_ *table, q *AboutRequest) { q.token = "x" }, AboutInactive},
		"another client's":  {func(tb *table, _ *AboutRequest) { tb.of = uuid.New() }, AboutForeign},
		"none, to a server": {func(_ *table, q *AboutRequest) { q.token, q.ClientID, q.secret = "x", "esm", esmSecret }, AboutInactive},
	} {
		t.Run(name, func(t *testing.T) {
			tb, a := newAbout(t)
			q := about("t0ken")
			c.change(tb, &q)
			response, outcome, err := a.Introspect(context.Background(), q)
			require.NoError(t, err)
			assert.Equal(t, c.want, outcome)
			answer := httptest.NewRecorder()
			wire.WriteJSON(answer, 200, response)
			assert.Equal(t, `{"active":false}`, answer.Body.String())
		})
	}
}

func TestIntrospectRefuses(t *testing.T) {
	unavailable := fmt.Errorf("redis: %w", plugins.ErrUnavailable)
	for name, c := range map[string]struct {
		change func(*table, *AboutRequest)
		want   AboutOutcome
	}{
		"a wrong secret":                   {func(_ *table, q *AboutRequest) { q.secret = "x" }, AboutDenied},
		"a wrong secret of a server":       {func(_ *table, q *AboutRequest) { q.ClientID, q.secret = "esm", "x" }, AboutDenied},
		"an unknown server":                {func(_ *table, q *AboutRequest) { q.ClientID, q.secret = "esm2", esmSecret }, AboutDenied},
		"a server's name in another case":  {func(_ *table, q *AboutRequest) { q.ClientID, q.secret = "ESM", esmSecret }, AboutDenied},
		"an assertion that names a server": {func(_ *table, q *AboutRequest) { q.ClientID, q.assertion, q.Method = "esm", "x", ByAssertion }, AboutDenied},
		"one guess too many": {func(tb *table, q *AboutRequest) {
			q.ClientID, tb.guessErr = "esm", oautherr.New(oautherr.TooManyRequests, "")
		}, AboutThrottled},
		"the state stale":                {func(tb *table, _ *AboutRequest) { tb.fresh = unavailable }, AboutUnavailable},
		"the store away":                 {func(tb *table, _ *AboutRequest) { tb.storeErr = unavailable }, AboutUnavailable},
		"nobody to say what it is worth": {func(tb *table, _ *AboutRequest) { tb.findErr = unavailable }, AboutUnavailable},
		"a server, and nobody to say":    {func(tb *table, q *AboutRequest) { q.ClientID, q.secret, tb.findErr = "esm", esmSecret, unavailable }, AboutUnavailable},
		"an application that is missing": {func(tb *table, _ *AboutRequest) { tb.noApplication = true }, AboutUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			tb, a := newAbout(t)
			q := about("t0ken")
			c.change(tb, &q)
			response, outcome, err := a.Introspect(context.Background(), q)
			require.Error(t, err)
			assert.Zero(t, response)
			assert.Empty(t, outcome)
			assert.Equal(t, c.want, AboutOutcomeOf(err, AboutActive))
			assert.NotContains(t, err.Error(), esmSecret)
		})
	}
}

func TestServersThatCannotBeAreRefused(t *testing.T) {
	good := []string{esmSecret}
	for want, c := range map[string]struct {
		id      string
		secrets []string
	}{
		"want an id":                    {"", good},
		"want an id of 1 to 64 letters": {"a b", good},
		"which is not a UUID":           {clientID.String(), good},
		"want a secret":                 {"a", nil},
		"want a secret of 32":           {"a", []string{esmSecret[1:]}},
		"such as one of: openssl rand":  {"a", []string{esmSecret[1:] + "+"}},
		"it is there twice":             {"esm", good},
	} {
		servers := Servers{}
		require.NoError(t, servers.Add("esm", good))
		err := servers.Add(c.id, c.secrets)
		require.ErrorContains(t, err, want)
		assert.NotContains(t, err.Error(), esmSecret[1:])
	}
}

func TestEveryEndOfARequestAboutATokenIsCounted(t *testing.T) {
	for _, outcomes := range [][]AboutOutcome{RevocationOutcomes, IntrospectionOutcomes} {
		seen := map[AboutOutcome]bool{}
		for _, outcome := range outcomes {
			assert.Regexp(t, `^[a-z_]+$`, string(outcome))
			assert.False(t, seen[outcome])
			seen[outcome] = true
		}
	}
	for err, want := range map[error]AboutOutcome{
		nil: AboutRevoked, refused(SecretWrong, clientID): AboutDenied, invalid("x"): AboutInvalid, wire.MethodNotAllowed("POST"): AboutInvalid,
		oautherr.New(oautherr.TooManyRequests, ""): AboutThrottled, errors.New("x"): AboutUnavailable,
	} {
		assert.Equal(t, want, AboutOutcomeOf(err, AboutRevoked))
	}
}
