package moves

import (
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/tests/faults/fleet"
	"github.com/caddy-dcr/caddy-dcr/tests/harness"
)

// device is a client that the gateway has acknowledged.
type device struct{ id, secret string }

// traffic registers, fetches tokens, calls and kills without a pause, and keeps
// what the gateway has acknowledged.
type traffic struct {
	gateway   *harness.Gateway
	statement string
	client    *http.Client
	stop      chan struct{}
	running   sync.WaitGroup

	mu      sync.Mutex
	devices []device
	killed  []device
	tokens  []string
	counts  map[string]int
	wrong   []string
	longest time.Duration // during which nobody got anything but refusals
	refused time.Time
}

func begin(g *harness.Gateway, statement string) *traffic {
	x := &traffic{
		gateway: g, statement: statement, stop: make(chan struct{}), counts: map[string]int{},
		client: &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 32}},
	}
	for range 3 {
		x.loop(x.register, time.Millisecond)
	}
	for range 3 {
		x.loop(x.fetch, time.Millisecond)
	}
	for range 2 {
		x.loop(x.call, time.Millisecond)
	}
	x.loop(x.kill, 50*time.Millisecond)
	return x
}

func (x *traffic) loop(act func(), pause time.Duration) {
	x.running.Go(func() {
		for {
			select {
			case <-x.stop:
				return
			case <-time.After(pause):
				act()
			}
		}
	})
}

func (x *traffic) end() { close(x.stop); x.running.Wait() }

// send answers status 0 where there was no answer, as for a connection that a
// server closed which was replaced.
func (x *traffic) send(method, target, contentType, body, token string) (int, string) {
	request, err := http.NewRequest(method, target, strings.NewReader(body))
	if err != nil {
		panic(err)
	}
	if contentType != "" {
		request.Header.Set("Content-Type", contentType)
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := x.client.Do(request)
	if err != nil {
		return 0, err.Error()
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return 0, err.Error()
	}
	return response.StatusCode, string(text)
}

// note counts an answer, and says whether it is the one that was due.
func (x *traffic) note(what string, status, due int, body string) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.counts[fmt.Sprint(what, " ", status)]++
	switch status {
	case due:
		if !x.refused.IsZero() {
			x.longest = max(x.longest, time.Since(x.refused))
			x.refused = time.Time{}
		}
		return true
	case http.StatusServiceUnavailable:
		if x.refused.IsZero() {
			x.refused = time.Now()
		}
	case 0:
	default:
		x.wrong = append(x.wrong, fmt.Sprintf("%s: %d %s", what, status, body))
	}
	return false
}

func (x *traffic) register() { x.registerOne() }

func (x *traffic) registerOne() (device, bool) {
	body, _ := json.Marshal(map[string]string{"software_statement": x.statement})
	status, text := x.send("POST", x.gateway.URL+"/o/client/register", "application/json", string(body), "")
	if !x.note("register", status, http.StatusCreated, text) {
		return device{}, false
	}
	var made struct {
		ID     string `json:"client_id"`
		Secret string `json:"client_secret"`
	}
	_ = json.Unmarshal([]byte(text), &made)
	d := device{made.ID, made.Secret}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.devices = append(x.devices, d)
	return d, true
}

func (x *traffic) token(d device) (int, string) {
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {d.id}, "client_secret": {d.secret}}
	return x.send("POST", x.gateway.URL+"/o/client/token", "application/x-www-form-urlencoded", form.Encode(), "")
}

func (x *traffic) fetch() {
	x.mu.Lock()
	if len(x.devices) == 0 {
		x.mu.Unlock()
		return
	}
	// The newest more often: they are what a move could lose.
	d := x.devices[len(x.devices)-1-rand.IntN(min(len(x.devices), 1+rand.IntN(200)))]
	x.mu.Unlock()
	status, text := x.token(d)
	if status == http.StatusBadRequest && x.isKilled(d) {
		return
	}
	if x.note("token", status, http.StatusCreated, text) {
		var made struct {
			Token string `json:"access_token"`
		}
		_ = json.Unmarshal([]byte(text), &made)
		x.mu.Lock()
		defer x.mu.Unlock()
		x.tokens = append(x.tokens, made.Token)
	}
}

func (x *traffic) isKilled(d device) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, k := range x.killed {
		if k == d {
			return true
		}
	}
	return false
}

func (x *traffic) call() {
	x.mu.Lock()
	if len(x.tokens) == 0 {
		x.mu.Unlock()
		return
	}
	token := x.tokens[len(x.tokens)-1-rand.IntN(min(len(x.tokens), 200))]
	x.mu.Unlock()
	status, text := x.send("GET", x.gateway.URL+fleet.Call, "", "", token)
	x.note("call", status, http.StatusOK, text)
}

// kill revokes a client of its own, which nobody else calls with.
func (x *traffic) kill() {
	body, _ := json.Marshal(map[string]string{"software_statement": x.statement})
	status, text := x.send("POST", x.gateway.URL+"/o/client/register", "application/json", string(body), "")
	if !x.note("register", status, http.StatusCreated, text) {
		return
	}
	var made struct {
		ID     string `json:"client_id"`
		Secret string `json:"client_secret"`
	}
	_ = json.Unmarshal([]byte(text), &made)
	order := fmt.Sprintf(`{"kind":"client","id":%q}`, made.ID)
	status, text = x.send("POST", "http://"+x.gateway.Admin+"/dcr/kills", "application/json", order, "")
	if x.note("kill", status, http.StatusOK, text) {
		x.mu.Lock()
		defer x.mu.Unlock()
		x.killed = append(x.killed, device{made.ID, made.Secret})
	}
}

// nothingLost asks for a token of every client that was ever acknowledged.
func (x *traffic) nothingLost(t *testing.T) {
	t.Helper()
	x.mu.Lock()
	devices, killed, tokens := x.devices, x.killed, x.tokens
	t.Logf("%d clients, %d kills, %d tokens; answers %v; refusals went on for %s at the longest",
		len(devices), len(killed), len(tokens), x.counts, x.longest)
	assert.Empty(t, x.wrong)
	x.mu.Unlock()
	require.NotEmpty(t, killed)
	ask := func(list []device, due int, what string) {
		slots := make(chan struct{}, 16)
		var waiting sync.WaitGroup
		var mu sync.Mutex
		lost := 0
		for _, d := range list {
			slots <- struct{}{}
			waiting.Go(func() {
				defer func() { <-slots }()
				status, _ := x.token(d)
				if status != due {
					mu.Lock()
					defer mu.Unlock()
					lost++
				}
			})
		}
		waiting.Wait()
		assert.Zero(t, lost, what)
	}
	ask(devices, http.StatusCreated, "clients that were acknowledged, and are lost")
	ask(killed, http.StatusBadRequest, "clients that were killed, and live again")
	for _, token := range tokens[max(0, len(tokens)-2000):] {
		status, text := x.send("GET", x.gateway.URL+fleet.Call, "", "", token)
		require.Equal(t, http.StatusOK, status, "a token is lost: %s", text)
	}
}
