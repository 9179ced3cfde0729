package oauth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/application"
	"github.com/caddy-dcr/caddy-dcr/internal/oautherr"
	"github.com/caddy-dcr/caddy-dcr/internal/revocation"
	"github.com/caddy-dcr/caddy-dcr/internal/scope"
	"github.com/caddy-dcr/caddy-dcr/internal/secret"
	"github.com/caddy-dcr/caddy-dcr/internal/state"
	"github.com/caddy-dcr/caddy-dcr/internal/wire"
	"github.com/caddy-dcr/caddy-dcr/plugins"
	"github.com/caddy-dcr/caddy-dcr/plugins/boltstore"
)

const issuer = "https://sp.auth.example.com"

var (
	appID       = uuid.MustParse("897029da-2b35-429e-ad45-6f6bf5de7a95")
	statementID = uuid.MustParse("11111111-1111-4111-8111-111111111111")
	clientID    = uuid.MustParse("22222222-2222-4222-8222-222222222222")
	tokenID     = uuid.MustParse("33333333-3333-4333-8333-333333333333")
	address     = netip.MustParseAddr("192.0.2.1")
	now         = time.UnixMilli(1764000000789)
)

// world is everything around the service, and can break.
type world struct {
	clients                    Clients
	fresh, storeErr, mintErr   error
	behind                     error
	sure                       int
	guessErr, spent            error
	noApplication              bool
	kills                      *revocation.Set
	reads, mints, wrongGuesses int
	guessed                    uuid.UUID
	mintedFor                  state.Client
	mintedScopes               scope.Set
}

func (w *world) Fresh() error                  { return w.fresh }
func (w *world) CatchUp(context.Context) error { w.sure++; return w.behind }
func (w *world) Now() time.Time                { return now }
func (w *world) Application(id uuid.UUID) (*application.Application, bool) {
	if w.noApplication || id != appID {
		return nil, false
	}
	return &application.Application{
		ID: appID, Programmer: "Demo", Channels: []string{"REF30", "CNN"},
		Scopes: scope.Must("api:client:v2", "analytics:client"),
	}, true
}
func (w *world) Killed(x *revocation.Subject) (revocation.Kind, bool) { return w.kills.Check(x) }

func (w *world) Client(ctx context.Context, id uuid.UUID) (state.Client, error) {
	w.reads++
	if w.storeErr != nil {
		return state.Client{}, w.storeErr
	}
	return w.clients.Client(ctx, id)
}

func (w *world) Mint(_ context.Context, c state.Client, scopes scope.Set) (Minted, error) {
	w.mints++
	w.mintedFor, w.mintedScopes = c, scopes
	return Minted{Token: "dcrt_token", ID: tokenID, IssuedAt: now, ExpiresAt: now.Add(6 * time.Hour)}, w.mintErr
}

func (w *world) Spent(uuid.UUID, netip.Addr) error { return w.spent }

func (w *world) Wrong(_ context.Context, client uuid.UUID, from netip.Addr) error {
	if from != address {
		return errors.New("another address")
	}
	w.wrongGuesses++
	w.guessed = client
	return w.guessErr
}

// keys has two versions, and the client's secret is hashed with the older.
var keys, theClient = func() (*secret.Keyring, state.Client) {
	first := []byte(strings.Repeat("a", 32))
	old, err := secret.NewKeyring(map[uint8][]byte{1: first})
	if err != nil {
		panic(err)
	}
	both, err := secret.NewKeyring(map[uint8][]byte{1: first, 3: []byte(strings.Repeat("b", 32))})
	if err != nil {
		panic(err)
	}
	version, mac := old.MAC(secret.ClientSecret, clientID[:], []byte("s3cret"))
	return both, state.Client{
		ID: clientID, ApplicationID: appID, StatementID: statementID, Platform: "iOS",
		SecretMAC: mac, SecretKey: version, CreatedAt: now.UnixMilli() - 1000,
	}
}()

func theKeys() *secret.Keyring { return keys }

// counted counts the checks of a keyring.
type counted struct {
	*secret.Keyring
	checks int
}

func (c *counted) Check(version uint8, mac []byte, purpose secret.Purpose, parts ...[]byte) bool {
	c.checks++
	return c.Keyring.Check(version, mac, purpose, parts...)
}

func (c *counted) CheckNothing(purpose secret.Purpose, parts ...[]byte) {
	c.checks++
	c.Keyring.CheckNothing(purpose, parts...)
}

