package registration

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/application"
	"github.com/caddy-dcr/caddy-dcr/internal/device"
	"github.com/caddy-dcr/caddy-dcr/internal/jws"
	"github.com/caddy-dcr/caddy-dcr/internal/oautherr"
	"github.com/caddy-dcr/caddy-dcr/internal/revocation"
	"github.com/caddy-dcr/caddy-dcr/internal/scope"
	"github.com/caddy-dcr/caddy-dcr/internal/secret"
	"github.com/caddy-dcr/caddy-dcr/internal/state"
	"github.com/caddy-dcr/caddy-dcr/internal/statement"
	"github.com/caddy-dcr/caddy-dcr/internal/wire"
	"github.com/caddy-dcr/caddy-dcr/plugins"
)

const issuer = "https://sp.auth.example.com"

var (
	appID       = uuid.MustParse("897029da-2b35-429e-ad45-6f6bf5de7a95")
	statementID = uuid.MustParse("11111111-1111-4111-8111-111111111111")
	now         = time.UnixMilli(1764000000789)
)

// world is everything around the service, and can break.
type world struct {
	verifyErr, fresh, storeErr, limitErr error
	issuer                               string
	unknown                              bool
	// behind is why nobody can say whether there is news; caughtUp is set once
	// the service has asked, and news then is known.
	behind         error
	caughtUp, news bool
	kills          *revocation.Set
	platforms      []string
	scopes         scope.Set

	stored  []state.Client
	limited []netip.Addr
	// counted is how many clients the limits were told of.
	counted, lookups int
	findErr          error
	// located says that the limits want to know where clients come from.
	located bool
}

func (w *world) VerifyWithin(raw string, _ jws.Budget) (statement.Statement, error) {
	if raw == "by a new key" && !w.caughtUp {
		return statement.Statement{}, statement.ErrUnknownKey
	}
	if raw != "good" && raw != "by a new key" && w.verifyErr == nil {
		return statement.Statement{}, fmt.Errorf("signature: %w", statement.ErrInvalid)
	}
	return statement.Statement{ID: statementID, ApplicationID: appID, Issuer: w.issuer, KeyID: "key1"}, w.verifyErr
}

func (w *world) Fresh() error                  { return w.fresh }
func (w *world) CatchUp(context.Context) error { w.caughtUp = true; return w.behind }
func (w *world) Now() time.Time                { return now }
func (w *world) Application(id uuid.UUID) (*application.Application, bool) {
	if w.unknown || (w.news && !w.caughtUp) || id != appID {
		return nil, false
	}
	return &application.Application{
		ID: appID, Programmer: "Demo", AllChannels: true, AllPlatforms: w.platforms == nil, Platforms: w.platforms,
		Domains: []string{"adobe.com"}, Scopes: w.scopes,
	}, true
}

func (w *world) Killed(x *revocation.Subject) (revocation.Kind, bool) { return w.kills.Check(x) }

func (w *world) PutClient(_ context.Context, c state.Client) error {
	w.stored = append(w.stored, c)
	return w.storeErr
}

func (w *world) FindClients(_ context.Context, ids ...uuid.UUID) ([]state.Client, error) {
	w.lookups++
	var found []state.Client
	for _, c := range w.stored {
		if slices.Contains(ids, c.ID) {
			found = append(found, c)
		}
	}
	return found, w.findErr
}

func (w *world) Register(_ context.Context, statement, app uuid.UUID, address netip.Addr) error {
	if statement != statementID || app != appID {
		return errors.New("another statement or application")
	}
	w.limited = append(w.limited, address)
	return w.limitErr
}

func (w *world) Network(address netip.Addr) state.Network {
	if !w.located || !address.IsValid() {
		return 0
	}
	return 77
}

func (w *world) Registered(c state.Client) {
	if c.StatementID == statementID && c.ApplicationID == appID {
		w.counted++
	}
}

// keys has two versions, so that the newest can be told from the first.
var keys = func() *secret.Keyring {
	ring, err := secret.NewKeyring(map[uint8][]byte{1: []byte(strings.Repeat("a", 32)), 3: []byte(strings.Repeat("b", 32))})
	if err != nil {
		panic(err)
	}
	return ring
}()

// zeroes makes the secret known.
type zeroes struct{}

func (zeroes) Read(p []byte) (int, error) { clear(p); return len(p), nil }

const theSecret = "dcrs_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

