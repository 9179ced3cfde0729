package lifecycle

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/tests/faults/crowd"
	"github.com/caddy-dcr/caddy-dcr/tests/faults/fleet"
	"github.com/caddy-dcr/caddy-dcr/tests/harness"
)

// devices are what calls the gateway: one of each kind, whom many callers play.
type devices struct {
	statement string
	known     harness.Token
	client    harness.Credentials
	dead      harness.Credentials
	deadToken harness.Token
}

// enrol registers the devices, and kills those that are to be dead.
func (w *world) enrol(t *testing.T) {
	t.Helper()
	w.devices.statement = w.IssueStatement(w.CreateApp(fleet.App()))
	w.devices.client = w.Register(w.devices.statement)
	w.devices.known = w.Token(w.devices.client)
	w.devices.dead = w.Register(w.devices.statement)
	w.devices.deadToken = w.Token(w.devices.dead)
	require.NoError(t, fleet.Kill(w.Gateway, w.devices.dead.ClientID))
}

// load is twenty callers who call until they are told to stop.
type load struct {
	w      *world
	tally  crowd.Tally
	calls  atomic.Int64
	broken atomic.Int64 // connections that ended without a byte of an answer
	stop   context.CancelFunc
	done   sync.WaitGroup
}

// pause keeps the callers from wanting all of a busy machine.
const pause = 15 * time.Millisecond

// gather sets the callers to work, and returns when they are.
func (w *world) gather(t *testing.T) *load {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	l := &load{w: w, stop: cancel}
	for role, callers := range map[crowd.Role]int{
		crowd.Known: 8, crowd.Fresh: 4, crowd.Register: 3, crowd.Dead: 3, crowd.DeadFetch: 2,
	} {
		for range callers {
			l.done.Go(func() { l.play(ctx, role) })
		}
	}
	t.Cleanup(func() {
		cancel()
		l.done.Wait()
	})
	l.more(t)
	return l
}

// play does the calls of one caller, one after the other.
func (l *load) play(ctx context.Context, role crowd.Role) {
	kept := &http.Client{Timeout: patience, Transport: &http.Transport{}}
	defer kept.CloseIdleConnections()
	for ctx.Err() == nil {
		switch role {
		case crowd.Fresh:
			answer := l.fetch(crowd.Fetch, l.w.devices.client)
			var token harness.Token
			if json.Unmarshal([]byte(answer.Body), &token) == nil && token.AccessToken != "" {
				l.get(kept, role, token)
			}
		case crowd.Register:
			l.send(visitor, role, http.MethodPost, "/o/client/register", l.w.registration(), "Content-Type: application/json")
		case crowd.DeadFetch:
			l.fetch(role, l.w.devices.dead)
		case crowd.Dead:
			l.get(kept, role, l.w.devices.deadToken)
		default:
			l.get(kept, role, l.w.devices.known)
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
}

func (l *load) fetch(role crowd.Role, client harness.Credentials) outcome {
	return l.send(visitor, role, http.MethodPost, "/o/client/token", client.Form().Encode(), "Content-Type: application/x-www-form-urlencoded")
}

func (l *load) get(client *http.Client, role crowd.Role, token harness.Token) {
	l.send(client, role, http.MethodGet, fleet.Call, "", token.Bearer())
}

// send does one call, and repeats it when its connection was ended: no handler
// has seen such a request, and the gateway's counters have to agree with that.
func (l *load) send(client *http.Client, role crowd.Role, method, target, body string, headers ...string) outcome {
	o := send(client, method, l.w.URL+target, body, headers...)
	for o.ended() {
		l.broken.Add(1)
		o = send(client, method, l.w.URL+target, body, headers...)
	}
	l.note(role, o)
	return o
}

// note judges an answer.
func (l *load) note(role crowd.Role, o outcome) {
	a := crowd.Answer{Role: role, Sent: time.Now(), Status: o.Status, Err: o.err, RetryAfter: o.Header.Get("Retry-After")}
	if o.Status == http.StatusOK && o.Body != l.w.devices.client.ClientID {
		a.Stranger = o.Body
	}
	var fault struct{ Error, Code string }
	if o.Status >= http.StatusBadRequest && json.Unmarshal([]byte(o.Body), &fault) == nil {
		if a.Code = fault.Code; a.Code == "" {
			a.Code = fault.Error
		}
	}
	l.tally.Add(a)
	l.calls.Add(1)
}

// swing is how many answers are seen before and after what is tested.
const swing = 50

// more waits for answers to requests that are yet to be sent.
func (l *load) more(t *testing.T) {
	t.Helper()
	before := l.calls.Load()
	harness.Eventually(t, "for the callers to be answered", func() bool { return l.calls.Load() >= before+swing })
}

// end lets the callers go home and checks that nobody got anything but what
// was true: 503 is a lost request here, and so is an answer that breaks off.
func (l *load) end(t *testing.T) {
	t.Helper()
	l.more(t)
	l.stop()
	l.done.Wait()
	t.Logf("%d requests, %d connections ended by Caddy", l.calls.Load(), l.broken.Load())
	assert.Zero(t, l.tally.Wrong(), "of %d requests:\n%s\n%s", l.tally.Requests(), l.tally.Words(), l.tally.Statuses())
}

// registration is the body of an honest one.
func (w *world) registration() string {
	return `{"software_statement":"` + strings.TrimSpace(w.devices.statement) + `"}`
}
