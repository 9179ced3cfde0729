package hardening

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// crowd are good clients that call and get tokens, each over a connection that
// stays, over HTTP/1.1 and HTTP/2.
type crowd struct {
	w     *world
	calls []func(context.Context) error
}

// crowdSize is how many call at once. Each pauses as long as it was served, so
// that the machine has time for an attack.
const crowdSize = 4

func gather(t *testing.T, w *world) *crowd {
	t.Helper()
	c := &crowd{w: w}
	_, client, token := w.Enroll(everything())
	for i := range crowdSize {
		transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: w.tls.Roots, ServerName: host, MinVersion: tls.VersionTLS12}, ForceAttemptHTTP2: i%2 == 0}
		t.Cleanup(transport.CloseIdleConnections)
		visitor := &http.Client{Transport: transport, Timeout: longest}
		get := func(ctx context.Context) error {
			return c.send(ctx, visitor, http.MethodGet, v2Call, "", http.StatusOK, "Authorization", "Bearer "+token.AccessToken)
		}
		issue := func(ctx context.Context) error {
			return c.send(ctx, visitor, http.MethodPost, "/o/client/token", client.Form().Encode(), http.StatusCreated, "Content-Type", "application/x-www-form-urlencoded")
		}
		c.calls = append(c.calls, alternate(get, get, get, issue))
	}
	return c
}

// alternate makes one call after the other, again and again.
func alternate(calls ...func(context.Context) error) func(context.Context) error {
	next := 0
	return func(ctx context.Context) error {
		next++
		return calls[next%len(calls)](ctx)
	}
}

func (c *crowd) send(ctx context.Context, visitor *http.Client, method, target, body string, want int, name, value string) error {
	request, err := http.NewRequestWithContext(ctx, method, "https://"+c.w.tls.Address+target, strings.NewReader(body))
	if err != nil {
		return err
	}
	request.Host = host
	request.Header.Set(name, value)
	answer, err := visitor.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != want {
		err = fmt.Errorf("%s %s: want %d, got %d: %s", method, target, want, answer.StatusCode, text)
	}
	return err
}

// longest is what a good client may wait: an answer within five seconds is
// promised.
const longest = 5 * time.Second

// report is how a crowd fared.
type report struct {
	took   []time.Duration // sorted
	failed []error
}

func (r *report) at(part float64) time.Duration { return r.took[int(part*float64(len(r.took)-1))] }

func (r *report) String() string {
	return fmt.Sprintf("%d calls, %d failed, p50 %s, p99 %s", len(r.took), len(r.failed), r.at(.5).Round(10*time.Microsecond), r.at(.99).Round(10*time.Microsecond))
}

// call has everybody call for as long as it is said, and for at least so often
// that there is something to tell.
func (c *crowd) call(t *testing.T, lasts time.Duration) *report {
	t.Helper()
	const least = 20
	var mutex sync.Mutex
	var all sync.WaitGroup
	r := &report{}
	end := time.Now().Add(lasts)
	for _, call := range c.calls {
		all.Go(func() {
			for n := 0; n < least || time.Now().Before(end); n++ {
				begun := time.Now()
				err := call(t.Context())
				took := time.Since(begun)
				mutex.Lock()
				r.took = append(r.took, took)
				if err != nil {
					r.failed = append(r.failed, err)
				}
				mutex.Unlock()
				time.Sleep(took)
			}
		})
	}
	all.Wait()
	slices.Sort(r.took)
	return r
}

// memory is what the gateway's process has from the system, which it rarely
// gives back.
func (w *world) memory(t *testing.T) float64 {
	t.Helper()
	for line := range strings.Lines(fetch(t, "http://"+w.Admin+"/metrics")) {
		var bytes float64
		if _, err := fmt.Sscanf(line, "go_memstats_sys_bytes %g", &bytes); err == nil {
			return bytes
		}
	}
	t.Fatal("the metrics do not tell the memory")
	return 0
}

// whole is how a crowd fares in peace.
func (c *crowd) whole(t *testing.T) *report {
	t.Helper()
	c.call(t, 0) // connections, tokens and code get known
	r := c.call(t, *lasts/2)
	require.Empty(t, r.failed)
	return r
}