func newWorld() (*world, *Service) {
	w := &world{issuer: issuer, kills: revocation.NewSet(), scopes: scope.Must("api:client:v2", "analytics:client")}
	return w, &Service{
		Statements: w, State: w, Clients: w, Secrets: func() *secret.Keyring { return keys }, Limits: w, Issuer: issuer,
		Minter: secret.Minter{Rand: zeroes{}},
	}
}

func good() Request {
	return Request{
		Statement: "good", RedirectURIs: []string{"https://app.adobe.com/done"},
		Device: device.Info{Platform: device.IOS}, Address: netip.MustParseAddr("192.0.2.1"),
	}
}

func TestNewsIsWaitedForBeforeAClientIsBlamed(t *testing.T) {
	for name, change := range map[string]func(*world, *Request){
		"an application that was just created": func(w *world, _ *Request) { w.news = true },
		"a key that was just made":             func(_ *world, q *Request) { q.Statement = "by a new key" },
	} {
		t.Run(name, func(t *testing.T) {
			w, s := newWorld()
			q := good()
			change(w, &q)
			_, err := s.Register(context.Background(), q)
			require.NoError(t, err)
			assert.True(t, w.caughtUp)
		})
	}
}

func TestARegistrationStoresTheClientOnceAndAnswersIt(t *testing.T) {
	w, s := newWorld()
	r, err := s.Register(context.Background(), good())
	require.NoError(t, err)
	require.Len(t, w.stored, 1)
	c := w.stored[0]
	assert.Equal(t, state.Client{
		ID: c.ID, ApplicationID: appID, StatementID: statementID, StatementKey: revocation.RefOf("key1"), Platform: "iOS", SecretMAC: c.SecretMAC, SecretKey: 3,
		RedirectURIs: []string{"https://app.adobe.com/done"}, CreatedAt: now.UnixMilli(),
	}, c, "our own name as the issuer is not stored")
	assert.True(t, keys.Check(3, c.SecretMAC, secret.ClientSecret, c.ID[:], []byte(theSecret)))
	assert.Equal(t, uuid.Version(4), c.ID.Version())
	assert.Equal(t, []netip.Addr{netip.MustParseAddr("192.0.2.1")}, w.limited)
	assert.Equal(t, 1, w.counted)
	assert.Zero(t, w.lookups, "nobody asked for reuse")

	response := r.Response
	response.ClientID = ""
	assert.Equal(t, Response{
		ClientSecret: theSecret, ClientIDIssuedAt: 1764000000, ClientSecretExpiresAt: new(int64), RedirectURIs: []string{"https://app.adobe.com/done"},
		GrantTypes: []string{"client_credentials"}, Scopes: []string{"analytics:client", "api:client:v2"},
		Scope: "analytics:client api:client:v2", TokenEndpointAuthMethod: "client_secret_basic",
	}, response)
	assert.Equal(t, c.ID.String(), r.Response.ClientID)
	assert.Equal(t, statementID, r.StatementID)
	assert.Equal(t, appID, r.ApplicationID)
	assert.Equal(t, "Demo", r.Programmer)
	assert.Equal(t, "iOS", r.Platform)
	assert.False(t, r.OffPlatform)
	assert.Equal(t, Registered, OutcomeOf(err))
}

func TestAnswersOfARegistrationHaveTheirGoldenForm(t *testing.T) {
	cases := []struct {
		name    string
		profile wire.Profile
		change  func(*world, *Request)
	}{
		{"adobe", wire.Adobe, func(*world, *Request) {}},
		{"adobe_bare", wire.Adobe, func(w *world, q *Request) { w.scopes, q.RedirectURIs = scope.Set{}, nil }},
		{"standard", wire.Standard, func(*world, *Request) {}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w, s := newWorld()
			q := good()
			c.change(w, &q)
			r, err := s.Register(context.Background(), q)
			require.NoError(t, err)
			answer := httptest.NewRecorder()
			r.Write(answer, c.profile)
			assert.Equal(t, http.StatusCreated, answer.Code)
			assert.Equal(t, "no-store", answer.Header().Get("Cache-Control"))
			golden, err := os.ReadFile("testdata/" + c.name + ".json")
			require.NoError(t, err)
			assert.Equal(t, strings.TrimSpace(string(golden)), strings.Replace(answer.Body.String(), r.Response.ClientID, "CLIENT_ID", 1))
		})
	}
}

