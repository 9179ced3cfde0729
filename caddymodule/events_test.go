package caddymodule

import (
	"context"
	"encoding/json"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/access"
	"github.com/caddy-dcr/caddy-dcr/internal/event"
	"github.com/caddy-dcr/caddy-dcr/internal/management"
)

func init() { caddy.RegisterModule(listener{}) }

// listener is an event handler such as an operator plugs in: it hands over
// what it hears, and goes on when the test has taken it.
type listener struct{}

var heard = make(chan caddy.Event)

func (listener) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "events.handlers.dcr_test", New: func() caddy.Module { return new(listener) }}
}

func (listener) Handle(ctx context.Context, e caddy.Event) error {
	if e.Data["panic"] == true {
		panic("a defect of the listener")
	}
	if repl, ok := ctx.Value(caddy.ReplacerCtxKey).(*caddy.Replacer); ok {
		e.Data["replaced"] = repl.ReplaceAll("{event.data.kind}", "")
	}
	select {
	case heard <- e:
		return nil
	case <-time.After(time.Minute):
		return errors.New("the test has gone")
	}
}

// run makes Caddy run the configuration, with a listener to what our module
// says and nobody else's. Unless the test wants it, requests are no events.
func run(t *testing.T, change func(*App)) *App {
	t.Helper()
	app := &App{Issuer: "https://sp.example.com", StoreRaw: raw(t, map[string]string{
		"module": "bolt", "path": filepath.Join(t.TempDir(), "dcr.db"),
	}), Events: EventConfig{Registered: -1, TokenIssued: -1, Refused: -1}}
	if change != nil {
		change(app)
	}
	config := raw(t, map[string]any{
		"admin": map[string]any{"disabled": true},
		"logging": map[string]any{"logs": map[string]any{"default": map[string]any{
			"writer": map[string]string{"output": "discard"},
		}}},
		"apps": map[string]any{
			"dcr": app,
			"events": map[string]any{"subscriptions": []any{map[string]any{
				"modules": []string{"dcr"}, "handlers": []any{map[string]string{"handler": "dcr_test"}},
			}}},
		},
	})
	require.NoError(t, caddy.Load(config, true))
	t.Cleanup(func() {
		require.NoError(t, caddy.Stop())
		backings.hurry()
	})
	running := runningApp()
	require.NotNil(t, running)
	return running
}

func raw(t *testing.T, value any) json.RawMessage {
	t.Helper()
	text, err := json.Marshal(value)
	require.NoError(t, err)
	return text
}

func hear(t *testing.T) caddy.Event {
	t.Helper()
	select {
	case e := <-heard:
		return e
	case <-time.After(time.Minute):
		require.Fail(t, "nothing is heard")
		return caddy.Event{}
	}
}

// tells checks that the data is what the docs promise.
func tells(t *testing.T, name event.Name, e caddy.Event) {
	t.Helper()
	assert.Equal(t, string(name), e.Name())
	assert.EqualValues(t, "dcr", e.Origin().CaddyModule().ID)
	data := e.CloudEvent()
	assert.Equal(t, "dcr", data.Source)
	for key := range e.Data {
		if key != "replaced" {
			assert.Contains(t, event.Fields[name], key)
		}
	}
	for _, field := range event.Fields[name] {
		assert.Contains(t, e.Data, field)
	}
}

func TestARevocationIsAnEventOfCaddy(t *testing.T) {
	app := run(t, nil)
	require.Eventually(t, func() bool { return app.services.ready() == nil }, time.Minute, time.Millisecond)
	id := uuid.NewString()
	order := management.KillOrder{Kind: "statement", ID: id, Reason: "leaked", AllowUnknown: true}
	_, err := app.management().Revoke(t.Context(), management.Call{Actor: access.Trusted("ann", access.CLI, "")}, order)
	require.NoError(t, err)
	act := hear(t)
	tells(t, event.Administered, act)
	assert.Equal(t, "statement.revoke", act.Data["operation"])
	assert.Equal(t, "statement/"+id, act.Data["target"])
	assert.Equal(t, "ann", act.Data["actor"])
	assert.Equal(t, uint64(1), act.Data["seq"])
	e := hear(t)
	tells(t, event.Revoked, e)
	assert.Equal(t, "statement", e.Data["kind"])
	assert.Equal(t, "statement", e.Data["replaced"], "placeholders give the data")
	assert.Equal(t, id, e.Data["id"])
	assert.Equal(t, "leaked", e.Data["reason"])
	assert.Equal(t, "ann", e.Data["by"])
	assert.Equal(t, true, e.Data["applied"])

	_, err = app.management().Revoke(t.Context(), management.Call{Actor: access.Trusted("bob", access.CLI, "")}, order)
	require.NoError(t, err)
	order.ID = uuid.NewString()
	_, err = app.management().Revoke(t.Context(), management.Call{Actor: access.Trusted("ann", access.CLI, "")}, order)
	require.NoError(t, err)
	assert.Equal(t, "statement/"+order.ID, hear(t).Data["target"], "what was revoked before is no event")
	assert.Equal(t, order.ID, hear(t).Data["id"])
}

func TestAListenerThatHangsHoldsUpNobody(t *testing.T) {
	run(t, nil)
	before := counted(t, "caddy_dcr_events_dropped_total")
	const more = 50
	for n := range waitingEvents + more {
		raise(event.Event{Name: event.Revoked, Data: map[string]any{"n": n}}) // returns, though nobody takes what the listener holds
	}
	assert.GreaterOrEqual(t, counted(t, "caddy_dcr_events_dropped_total")-before, float64(more-1))
	for n := range 3 {
		assert.Equal(t, n, hear(t).Data["n"], "the oldest are kept")
	}
	raise(event.Event{Name: event.Revoked, Data: map[string]any{"n": -1}}) // there is room again
	last := 0
	for last != -1 {
		last = hear(t).Data["n"].(int)
	}
}

func TestAListenerThatPanicsStopsNothing(t *testing.T) {
	run(t, nil)
	raise(event.Event{Name: event.Revoked, Data: map[string]any{"panic": true}})
	raise(event.Event{Name: event.Revoked, Data: map[string]any{"n": 1}})
	assert.Equal(t, 1, hear(t).Data["n"])
}

// What happens while Caddy starts is heard once it has.
func TestAnEventWaitsForAConfigurationToRun(t *testing.T) {
	require.Nil(t, runningApp())
	raise(event.Event{Name: event.Revoked, Data: map[string]any{"n": 2}})
	run(t, nil)
	assert.Equal(t, 2, hear(t).Data["n"])
}

func TestEventsAreCounted(t *testing.T) {
	run(t, nil)
	before := counted(t, "caddy_dcr_events_total")
	raise(event.Event{Name: event.Revoked, Data: map[string]any{}})
	assert.Equal(t, before+1, counted(t, "caddy_dcr_events_total"))
	hear(t)
}

// counted sums the series of a counter.
func counted(t *testing.T, name string) (sum float64) {
	t.Helper()
	registry := registryOf(t)
	require.NoError(t, registerMetrics(registry))
	families, err := registry.Gather()
	require.NoError(t, err)
	for _, family := range families {
		if family.GetName() == name {
			for _, metric := range family.GetMetric() {
				sum += metric.GetCounter().GetValue()
			}
			return sum
		}
	}
	require.Fail(t, "there is no counter "+name)
	return 0
}