// newWorld puts the one client into a real store.
func newWorld(t testing.TB) (*world, *Service) {
	store, err := boltstore.Open(filepath.Join(t.TempDir(), "dcr.db"))
	require.NoError(t, err)
	t.Cleanup(func() { _ = store.Close() })
	records := state.Records{Store: store}
	require.NoError(t, records.PutClient(context.Background(), theClient))
	w := &world{clients: records, kills: revocation.NewSet()}
	return w, &Service{State: w, Clients: w, Secrets: theKeys, Tokens: w, Assertions: w.clients.(state.Records), Guesses: w, Issuer: issuer}
}

func good() TokenRequest {
	return TokenRequest{Credentials: Credentials{ClientID: clientID.String(), secret: "s3cret", Method: ByPost, Address: address}}
}

func TestAClientGetsATokenWithAllOfItsScopes(t *testing.T) {
	w, s := newWorld(t)
	issued, err := s.Issue(context.Background(), good())
	require.NoError(t, err)
	assert.Equal(t, Issued{
		Response: TokenResponse{
			ID: tokenID.String(), AccessToken: "dcrt_token", CreatedAt: 1764000000789, ExpiresIn: 21600,
			TokenType: "bearer", Scope: "analytics:client api:client:v2",
		},
		ClientID: clientID, ApplicationID: appID, Programmer: "Demo", Platform: "iOS", Method: ByPost,
	}, issued)
	assert.Equal(t, theClient, w.mintedFor)
	assert.Equal(t, scope.Must("api:client:v2", "analytics:client"), w.mintedScopes)
	assert.Zero(t, w.wrongGuesses)
	assert.Equal(t, TokenIssued, OutcomeOf(err))
}

func TestTheScopeOfAToken(t *testing.T) {
	cases := []struct {
		name, asked string
		want        string // empty is refused
	}{
		{"all when none is asked for", "", "analytics:client api:client:v2"},
		{"one of two", "analytics:client", "analytics:client"},
		{"both, in any order", "api:client:v2 analytics:client", "analytics:client api:client:v2"},
		{"both, with a comma", "api:client:v2,analytics:client", "analytics:client api:client:v2"},
		{"one twice", "api:client:v2 api:client:v2", "api:client:v2"},
		{"one that was not granted", "decisions:owner", ""},
		{"one that was granted and one that was not", "api:client:v2 decisions:owner", ""},
		{"one in another case", "API:client:v2", ""},
		{"one that begins alike", "api:client", ""},
		{"nothing but spaces", "  ", ""},
		{"a forbidden character", "api:client:v2\n", ""},
		{"a quote", `"`, ""},
		{"more than a set can hold", strings.Repeat("api:client:v2 ", 65), ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w, s := newWorld(t)
			q := good()
			q.Scope = c.asked
			issued, err := s.Issue(context.Background(), q)
			if c.want == "" {
				assert.Equal(t, oautherr.InvalidScope, oautherr.From(err).Code)
				assert.Equal(t, ScopeRefused, OutcomeOf(err))
				assert.Zero(t, w.mints)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, c.want, issued.Response.Scope, "the granted scope is returned")
			assert.Equal(t, c.want, w.mintedScopes.String())
		})
	}
}