func TestRegisterRefuses(t *testing.T) {
	kill := func(kind revocation.Kind, id string) func(*world, *Service, *Request) {
		return func(w *world, _ *Service, _ *Request) {
			w.kills.Put(revocation.Target{Kind: kind, ID: id}, revocation.Kill{})
		}
	}
	unavailable := fmt.Errorf("redis: %w", plugins.ErrUnavailable)
	cases := []struct {
		name    string
		change  func(*world, *Service, *Request)
		code    oautherr.Code
		outcome Outcome
	}{
		{"a forged statement", func(_ *world, _ *Service, q *Request) { q.Statement = "forged" }, oautherr.InvalidSoftwareStatement, StatementInvalid},
		{"a revoked statement", kill(revocation.Statement, statementID.String()), oautherr.UnapprovedSoftwareStatement, StatementRevoked},
		{"a revoked application", kill(revocation.Application, appID.String()), oautherr.UnapprovedSoftwareStatement, ApplicationRevoked},
		{"a revoked issuer", kill(revocation.Issuer, issuer), oautherr.UnapprovedSoftwareStatement, IssuerRevoked},
		{"a revoked key", kill(revocation.Key, "key1"), oautherr.UnapprovedSoftwareStatement, KeyRevoked},
		{"a revoked platform", kill(revocation.Platform, "iOS"), oautherr.UnapprovedSoftwareStatement, PlatformRevoked},
		{"an unknown application", func(w *world, _ *Service, _ *Request) { w.unknown = true }, oautherr.UnapprovedSoftwareStatement, ApplicationUnknown},
		{"a redirect to a stranger", func(_ *world, _ *Service, q *Request) { q.RedirectURIs = []string{"https://adobe.com.evil.com/"} }, oautherr.InvalidRedirectURI, RedirectRefused},
		{"one bad redirect among good ones", func(_ *world, _ *Service, q *Request) { q.RedirectURIs = append(q.RedirectURIs, "http://adobe.com/") }, oautherr.InvalidRedirectURI, RedirectRefused},
		{"another platform, where that is enforced", func(w *world, s *Service, _ *Request) { s.EnforcePlatforms, w.platforms = true, []string{"Roku"} }, oautherr.UnapprovedSoftwareStatement, PlatformRefused},
		{"one too many", func(w *world, _ *Service, _ *Request) { w.limitErr = oautherr.New(oautherr.TooManyRequests, "") }, oautherr.TooManyRequests, Throttled},

		{"nothing while the state is stale", func(w *world, _ *Service, q *Request) { w.fresh, q.Statement = unavailable, "forged" }, oautherr.TemporarilyUnavailable, Unavailable},
		{"nothing when the verifier has a fault of its own", func(w *world, _ *Service, _ *Request) { w.verifyErr = errors.New("no keys") }, oautherr.TemporarilyUnavailable, Unavailable},
		{"no unknown application that may be news", func(w *world, _ *Service, _ *Request) { w.unknown, w.behind = true, plugins.ErrUnavailable }, oautherr.TemporarilyUnavailable, Unavailable},
		{"no unknown key that may be news", func(w *world, _ *Service, q *Request) { q.Statement, w.behind = "by a new key", plugins.ErrUnavailable }, oautherr.TemporarilyUnavailable, Unavailable},
		{"nothing when the limits cannot be asked", func(w *world, _ *Service, _ *Request) { w.limitErr = unavailable }, oautherr.TemporarilyUnavailable, Unavailable},
		{"nothing when no secret can be made", func(_ *world, s *Service, _ *Request) { s.Minter.Rand = strings.NewReader("") }, oautherr.TemporarilyUnavailable, Unavailable},
		{"nothing while there is no key for secrets", func(_ *world, s *Service, _ *Request) { s.Secrets = func() *secret.Keyring { return nil } }, oautherr.TemporarilyUnavailable, Unavailable},
		{"nothing when the store is away", func(w *world, _ *Service, _ *Request) { w.storeErr = unavailable }, oautherr.TemporarilyUnavailable, Unavailable},
		{"nothing when the id is taken", func(w *world, _ *Service, _ *Request) { w.storeErr = state.ErrExists }, oautherr.TemporarilyUnavailable, Unavailable},
		{"nothing when the device hangs up", func(w *world, _ *Service, _ *Request) { w.storeErr = context.Canceled }, oautherr.TemporarilyUnavailable, Unavailable},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w, s := newWorld()
			q := good()
			c.change(w, s, &q)
			r, err := s.Register(context.Background(), q)
			require.Error(t, err)
			assert.Zero(t, r)
			assert.Equal(t, c.code, oautherr.From(err).Code)
			assert.Equal(t, c.outcome, OutcomeOf(err))
			assert.Zero(t, w.counted)
			if w.storeErr == nil {
				assert.Empty(t, w.stored, "a refused request writes nothing")
			}
		})
	}
}

