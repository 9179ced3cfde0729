package caddymodule

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/access"
	"github.com/caddy-dcr/caddy-dcr/internal/audit"
	"github.com/caddy-dcr/caddy-dcr/internal/event"
	"github.com/caddy-dcr/caddy-dcr/internal/jws"
	"github.com/caddy-dcr/caddy-dcr/internal/management"
	"github.com/caddy-dcr/caddy-dcr/internal/quota"
	"github.com/caddy-dcr/caddy-dcr/internal/state"
	"github.com/caddy-dcr/caddy-dcr/internal/wire"
)

const newsApplication = "897029da-2b35-429e-ad45-6f6bf5de7a95"

// newsroom runs an app with one application, of whose requests every one is
// told.
func newsroom(t *testing.T, change func(*App)) *App {
	t.Helper()
	app := run(t, func(a *App) {
		a.Events = EventConfig{Registered: 1, TokenIssued: 1, Refused: 1}
		a.Applications = []DeclaredApplication{{
			Name: "demo", ID: newsApplication, Programmer: "Demo", Channels: []string{"REF30"}, Scopes: []string{"api:client:v2"},
		}}
		if change != nil {
			change(a)
		}
	})
	require.Eventually(t, func() bool { return app.services.ready() == nil }, time.Minute, time.Millisecond)
	return app
}

// registers a device, as the issuer would have it done.
func (a *App) registers(t *testing.T) (client, secret string, answer *httptest.ResponseRecorder) {
	t.Helper()
	raw, _, err := a.services.statements.Mint(uuid.MustParse(newsApplication))
	require.NoError(t, err)
	body, err := json.Marshal(map[string]string{"software_statement": raw})
	require.NoError(t, err)
	answer = posts(t, "/o/client/register", "application/json", string(body), a.services.register)
	var got struct {
		ID     string `json:"client_id"`
		Secret string `json:"client_secret"`
	}
	require.NoError(t, json.Unmarshal(answer.Body.Bytes(), &got), answer.Body)
	return got.ID, got.Secret, answer
}

func posts(t *testing.T, path, kind, body string, serve func(http.ResponseWriter, *http.Request, wire.Profile) error) *httptest.ResponseRecorder {
	t.Helper()
	r, w := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body)), httptest.NewRecorder()
	r.Header.Set("Content-Type", kind)
	require.NoError(t, serve(w, r, wire.Adobe))
	return w
}

func (a *App) asksForToken(t *testing.T, client, secret string) *httptest.ResponseRecorder {
	t.Helper()
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {client}, "client_secret": {secret}}
	return posts(t, "/o/client/token", "application/x-www-form-urlencoded", form.Encode(), a.services.token)
}

// hearOf waits for an event of the name, and passes over others.
func hearOf(t *testing.T, name event.Name) caddy.Event {
	t.Helper()
	for {
		if e := hear(t); e.Name() == string(name) {
			tells(t, name, e)
			return e
		}
	}
}

// causes has something for each event that raises it.
var causes = map[event.Name]func(t *testing.T, a *App){
	event.Revoked: func(t *testing.T, a *App) {
		order := management.KillOrder{Kind: "statement", ID: uuid.NewString(), Reason: "leaked", AllowUnknown: true}
		_, err := a.management().Revoke(t.Context(), management.Call{Actor: access.Trusted("ann", access.CLI, "")}, order)
		require.NoError(t, err)
	},
	event.ClientSpread: func(t *testing.T, a *App) {
		client := uuid.New()
		for i := range a.Spread.Devices * 2 {
			ctx := context.WithValue(t.Context(), caddyhttp.VarsCtxKey, map[string]any{caddyhttp.ClientIPVarKey: fmt.Sprintf("192.0.2.%d", i)})
			a.services.watch.seen(ctx, client, uuid.New())
		}
	},
	event.QuotaNear:    func(_ *testing.T, a *App) { a.tellQuota(quota.Notice{Result: quota.Near}) },
	event.QuotaReached: func(_ *testing.T, a *App) { a.tellQuota(quota.Notice{Result: quota.Refused}) },
	event.Administered: func(*testing.T, *App) { tellActed(audit.Note{}, 1) },
	event.Registered:   func(t *testing.T, a *App) { a.registers(t) },
	event.TokenIssued: func(t *testing.T, a *App) {
		client, secret, _ := a.registers(t)
		require.Equal(t, http.StatusCreated, a.asksForToken(t, client, secret).Code)
	},
	event.Refused: func(t *testing.T, a *App) {
		require.Equal(t, http.StatusBadRequest, a.asksForToken(t, uuid.NewString(), "wrong").Code)
	},
	event.KeyRotated: func(t *testing.T, a *App) {
		a.tellKeys() // else it might see the new key first
		a.revokes(t, a.backing.keys.Signing(state.KeyForTokens, jws.HS256).ID())
	},
	event.ReplicaStale:   func(_ *testing.T, a *App) { a.backing.gate.set(true) },
	event.BreakerChanged: func(t *testing.T, a *App) { a.backing.gate.set(true); a.reads(t) },
}

func (a *App) revokes(t *testing.T, key string) {
	t.Helper()
	_, err := a.management().Revoke(t.Context(), management.Call{Actor: access.Trusted("ann", access.CLI, "")},
		management.KillOrder{Kind: "key", ID: key, Reason: "leaked"})
	require.NoError(t, err)
}

// reads asks the store often enough for the breaker to notice.
func (a *App) reads(t *testing.T) {
	t.Helper()
	for range 10 {
		_, _ = a.backing.records.FindClients(t.Context(), uuid.New())
	}
}