func TestIssueRefuses(t *testing.T) {
	kill := func(kind revocation.Kind, id string) func(*world, *Service, *TokenRequest) {
		return func(w *world, _ *Service, _ *TokenRequest) {
			w.kills.Put(revocation.Target{Kind: kind, ID: id}, revocation.Kill{})
		}
	}
	unavailable := fmt.Errorf("redis: %w", plugins.ErrUnavailable)
	const unknown = "44444444-4444-4444-8444-444444444444"
	cases := []struct {
		name    string
		change  func(*world, *Service, *TokenRequest)
		code    oautherr.Code
		outcome Outcome
	}{
		{"an unknown client", func(_ *world, _ *Service, q *TokenRequest) { q.ClientID = unknown }, oautherr.InvalidClient, ClientUnknown},
		{"an id of no form", func(_ *world, _ *Service, q *TokenRequest) { q.ClientID = "nobody" }, oautherr.InvalidClient, ClientUnknown},
		{"an id in braces", func(_ *world, _ *Service, q *TokenRequest) { q.ClientID = "{" + q.ClientID + "}" }, oautherr.InvalidClient, ClientUnknown},
		{"an id of the right length that is none", func(_ *world, _ *Service, q *TokenRequest) { q.ClientID = strings.Repeat("x", 36) }, oautherr.InvalidClient, ClientUnknown},
		{"a wrong secret", func(_ *world, _ *Service, q *TokenRequest) { q.secret += "x" }, oautherr.InvalidClient, SecretWrong},
		{"a revoked client", kill(revocation.Client, clientID.String()), oautherr.InvalidClient, ClientRevoked},
		{"a revoked statement", kill(revocation.Statement, statementID.String()), oautherr.InvalidClient, StatementRevoked},
		{"a revoked application", kill(revocation.Application, appID.String()), oautherr.InvalidClient, ApplicationRevoked},
		{"a revoked platform", kill(revocation.Platform, "iOS"), oautherr.InvalidClient, PlatformRevoked},
		{"our own name revoked as an issuer", kill(revocation.Issuer, issuer), oautherr.InvalidClient, IssuerRevoked},
		{"one guess too many", func(w *world, _ *Service, q *TokenRequest) {
			q.secret, w.guessErr = "x", oautherr.New(oautherr.TooManyRequests, "")
		}, oautherr.TooManyRequests, Throttled},

		{"nothing while the state is stale", func(w *world, _ *Service, q *TokenRequest) { w.fresh, q.secret = unavailable, "x" }, oautherr.TemporarilyUnavailable, Unavailable},
		{"nothing while the store is away", func(w *world, _ *Service, _ *TokenRequest) { w.storeErr = unavailable }, oautherr.TemporarilyUnavailable, Unavailable},
		{"nothing when the device hangs up", func(w *world, _ *Service, _ *TokenRequest) { w.storeErr = context.Canceled }, oautherr.TemporarilyUnavailable, Unavailable},
		{"nothing when the key of the secret is missing", func(_ *world, s *Service, _ *TokenRequest) {
			newer, _ := secret.NewKeyring(map[uint8][]byte{3: []byte(strings.Repeat("b", 32))})
			s.Secrets = func() *secret.Keyring { return newer }
		}, oautherr.TemporarilyUnavailable, Unavailable},
		{"nothing while there is no key at all", func(_ *world, s *Service, _ *TokenRequest) { s.Secrets = func() *secret.Keyring { return nil } }, oautherr.TemporarilyUnavailable, Unavailable},
		{"another client's secret", func(w *world, _ *Service, q *TokenRequest) {
			other := theClient
			other.ID = uuid.New()
			if err := w.clients.(state.Records).PutClient(context.Background(), other); err != nil {
				panic(err)
			}
			q.ClientID = other.ID.String()
		}, oautherr.InvalidClient, SecretWrong},
		{"nothing when the application is missing", func(w *world, _ *Service, _ *TokenRequest) { w.noApplication = true }, oautherr.TemporarilyUnavailable, Unavailable},
		{"nothing when the token cannot be stored", func(w *world, _ *Service, _ *TokenRequest) { w.mintErr = unavailable }, oautherr.TemporarilyUnavailable, Unavailable},
		{"nothing when guesses cannot be counted", func(w *world, _ *Service, q *TokenRequest) { q.secret, w.guessErr = "x", unavailable }, oautherr.TemporarilyUnavailable, Unavailable},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w, s := newWorld(t)
			q := good()
			c.change(w, s, &q)
			issued, err := s.Issue(context.Background(), q)
			require.Error(t, err)
			assert.Zero(t, issued)
			assert.Equal(t, c.code, oautherr.From(err).Code)
			assert.Equal(t, c.outcome, OutcomeOf(err))
			assert.NotContains(t, err.Error(), "s3cret")
			if w.mintErr == nil {
				assert.Zero(t, w.mints)
			}
		})
	}
}

func TestAllWaysToBeNoValidClientLookAlikeAndCostOneCheck(t *testing.T) {
	bodies := map[string]bool{}
	for _, change := range []func(*TokenRequest){
		func(q *TokenRequest) { q.ClientID = "nobody" },
		func(q *TokenRequest) { q.ClientID = "44444444-4444-4444-8444-444444444444" },
		func(q *TokenRequest) { q.secret = "wrong" },
	} {
		w, s := newWorld(t)
		q := good()
		change(&q)
		ring := &counted{Keyring: keys}
		_, err := s.bySecret(context.Background(), q.Credentials, ring)
		answer := httptest.NewRecorder()
		wire.WriteError(answer, httptest.NewRequest(http.MethodPost, "/", nil), err)
		bodies[fmt.Sprint(answer.Code, answer.Body)] = true
		assert.Equal(t, 1, ring.checks, q.ClientID)
		assert.Equal(t, 1, w.wrongGuesses)
		if _, ok := parseID(q.ClientID); ok {
			assert.Equal(t, 1, w.reads)
			assert.Equal(t, q.ClientID, w.guessed.String())
		}
	}
	assert.Len(t, bodies, 1)
}