func TestRevokedAndUnknownLookAlike(t *testing.T) {
	bodies := map[string]bool{}
	for _, change := range []func(*world){
		func(w *world) { w.unknown = true },
		func(w *world) {
			w.kills.Put(revocation.Target{Kind: revocation.Application, ID: appID.String()}, revocation.Kill{})
		},
		func(w *world) {
			w.kills.Put(revocation.Target{Kind: revocation.Statement, ID: statementID.String()}, revocation.Kill{})
		},
	} {
		w, s := newWorld()
		change(w)
		_, err := s.Register(context.Background(), good())
		answer := httptest.NewRecorder()
		wire.WriteError(answer, httptest.NewRequest(http.MethodPost, "/", nil), err)
		bodies[answer.Body.String()] = true
	}
	assert.Len(t, bodies, 1)
}

func TestAPlatformOutsideTheListIsReportedAndRegistered(t *testing.T) {
	w, s := newWorld()
	w.platforms = []string{"Roku"}
	r, err := s.Register(context.Background(), good())
	require.NoError(t, err)
	assert.True(t, r.OffPlatform)
	assert.Len(t, w.stored, 1)
}

func TestAPlatformWhoseKillWasLiftedRegistersAgain(t *testing.T) {
	w, s := newWorld()
	w.kills.Put(revocation.Target{Kind: revocation.Platform, ID: "iOS"}, revocation.Kill{LiftedAt: now.UnixMilli() - 1})
	_, err := s.Register(context.Background(), good())
	require.NoError(t, err)
}

func TestTheNameOfAForeignIssuerIsStored(t *testing.T) {
	w, s := newWorld()
	w.issuer, s.Limits = "auth.adobe.com", nil
	_, err := s.Register(context.Background(), good())
	require.NoError(t, err)
	assert.Equal(t, "auth.adobe.com", w.stored[0].StatementIssuer)
}

func TestEveryClientHasItsOwnID(t *testing.T) {
	w, s := newWorld()
	seen := map[uuid.UUID]bool{}
	for range 1000 {
		_, err := s.Register(context.Background(), good())
		require.NoError(t, err)
	}
	for _, c := range w.stored {
		require.False(t, seen[c.ID])
		seen[c.ID] = true
	}
}

func TestEveryOutcomeHasACodeAndANameOfItsOwn(t *testing.T) {
	seen := map[Outcome]bool{}
	for _, outcome := range Outcomes {
		assert.Regexp(t, `^[a-z_]+$`, string(outcome))
		assert.False(t, seen[outcome])
		seen[outcome] = true
	}
	for outcome, e := range outcomes {
		assert.True(t, seen[outcome], outcome)
		assert.NotEmpty(t, e.description)
		assert.Equal(t, outcome, OutcomeOf(fmt.Errorf("x: %w", refused(outcome, nil))))
	}
	for _, kind := range revocation.Kinds {
		assert.Equal(t, oautherr.UnapprovedSoftwareStatement, outcomes[killedOutcome(kind)].code)
	}
	assert.Equal(t, RequestInvalid, OutcomeOf(wire.MethodNotAllowed("POST")))
	assert.Equal(t, RequestInvalid, OutcomeOf(oautherr.New(oautherr.TooEarly, "")))
}

func TestAnAnswerNeverPrintsItsSecret(t *testing.T) {
	_, s := newWorld()
	r, err := s.Register(context.Background(), good())
	require.NoError(t, err)
	for _, format := range []string{"%v", "%+v", "%#v", "%s"} {
		assert.NotContains(t, fmt.Sprintf(format, r), theSecret)
		assert.NotContains(t, fmt.Sprintf(format, r.Response), theSecret)
	}
}

func BenchmarkRegister(b *testing.B) {
	w, s := newWorld()
	q := good()
	b.ReportAllocs()
	for b.Loop() {
		w.stored, w.limited = w.stored[:0], w.limited[:0]
		if _, err := s.Register(context.Background(), q); err != nil {
			b.Fatal(err)
		}
	}
}

func TestAClientsNetworkIsOnRecordOnlyWhereLimitsWantIt(t *testing.T) {
	for _, located := range []bool{false, true} {
		w, s := newWorld()
		w.located = located
		_, err := s.Register(t.Context(), good())
		require.NoError(t, err)
		require.Len(t, w.stored, 1)
		assert.Equal(t, located, w.stored[0].Network != 0)
	}
}
