package caddymodule

import (
	"fmt"
	"sync/atomic"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyevents"

	"github.com/caddy-dcr/caddy-dcr/internal/audit"
	"github.com/caddy-dcr/caddy-dcr/internal/event"
	"github.com/caddy-dcr/caddy-dcr/internal/management"
)

const (
	// waitingEvents is how many may wait for a slow listener.
	waitingEvents = 1024
	// runsWithin is how long an event waits for a configuration to run: while
	// Caddy starts, none does.
	runsWithin = 10 * time.Second
)

// happenings is the queue of the process. Events outlive the configuration in
// which they happened: listeners are those of the one that runs.
var happenings = &event.Queue{Size: waitingEvents, Deliver: deliver}

// announcer is the events app of one configuration, and the context that
// names the dcr app as where events come from.
type announcer struct {
	ctx caddy.Context
	app *caddyevents.App
}

func newAnnouncer(ctx caddy.Context) (announcer, error) {
	value, err := ctx.App("events")
	if err != nil {
		return announcer{}, fmt.Errorf("events: %w", err)
	}
	return announcer{ctx: ctx, app: value.(*caddyevents.App)}, nil
}

// raise tells those who listen, and returns at once: Caddy calls listeners
// where an event happens, and a request must not wait for them. The
// event's data is nobody else's afterwards.
func raise(e event.Event) {
	metricsOf.EventRaised(e.Name)
	if !happenings.Put(e) {
		drop("listeners do not keep up")
	}
}

// lastDropped is the second of the last complaint about a dropped event.
var lastDropped atomic.Int64

func drop(why string) {
	metricsOf.EventDropped()
	now := time.Now().Unix()
	if last := lastDropped.Load(); last == now || !lastDropped.CompareAndSwap(last, now) {
		return
	}
	if app := runningApp(); app != nil {
		app.logger.Warn("an event was dropped; others within this second are not logged", "why", why)
	}
}

// deliver hands one event to the listeners of the configuration that runs.
func deliver(e event.Event) {
	app := runningApp()
	for deadline := time.Now().Add(runsWithin); app == nil && time.Now().Before(deadline); app = runningApp() {
		time.Sleep(10 * time.Millisecond)
	}
	if app == nil {
		drop("no configuration runs")
		return
	}
	defer func() {
		// This goroutine is the process's own: nobody else would catch it.
		if p := recover(); p != nil {
			app.logger.Error("a listener of events panicked", "event", e.Name, "panic", p)
		}
	}()
	app.announcer.app.Emit(app.announcer.ctx, string(e.Name), e.Data)
}

// tellActed raises the event of an administrative act. What is not on record
// has no number.
func tellActed(n audit.Note, seq uint64) {
	raise(event.Event{Name: event.Administered, Data: map[string]any{
		"operation": string(n.Operation), "target": n.Target.String(), "outcome": string(n.Outcome),
		"actor": n.Actor.Name, "role": string(n.Role), "method": n.Actor.Method,
		"surface": string(n.Actor.Surface), "address": n.Actor.Address,
		"programmer": n.Of.Programmer, "channel": n.Of.Channel, "change_set": n.Set, "seq": seq,
	}})
}

// tellRevoked raises the event of a kill switch.
func tellRevoked(r management.Revocation) {
	raise(event.Event{Name: event.Revoked, Data: map[string]any{
		"kind": r.Kill.Kind, "id": r.Kill.ID, "reason": r.Kill.Reason, "by": r.Kill.By,
		"at": r.Kill.At.Format(time.RFC3339), "applied": r.Applied,
	}})
}