func TestOthersGuessingDoesNotLockAClientOut(t *testing.T) {
	w, s := newWorld(t)
	w.guessErr = oautherr.New(oautherr.TooManyRequests, "")
	q := good()
	q.secret = "wrong"
	for range 10 {
		_, err := s.Issue(context.Background(), q)
		require.Equal(t, oautherr.TooManyRequests, oautherr.From(err).Code)
	}
	_, err := s.Issue(context.Background(), good())
	require.NoError(t, err)

	w.spent, w.sure, w.wrongGuesses = w.guessErr, 0, 0
	_, err = s.Issue(context.Background(), q)
	require.Equal(t, oautherr.TooManyRequests, oautherr.From(err).Code)
	assert.Zero(t, w.sure, "a guess beyond the limit asks the store for no certainty")
	assert.Zero(t, w.wrongGuesses)
	_, err = s.Issue(context.Background(), good())
	require.NoError(t, err)

	w.spent, s.Guesses = nil, nil
	_, err = s.Issue(context.Background(), q)
	require.Equal(t, oautherr.InvalidClient, oautherr.From(err).Code)
}

func TestAKillTellsNothingToWhoDoesNotKnowTheSecret(t *testing.T) {
	w, s := newWorld(t)
	w.kills.Put(revocation.Target{Kind: revocation.Client, ID: clientID.String()}, revocation.Kill{})
	q := good()
	q.secret = "wrong"
	_, err := s.Issue(context.Background(), q)
	assert.Equal(t, SecretWrong, OutcomeOf(err))
}

func TestAnIDInCapitalsIsTheSameClient(t *testing.T) {
	_, s := newWorld(t)
	q := good()
	q.ClientID = strings.ToUpper(q.ClientID)
	_, err := s.Issue(context.Background(), q)
	require.NoError(t, err)
}

func TestAClientOfAForeignStatementDependsOnItsIssuer(t *testing.T) {
	w, s := newWorld(t)
	foreign := theClient
	foreign.ID, foreign.StatementIssuer = uuid.New(), "auth.adobe.com"
	foreign.SecretKey, foreign.SecretMAC = keys.MAC(secret.ClientSecret, foreign.ID[:], []byte("s3cret"))
	require.NoError(t, w.clients.(state.Records).PutClient(context.Background(), foreign))
	q := good()
	q.ClientID = foreign.ID.String()
	w.kills.Put(revocation.Target{Kind: revocation.Issuer, ID: issuer}, revocation.Kill{})
	_, err := s.Issue(context.Background(), q)
	require.NoError(t, err)
	w.kills.Put(revocation.Target{Kind: revocation.Issuer, ID: "auth.adobe.com"}, revocation.Kill{})
	_, err = s.Issue(context.Background(), q)
	assert.Equal(t, IssuerRevoked, OutcomeOf(err))
}

func TestAPlatformsLiftedKillStopsOlderClientsOnly(t *testing.T) {
	w, s := newWorld(t)
	platform := revocation.Target{Kind: revocation.Platform, ID: "iOS"}
	w.kills.Put(platform, revocation.Kill{LiftedAt: theClient.CreatedAt})
	_, err := s.Issue(context.Background(), good())
	assert.Equal(t, PlatformRevoked, OutcomeOf(err))
	w.kills.Put(platform, revocation.Kill{LiftedAt: theClient.CreatedAt - 1})
	_, err = s.Issue(context.Background(), good())
	require.NoError(t, err)
}

func TestAnswersHaveTheirGoldenForm(t *testing.T) {
	_, s := newWorld(t)
	issued, err := s.Issue(context.Background(), good())
	require.NoError(t, err)
	bare := issued
	bare.Response.Scope = ""
	presented := Presented{
		TokenID: tokenID, ClientID: clientID, ApplicationID: appID, Scope: scope.Must("analytics:client"),
		IssuedAt: now, ExpiresAt: now.Add(time.Hour),
	}
	scopes, err := s.Scopes(presented)
	require.NoError(t, err)
	validated, err := s.Validate(presented)
	require.NoError(t, err)
	cases := map[string]func(http.ResponseWriter){
		"token_adobe":    func(w http.ResponseWriter) { issued.Write(w, wire.Adobe) },
		"token_standard": func(w http.ResponseWriter) { issued.Write(w, wire.Standard) },
		"token_bare":     func(w http.ResponseWriter) { bare.Write(w, wire.Adobe) },
		"scopes":         func(w http.ResponseWriter) { wire.WriteJSON(w, http.StatusOK, scopes) },
		"validate":       func(w http.ResponseWriter) { wire.WriteJSON(w, http.StatusOK, validated) },
	}
	for name, write := range cases {
		t.Run(name, func(t *testing.T) {
			answer := httptest.NewRecorder()
			write(answer)
			golden, err := os.ReadFile(filepath.Join("testdata", name+".txt"))
			require.NoError(t, err)
			assert.Equal(t, strings.TrimSpace(string(golden)), fmt.Sprint(answer.Code, " ", answer.Body))
			assert.Equal(t, "no-store", answer.Header().Get("Cache-Control"))
		})
	}
}