func TestEveryEventThatThereIsIsHeard(t *testing.T) {
	for _, name := range event.Names {
		t.Run(string(name), func(t *testing.T) {
			require.Contains(t, causes, name, "what raises it?")
			app := newsroom(t, func(a *App) { a.Staleness = -1; a.Spread.Devices = 5 })
			causes[name](t, app)
			hearOf(t, name)
		})
	}
}

func TestTheEventsOfRequestsSayWhoseTheyAreAndHoldNoSecret(t *testing.T) {
	app := newsroom(t, nil)
	client, secret, answer := app.registers(t)
	registered := hearOf(t, event.Registered)
	assert.Equal(t, client, registered.Data["client"])
	assert.Equal(t, newsApplication, registered.Data["application"])
	assert.Equal(t, "Demo", registered.Data["programmer"])
	assert.Equal(t, false, registered.Data["reused"])
	assert.Equal(t, answer.Header().Get("X-DCR-Trace"), registered.Data["trace"])

	answer = app.asksForToken(t, client, secret)
	issued := hearOf(t, event.TokenIssued)
	assert.Equal(t, client, issued.Data["client"])
	assert.Equal(t, "api:client:v2", issued.Data["scopes"])
	assert.Equal(t, answer.Header().Get("X-DCR-Trace"), issued.Data["trace"])
	var token struct {
		AccessToken string `json:"access_token"`
	}
	require.NoError(t, json.Unmarshal(answer.Body.Bytes(), &token))

	const guess = "dcrs_a_guess"
	answer = app.asksForToken(t, client, guess)
	refused := hearOf(t, event.Refused)
	assert.Equal(t, "token", refused.Data["by"])
	assert.Equal(t, "secret_wrong", refused.Data["reason"])
	assert.Equal(t, "refused", refused.Data["decision"])
	assert.Equal(t, answer.Code, refused.Data["status"])
	assert.Empty(t, refused.Data["client"], "nobody has proven to be it")
	assert.Equal(t, answer.Header().Get("X-DCR-Trace"), refused.Data["trace"])

	for _, e := range []caddy.Event{registered, issued, refused} {
		text, err := json.Marshal(e.Data)
		require.NoError(t, err)
		for _, hidden := range []string{secret, token.AccessToken, guess} {
			assert.NotContains(t, string(text), hidden, e.Name())
		}
	}
}

func TestOfRequestsOneInSoManyIsTold(t *testing.T) {
	app := newsroom(t, func(a *App) { a.Events = EventConfig{Registered: -1, TokenIssued: 3, Refused: 2} })
	client, secret, _ := app.registers(t)
	for range 4 {
		app.asksForToken(t, client, secret)
	}
	for range 3 {
		app.asksForToken(t, client, "wrong")
	}
	app.asksForToken(t, uuid.NewString(), "wrong")
	raise(event.Event{Name: event.Revoked, Data: map[string]any{}}) // which ends what is heard
	var names []string
	for e := hear(t); e.Name() != string(event.Revoked); e = hear(t) {
		names = append(names, e.Name())
	}
	assert.Equal(t, []string{"token_issued", "token_issued", "refused", "refused", "refused"}, names,
		"the first and the fourth token; the first and third of one reason, the first of another")
}

func TestAKeyThatTakesTheOthersPlaceIsToldOnce(t *testing.T) {
	app := newsroom(t, nil)
	causes[event.KeyRotated](t, app)
	e := hearOf(t, event.KeyRotated)
	assert.Equal(t, "token", e.Data["use"])
	assert.Equal(t, "HS256", e.Data["algorithm"])
	assert.NotEqual(t, e.Data["previous"], e.Data["key"])
	assert.Equal(t, app.backing.keys.Signing(state.KeyForTokens, jws.HS256).ID(), e.Data["key"])
	app.tellKeys()
	raise(event.Event{Name: event.Revoked, Data: map[string]any{}})
	assert.Equal(t, "revoked", hear(t).Name(), "and not again")
}

func TestAStateThatIsTooOldIsToldAndThatItIsNotAnyMore(t *testing.T) {
	app := newsroom(t, func(a *App) { a.Staleness = -1 })
	app.backing.gate.set(true)
	e := hearOf(t, event.ReplicaStale)
	assert.Equal(t, true, e.Data["stale"])
	assert.Equal(t, "3s", e.Data["staleness"])
	app.backing.gate.set(false)
	e = hearOf(t, event.ReplicaStale)
	assert.Equal(t, false, e.Data["stale"])
}

func TestABreakerThatOpensAndClosesIsTold(t *testing.T) {
	app := newsroom(t, nil)
	app.backing.gate.set(true)
	app.reads(t)
	e := hearOf(t, event.BreakerChanged)
	assert.Equal(t, "read", e.Data["calls"])
	assert.Equal(t, true, e.Data["open"])
	app.backing.gate.set(false)
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		for open := true; open; time.Sleep(10 * time.Millisecond) {
			_, _ = app.backing.records.FindClients(context.Background(), uuid.New())
			open, _ = app.backing.breaker.Open()
		}
	}()
	e = hearOf(t, event.BreakerChanged)
	assert.Equal(t, false, e.Data["open"])
	<-closed
}

// set closes the gate for a while, which nobody else does.
func (g *gate) set(closed bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = closed
}

func TestHowManyEventsThereAreIsABoundedPart(t *testing.T) {
	_, err := (&EventConfig{Refused: mostOneIn + 1}).samplers()
	assert.ErrorContains(t, err, "events: refused: got one in 1000000001")
	usual := &EventConfig{}
	_, err = usual.samplers()
	require.NoError(t, err)
	assert.Equal(t, EventConfig{Registered: 1, TokenIssued: 100, Refused: 100}, *usual)
}
