package explain

import (
	"encoding/hex"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// exemplars reads the labels of those that a site serves on a series, to whoever
// asks for OpenMetrics.
func (w *world) exemplars(t *testing.T, series string) []map[string]string {
	t.Helper()
	answer := w.Do(http.MethodGet, "/metrics", "", "Accept: application/openmetrics-text; version=1.0.0")
	require.Equal(t, http.StatusOK, answer.Status)
	require.Contains(t, answer.Header.Get("Content-Type"), "application/openmetrics-text")
	var found []map[string]string
	for line := range strings.Lines(answer.Body) {
		sample, exemplar, there := strings.Cut(line, " # {")
		if !there || !strings.HasPrefix(sample, series) {
			continue
		}
		labels := map[string]string{}
		for _, pair := range regexp.MustCompile(`([a-z_]+)="([^"]*)"`).FindAllStringSubmatch(exemplar, -1) {
			labels[pair[1]] = pair[2]
		}
		found = append(found, labels)
	}
	return found
}

// timed are the histograms of what requests wait for.
var timed = []string{
	"caddy_dcr_registration_duration_seconds_bucket", "caddy_dcr_token_duration_seconds_bucket", "caddy_dcr_decision_duration_seconds_bucket",
}

// enough requests for one of them to be timed: one in sixteen is.
func (w *world) call(bearer string) {
	for range 200 {
		w.Do(http.MethodGet, call(channel), "", bearer)
	}
}

func TestExemplarsLeadToRequests(t *testing.T) {
	w := newWorld(t, "", "", "\tmetrics /metrics\n")
	_, _, token := w.Enroll(v2App())
	w.call(token.Bearer())
	refused := w.Do(http.MethodGet, call("OTHER"), "", token.Bearer())
	found := w.exemplars(t, `caddy_dcr_decisions_total{outcome="refused",profile="rest_v2",reason="channel_not_assigned"}`)
	require.Len(t, found, 1)
	assert.Equal(t, map[string]string{"trace_id": refused.Header.Get("X-DCR-Trace")}, found[0])
	assert.Contains(t, w.MustDCR("explain", found[0]["trace_id"]), "channel_not_assigned")
	for _, histogram := range timed {
		assert.NotEmpty(t, w.exemplars(t, histogram), histogram)
	}
	plain := w.Do(http.MethodGet, "/metrics", "")
	assert.NotContains(t, plain.Body, "trace_id", "the text format has no room for them")
}

func TestExemplarsLeadToOpenTelemetrysTraceWhereThereIsOne(t *testing.T) {
	seen := collect(t)
	w := newWorld(t, "", "", tracing+"\tmetrics /metrics\n")
	_, _, token := w.Enroll(v2App())
	w.call(token.Bearer())
	refused := w.Do(http.MethodGet, call("OTHER"), "", token.Bearer())
	stopped := seen.named(t, "dcr.guard", func(s span) bool { return s.text("dcr.reason") == "channel_not_assigned" })
	found := w.exemplars(t, `caddy_dcr_decisions_total{outcome="refused",profile="rest_v2",reason="channel_not_assigned"}`)
	require.Len(t, found, 1)
	assert.Equal(t, map[string]string{
		"trace_id": hex.EncodeToString(stopped.GetTraceId()), "dcr_trace": refused.Header.Get("X-DCR-Trace"),
	}, found[0])
	for _, histogram := range timed {
		traces := w.exemplars(t, histogram)
		if assert.NotEmpty(t, traces, histogram) {
			assert.Len(t, traces[0]["trace_id"], 32, "%s has that of OpenTelemetry", histogram)
			assert.Len(t, traces[0]["dcr_trace"], 36, "%s has ours", histogram)
		}
	}
}
