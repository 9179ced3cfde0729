package lifecycle

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/caddy-dcr/caddy-dcr/tests/faults/fleet"
	"github.com/caddy-dcr/caddy-dcr/tests/harness"
)

// backend answers who called: at once, or, to a request with `?hold`, when it
// is told to.
type backend struct {
	address string

	mu      sync.Mutex
	holding int
	gate    chan struct{}
}

func startBackend(t *testing.T) *backend {
	t.Helper()
	b := &backend{gate: make(chan struct{})}
	server := httptest.NewServer(b)
	t.Cleanup(server.Close)
	t.Cleanup(b.release) // before Close, which waits for what is held
	b.address = strings.TrimPrefix(server.URL, "http://")
	return b
}

// ServeHTTP implements http.Handler.
func (b *backend) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Query().Has("hold") {
		<-b.enter()
	}
	fmt.Fprint(w, r.Header.Get("X-DCR-Client-ID"))
}

func (b *backend) enter() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.holding++
	return b.gate
}

// release answers what is held now.
func (b *backend) release() {
	b.mu.Lock()
	defer b.mu.Unlock()
	close(b.gate)
	b.gate, b.holding = make(chan struct{}), 0
}

func (b *backend) holds() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.holding
}

// held are requests that the gateway has passed on and the backend has not
// answered.
type held struct {
	w       *world
	client  string
	answers chan outcome
	count   int
}

// outcome is what became of one request.
type outcome struct {
	harness.Answer
	err error
}

// hold sends requests that stay open until the test lets them finish.
func (w *world) hold(t *testing.T, count int) *held {
	t.Helper()
	_, client, token := w.Enroll(fleet.App())
	h := &held{w: w, client: client.ClientID, answers: make(chan outcome, count), count: count}
	for range count {
		go func() { h.answers <- w.call(http.MethodGet, fleet.Call+"?hold", "", token.Bearer()) }()
	}
	harness.Eventually(t, "for the backend to hold the requests", func() bool { return w.backend.holds() == count })
	return h
}

// finish lets the requests go, and checks that each gets its answer.
func (h *held) finish(t *testing.T) {
	t.Helper()
	assert.Empty(t, h.answers, "a request that is held has ended")
	h.w.backend.release()
	for range h.count {
		answer := <-h.answers
		assert.NoError(t, answer.err)
		assert.Equal(t, http.StatusOK, answer.Status, answer.Body)
		assert.Equal(t, h.client, answer.Body)
	}
}
