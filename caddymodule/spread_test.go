package caddymodule

import (
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

	"github.com/caddy-dcr/caddy-dcr/internal/event"
)

// getToken gets a token with right credentials from the address.
func getToken(t *testing.T, issuer *Issuer, id uuid.UUID, text, address string) {
	t.Helper()
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {id.String()}, "client_secret": {text}}
	r := httptest.NewRequest(http.MethodPost, "/o/client/token", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	r = caddyhttp.PrepareRequest(r, caddy.NewReplacer(), w, nil)
	caddyhttp.SetVar(r.Context(), caddyhttp.ClientIPVarKey, address)
	require.NoError(t, issuer.ServeHTTP(w, r, nil))
	require.Equal(t, http.StatusCreated, w.Code, w.Body)
}

func TestALeakedClientIsAnEventOfCaddy(t *testing.T) {
	application := uuid.New()
	app := run(t, func(a *App) {
		a.AllowHTTP = true
		a.Spread = SpreadConfig{Devices: 20}
		a.Applications = []DeclaredApplication{{
			Name: "demo", ID: application.String(), Programmer: "Demo", Channels: []string{"REF30"}, Scopes: []string{"api:client:v2"},
		}}
	})
	require.Eventually(t, func() bool { return app.services.ready() == nil }, time.Minute, time.Millisecond)
	issuer := &Issuer{services: app.services, routes: app.services.endpoints()}
	const text = "dcrs_secret"
	client, healthy := known(t, app, text, application), known(t, app, text, application)
	before := counted(t, "caddy_dcr_clients_spread_total")
	for n := range 100 {
		getToken(t, issuer, client, text, fmt.Sprintf("192.0.2.%d", n))
		getToken(t, issuer, healthy, text, fmt.Sprintf("192.0.2.%d", n%5))
		getToken(t, issuer, healthy, text, fmt.Sprintf("2001:db8::%x", n))
	}
	e := hear(t)
	tells(t, event.ClientSpread, e)
	assert.Equal(t, client.String(), e.Data["client"])
	assert.Equal(t, application.String(), e.Data["application"])
	assert.GreaterOrEqual(t, e.Data["devices"], 20)
	assert.Less(t, e.Data["devices"], 30)
	assert.Equal(t, 20, e.Data["threshold"])
	assert.Equal(t, "24h0m0s", e.Data["within"])
	assert.Equal(t, before+1, counted(t, "caddy_dcr_clients_spread_total"), "once, and the healthy one is none")
}
