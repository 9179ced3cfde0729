package caddymodule

import (
	"encoding/json"
	"net/http"
	"time"

	"github.com/caddyserver/caddy/v2"

	"github.com/caddy-dcr/caddy-dcr/internal/jws"
	"github.com/caddy-dcr/caddy-dcr/internal/state"
)

func init() {
	caddy.RegisterModule(HealthAPI{})
}

// HealthAPI tells orchestrators how the gateway is, on Caddy's admin endpoint:
//
//	GET /dcr/health/live   200 while the process works: restarting would not help
//	GET /dcr/health/ready  200 while requests can be decided, else 503 and why
//
// A gateway whose store is away stays live, and ready for as long as known
// tokens pass.
type HealthAPI struct{}

// CaddyModule names the module.
func (HealthAPI) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "admin.api.dcr_health", New: func() caddy.Module { return new(HealthAPI) }}
}

// Routes implements caddy.AdminRouter.
func (HealthAPI) Routes() []caddy.AdminRoute {
	return []caddy.AdminRoute{
		{Pattern: adminPrefix + "health/live", Handler: caddy.AdminHandlerFunc(func(w http.ResponseWriter, _ *http.Request) error {
			return writeHealth(w, health{Status: "live"})
		})},
		{Pattern: adminPrefix + "health/ready", Handler: caddy.AdminHandlerFunc(func(w http.ResponseWriter, _ *http.Request) error {
			value, err := caddy.ActiveContext().AppIfConfigured("dcr")
			switch {
			case caddy.Exiting():
				// Requests are served for as long as shutdown_delay and grace_period say.
				return writeHealth(w, health{Status: "not_ready", Why: "the gateway is shutting down"})
			case err != nil:
				return writeHealth(w, health{Status: "not_ready", Why: "the running configuration has no dcr app"})
			}
			return writeHealth(w, value.(*App).health())
		})},
	}
}

// heardWithin is how long a gateway does not hear from a store that answers, at
// most.
const heardWithin = 5 * time.Second

// health is the answer of the health endpoints.
type health struct {
	// Status is live, ready or not_ready.
	Status string `json:"status"`
	// Why says what a gateway that is not ready waits for.
	Why string `json:"why,omitempty"`
	// ReplicaAgeSeconds is how long ago the store confirmed that no change is
	// missing here; absent before the first time.
	ReplicaAgeSeconds *float64 `json:"replica_age_seconds,omitempty"`
	// StoreAnswers is false while calls of requests to the store are cut short,
	// and while the store has confirmed nothing for longer than it takes to ask.
	StoreAnswers *bool `json:"store_answers,omitempty"`
}

func (a *App) health() health {
	h := health{Status: "ready"}
	age, ever := a.backing.replica.Age()
	if ever {
		seconds := age.Round(time.Millisecond).Seconds()
		h.ReplicaAgeSeconds = &seconds
	}
	reads, writes := a.backing.breaker.Open()
	answers := !reads && !writes && ever && age < heardWithin
	h.StoreAnswers = &answers
	switch {
	case !ever:
		h.Status, h.Why = "not_ready", "the state was not loaded from the store yet"
	case a.services.directory.Fresh() != nil:
		h.Status, h.Why = "not_ready", "the store has not confirmed the state for longer than staleness allows"
	case a.backing.keys.Err() != nil:
		h.Status, h.Why = "not_ready", "a key of the store cannot be read here; the log says why"
	case a.backing.keys.Signing(state.KeyForTokens, jws.Algorithm(a.Tokens.Algorithm)) == nil:
		h.Status, h.Why = "not_ready", "there is no key to sign tokens with yet"
	}
	return h
}

func writeHealth(w http.ResponseWriter, h health) error {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	if h.Status == "not_ready" {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	return json.NewEncoder(w).Encode(h)
}

var _ caddy.AdminRouter = HealthAPI{}
