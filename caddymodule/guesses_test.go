package caddymodule

import (
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/secret"
	"github.com/caddy-dcr/caddy-dcr/internal/state"
)

// tokenCall asks the issuer's handler for a token, as Caddy would have it, and
// says how long it took.
func tokenCall(t *testing.T, issuer *Issuer, id, text string) (int, time.Duration) {
	t.Helper()
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {id}, "client_secret": {text}}
	r := httptest.NewRequest(http.MethodPost, "/o/client/token", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	begun := time.Now()
	require.NoError(t, issuer.ServeHTTP(w, r, nil))
	return w.Code, time.Since(begun)
}

// known stores a client of the application, with the secret.
func known(t *testing.T, app *App, text string, application uuid.UUID) uuid.UUID {
	t.Helper()
	id := uuid.New()
	version, mac := app.backing.keys.Secrets().MAC(secret.ClientSecret, id[:], []byte(text))
	require.NoError(t, app.backing.records.PutClient(t.Context(), state.Client{
		ID: id, ApplicationID: application, StatementID: uuid.New(), Platform: "iOS",
		SecretMAC: mac, SecretKey: version, CreatedAt: time.Now().UnixMilli(),
	}))
	return id
}

// The two take the same steps, which internal/oauth counts. This measures them,
// and only a difference that no busy machine makes fails it.
func TestUnknownClientsAndWrongSecretsTakeTheSameTime(t *testing.T) {
	app := run(t, func(a *App) {
		a.AllowHTTP = true
		a.Guesses = GuessConfig{PerClient: LimitConfig{Off: true}, PerAddress: LimitConfig{Off: true}}
	})
	require.Eventually(t, func() bool { return app.services.ready() == nil }, time.Minute, time.Millisecond)
	issuer := &Issuer{services: app.services, routes: app.services.endpoints()}

	const calls = 4000
	text, err := secret.Minter{}.ClientSecret()
	require.NoError(t, err)
	ids := make([]string, 100)
	for i := range ids {
		ids[i] = known(t, app, text, uuid.New()).String()
	}
	guess, err := secret.Minter{}.ClientSecret()
	require.NoError(t, err)
	var unknown, wrong []time.Duration
	for len(unknown) < calls || len(wrong) < calls {
		id, into := ids[rand.IntN(len(ids))], &wrong
		if rand.IntN(2) == 0 {
			id, into = uuid.NewString(), &unknown
		}
		status, took := tokenCall(t, issuer, id, guess)
		require.Equal(t, http.StatusBadRequest, status)
		*into = append(*into, took)
	}
	for _, q := range []float64{.1, .25, .5, .75, .9, .99} {
		t.Logf("%4.0f %%  unknown client %8s   wrong secret %8s", q*100, quantile(unknown, q), quantile(wrong, q))
	}
	ratio := float64(quantile(unknown, .5)) / float64(quantile(wrong, .5))
	assert.Greater(t, ratio, 0.5)
	assert.Less(t, ratio, 2.0)
}

func quantile(of []time.Duration, q float64) time.Duration {
	slices.Sort(of)
	return of[int(q*float64(len(of)-1))]
}
