package observability

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/jws"
	"github.com/caddy-dcr/caddy-dcr/plugins/storetest/redistest"
	"github.com/caddy-dcr/caddy-dcr/tests/harness"
)

const (
	call = "/api/v2/DemoChannel/configuration"
	// patience bounds each wait of the scenario: long enough for a busy machine.
	patience = 90 * time.Second
	tvs      = 16
)

// application is the one that the devices have, and that has series of its own.
const application = "897029da-2b35-429e-ad45-6f6bf5de7a95"

const options = `staleness 5s
		census 1s
		application tv_app {
			id ` + application + `
			programmer Demo
			channels DemoChannel
			scopes api:client:v2
		}
		metrics {
			applications tv_app
			platforms Roku
		}
		trusted_issuer partner {
			key {DIR}/partner.json
			algorithm ES256
		}
		tokens {
			algorithm ES256
		}
		throttle {
			shared
		}
		guesses {
			per_client 1/m burst 5
			per_address 1/m burst 5
		}
		forgeries 1/m burst 5
		spread {
			devices 10
			within 1h
		}
		quotas {
			application {
				rate 1/h burst 100
			}
		}
		explain {
			store 1h
		}`

// tv is a device with an address of its own.
type tv struct {
	from   string
	client harness.Credentials
	token  harness.Token
}

// world is a gateway over Redis that a Prometheus scrapes, and those who call.
type world struct {
	*harness.Gateway
	*prometheus
	redis *redistest.Server
	tvs   []tv
	// statement is that of the app that the devices have, other that of
	// another app.
	statement, other string
	partner          *jws.Key // of an issuer that the gateway trusts
	turn             int
	slow             *slow  // while there are two
	chainEnd         []byte // of the audit, while it is not in the store
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{redis: redistest.Start(t, redistest.Options{Persist: true})}
	v2 := harness.StartBackend(t, "rest_v2")
	w.Gateway = harness.Prepare(t, harness.Config{
		Store: "redis " + w.redis.URL(), Options: options,
		Global: "servers {\n\t\ttrusted_proxies static 127.0.0.1/32\n\t}\n",
		Site:   "metrics /metrics\n\tdcr_issuer\n\tdcr_proxy rest_v2 " + v2.Addr + "\n",
	})
	w.partner = partnerOf(t, w.Dir)
	w.Run()
	app := harness.App{Channels: []string{"DemoChannel"}, Scopes: []string{"api:client:v2"}}
	w.statement, w.other = w.IssueStatement(application), w.IssueStatement(w.CreateApp(app))
	for i := range tvs {
		d := tv{from: address("198.51.100", i)}
		read(t, w.register(w.statement, d.from), &d.client)
		read(t, w.PostToken(d.client.Form(), d.from), &d.token)
		w.tvs = append(w.tvs, d)
	}
	w.prometheus = startPrometheus(t, w.URL, hurry(t))
	return w
}

// partnerOf makes the key of an issuer that the gateway trusts.
func partnerOf(t *testing.T, folder string) *jws.Key {
	t.Helper()
	key, err := jws.Generate("", jws.ES256)
	require.NoError(t, err)
	document, err := jws.JWKS([]*jws.Key{key})
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(folder, "partner.json"), document, 0o600))
	return key
}

// read decodes an answer to who registers or asks for a token.
func read(t *testing.T, answer harness.Answer, into any) {
	t.Helper()
	require.Equal(t, http.StatusCreated, answer.Status, answer.Body)
	require.NoError(t, json.Unmarshal([]byte(answer.Body), into))
}

func address(network string, i int) string {
	return fmt.Sprintf("X-Forwarded-For: %s.%d", network, i%250+1)
}

// register registers a device that calls from the address.
func (w *world) register(statement, from string) harness.Answer {
	return w.PostRegister(`{"software_statement":"`+statement+`"}`, from, "X-Device-Info: eyJtb2RlbCI6IlRWIn0=")
}

// healthy is what devices do all day: one calls, one fetches a new token, now
// and then one is new, and now and then an operator stops one.
func (w *world) healthy() {
	w.turn++
	d := &w.tvs[w.turn%len(w.tvs)]
	w.Do(http.MethodGet, call, "", d.token.Bearer(), d.from)
	w.PostToken(d.client.Form(), d.from)
	if w.turn%16 == 0 {
		w.register(w.statement, address("192.0.2", w.turn))
	}
}

// until goes on with the traffic until the condition holds.
func (w *world) until(t *testing.T, what string, traffic func(), holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(200 * time.Millisecond) {
		traffic()
		if holds() {
			return
		}
	}
	t.Fatalf("waited %s in vain %s; firing: %v", patience, what, w.firing(patience))
}

// fires says whether all of the alerts have fired lately.
func (w *world) fires(alerts ...string) func() bool {
	return func() bool {
		firing := w.firing(patience)
		for _, alert := range alerts {
			if !firing[alert] {
				return false
			}
		}
		return true
	}
}

// forged changes the signature of a JWS; its encoding stays right.
func forged(raw string) string {
	at := len(raw) - 10
	return raw[:at] + strings.Repeat("A", 6) + raw[at+6:]
}