func TestAnswersAboutATokenNeedItsApplication(t *testing.T) {
	w, s := newWorld(t)
	w.noApplication = true
	_, err := s.Scopes(Presented{ApplicationID: appID})
	assert.Equal(t, oautherr.TemporarilyUnavailable, oautherr.From(err).Code)
	_, err = s.Validate(Presented{ApplicationID: appID})
	assert.Equal(t, oautherr.TemporarilyUnavailable, oautherr.From(err).Code)
}

func TestListsInAnswersAreNeverNull(t *testing.T) {
	assert.NotNil(t, list(nil))
	assert.Equal(t, []string{"a"}, list([]string{"a"}))
}

func TestNobodyIsCalledWrongWhileTheStoreMayBeAnother(t *testing.T) {
	for name, change := range map[string]func(*TokenRequest){
		"an unknown client": func(q *TokenRequest) { q.ClientID = uuid.NewString() },
		"an id of no form":  func(q *TokenRequest) { q.ClientID = "nobody" },
		"a wrong secret":    func(q *TokenRequest) { q.secret += "x" },
	} {
		t.Run(name, func(t *testing.T) {
			w, s := newWorld(t)
			q := good()
			change(&q)
			_, err := s.Issue(context.Background(), q)
			assert.Equal(t, oautherr.InvalidClient, oautherr.From(err).Code)
			assert.Equal(t, 1, w.sure, "all ask alike, so that the time tells nothing")
			w.behind = plugins.ErrUnavailable
			_, err = s.Issue(context.Background(), q)
			assert.Equal(t, oautherr.TemporarilyUnavailable, oautherr.From(err).Code)
		})
	}
}

func TestEveryOutcomeHasANameOfItsOwn(t *testing.T) {
	seen := map[Outcome]bool{}
	for _, outcome := range Outcomes {
		assert.Regexp(t, `^[a-z_]+$`, string(outcome))
		assert.False(t, seen[outcome])
		seen[outcome] = true
	}
	for _, kind := range revocation.Kinds {
		assert.True(t, seen[killedOutcome(kind)], kind)
	}
	for err, want := range map[error]Outcome{
		oautherr.New(oautherr.UnsupportedGrantType, ""):     GrantUnsupported,
		oautherr.New(oautherr.InvalidClient, ""):            MethodUnsupported,
		oautherr.New(oautherr.TooEarly, ""):                 RequestInvalid,
		wire.MethodNotAllowed(http.MethodPost):              RequestInvalid,
		errors.New("x"):                                     Unavailable,
		fmt.Errorf("x: %w", refused(SecretWrong, clientID)): SecretWrong,
	} {
		assert.Equal(t, want, OutcomeOf(err))
	}
}

func TestAnAnswerNeverPrintsItsToken(t *testing.T) {
	_, s := newWorld(t)
	issued, err := s.Issue(context.Background(), good())
	require.NoError(t, err)
	for _, format := range []string{"%v", "%+v", "%#v", "%s"} {
		assert.NotContains(t, fmt.Sprintf(format, issued), "dcrt_token")
	}
}

// oneClient is a store without a cost.
type oneClient struct{}

func (oneClient) Client(context.Context, uuid.UUID) (state.Client, error) { return theClient, nil }

func BenchmarkIssue(b *testing.B) {
	w := &world{clients: oneClient{}, kills: revocation.NewSet()}
	s := &Service{State: w, Clients: w, Secrets: theKeys, Tokens: w, Issuer: issuer}
	q := good()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Issue(context.Background(), q); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkReadTokenRequest(b *testing.B) {
	r := tokenRequest("", formType, inForm)
	b.ReportAllocs()
	for b.Loop() {
		r.Body = http.NoBody
		r.URL.RawQuery = inForm
		if _, err := ReadTokenRequest(r, wire.Adobe); err != nil {
			b.Fatal(err)
		}
	}
}
