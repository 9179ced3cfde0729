package caddymodule

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/access"
	"github.com/caddy-dcr/caddy-dcr/internal/management"
)

// seriesOf reads the series of a counter, by the values of their labels.
func seriesOf(t *testing.T, name string) map[string]float64 {
	t.Helper()
	registry := registryOf(t)
	require.NoError(t, registerMetrics(registry))
	families, err := registry.Gather()
	require.NoError(t, err)
	found := map[string]float64{}
	for _, family := range families {
		if family.GetName() != "caddy_dcr_"+name {
			continue
		}
		for _, metric := range family.GetMetric() {
			var values []string
			for _, label := range metric.GetLabel() {
				values = append(values, label.GetValue())
			}
			found[strings.Join(values, " ")] = metric.GetCounter().GetValue()
		}
	}
	return found
}

func TestRequestsAreCountedForTheApplicationWhoseTheyAre(t *testing.T) {
	app := newsroom(t, func(a *App) {
		a.Events = EventConfig{Registered: -1, TokenIssued: -1, Refused: -1}
		a.Metrics = MetricsConfig{Applications: []string{"demo"}, Platforms: []string{"roku"}}
	})
	client, secret, _ := app.registers(t)
	require.Equal(t, http.StatusCreated, app.asksForToken(t, client, secret).Code)
	app.asksForToken(t, client, "wrong")
	posts(t, "/o/client/register", "application/json", `{"software_statement":"forged"}`, app.services.register)
	_, err := app.management().Revoke(t.Context(), management.Call{Actor: access.Trusted("ann", access.CLI, "")},
		management.KillOrder{Kind: "client", ID: client})
	require.NoError(t, err)
	hear(t)
	hear(t)
	require.Equal(t, http.StatusBadRequest, app.asksForToken(t, client, secret).Code)

	assert.Equal(t, map[string]float64{
		"demo allowed": 1, "demo refused": 0, "demo unavailable": 0, "other allowed": 0, "other refused": 0, "other unavailable": 0,
	}, seriesOf(t, "application_registrations_total"), "a forged statement is nobody's")
	assert.Equal(t, map[string]float64{
		"demo allowed": 1, "demo refused": 1, "demo unavailable": 0, "other allowed": 0, "other refused": 0, "other unavailable": 0,
	}, seriesOf(t, "application_tokens_total"), "a wrong secret is nobody's; the right one of a client that was revoked is")
	platforms := seriesOf(t, "platform_registrations_total")
	assert.Contains(t, platforms, "allowed Roku", "it is the name that there is, however it was written")
	assert.EqualValues(t, 1, platforms["allowed other"], "the device did not say what it is")
}

func TestWhatAReloadTakesOffTheListHasNoSeriesAndTheRestGoesOn(t *testing.T) {
	var store = map[string]any{}
	load := func(applications ...string) *App {
		t.Helper()
		return newsroom(t, func(a *App) {
			if raw, again := store["raw"]; again {
				a.StoreRaw = raw.([]byte)
			}
			store["raw"] = []byte(a.StoreRaw)
			a.Metrics.Applications = applications
			a.Events = EventConfig{Registered: -1, TokenIssued: -1, Refused: -1}
		})
	}
	const late = "0b5f6e1c-58a5-4c1c-b1a7-9b1d6c0c3f0e"
	load("demo").registers(t)
	assert.EqualValues(t, 1, seriesOf(t, "application_registrations_total")["demo allowed"])
	load("demo", late).registers(t)
	series := seriesOf(t, "application_registrations_total")
	assert.EqualValues(t, 2, series["demo allowed"], "a reload resets nothing")
	assert.Contains(t, series, late+" allowed")

	load(late)
	require.Eventually(t, func() bool {
		_, there := seriesOf(t, "application_registrations_total")["demo allowed"]
		return !there
	}, time.Minute, time.Millisecond, "nobody lists it any more")
	load()
	require.Eventually(t, func() bool { return len(seriesOf(t, "application_registrations_total")) == 0 }, time.Minute, time.Millisecond)
	require.NoError(t, caddy.Stop())
}
