package metrics

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	dto "github.com/prometheus/client_model/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/audit"
	"github.com/caddy-dcr/caddy-dcr/internal/census"
	"github.com/caddy-dcr/caddy-dcr/internal/device"
	"github.com/caddy-dcr/caddy-dcr/internal/event"
	"github.com/caddy-dcr/caddy-dcr/internal/explain"
	"github.com/caddy-dcr/caddy-dcr/internal/forgery"
	"github.com/caddy-dcr/caddy-dcr/internal/guard"
	"github.com/caddy-dcr/caddy-dcr/internal/guesses"
	"github.com/caddy-dcr/caddy-dcr/internal/lastused"
	"github.com/caddy-dcr/caddy-dcr/internal/oauth"
	"github.com/caddy-dcr/caddy-dcr/internal/quota"
	"github.com/caddy-dcr/caddy-dcr/internal/reaper"
	"github.com/caddy-dcr/caddy-dcr/internal/registration"
	"github.com/caddy-dcr/caddy-dcr/internal/state"
	"github.com/caddy-dcr/caddy-dcr/internal/statement"
	"github.com/caddy-dcr/caddy-dcr/internal/throttle"
	"github.com/caddy-dcr/caddy-dcr/plugins"
)

// gather reads all that a scrape sees.
func gather(t *testing.T, m *Metrics) map[string]*dto.MetricFamily {
	t.Helper()
	registry := prometheus.NewPedanticRegistry()
	require.NoError(t, registry.Register(m))
	families, err := registry.Gather()
	require.NoError(t, err)
	byName := map[string]*dto.MetricFamily{}
	for _, family := range families {
		byName[strings.TrimPrefix(family.GetName(), "caddy_dcr_")] = family
	}
	return byName
}

// find returns the child with exactly these label values, which stand in the
// order of the labels' names, or nil.
func find(family *dto.MetricFamily, values ...string) *dto.Metric {
	for _, metric := range family.GetMetric() {
		var found []string
		for _, label := range metric.GetLabel() {
			found = append(found, label.GetValue())
		}
		if slices.Equal(found, values) {
			return metric
		}
	}
	return nil
}

func count(t *testing.T, m *Metrics, name string, values ...string) float64 {
	t.Helper()
	child := find(gather(t, m)[name], values...)
	require.NotNil(t, child, "%s%v", name, values)
	if h := child.GetHistogram(); h != nil {
		return float64(h.GetSampleCount())
	}
	if g := child.GetGauge(); g != nil {
		return g.GetValue()
	}
	return child.GetCounter().GetValue()
}

func each[V ~string](values []V) [][]string {
	var sets [][]string
	for _, v := range values {
		sets = append(sets, []string{string(v)})
	}
	return sets
}

func TestEveryChildOfEveryClosedSetIsThereFromTheStart(t *testing.T) {
	m := New()
	m.ForProfile("rest_v2")
	m.ForThrottled("rest_v2")
	var operations, timed, decided, refused [][]string
	for _, operation := range Operations {
		for _, outcome := range StoreOutcomes {
			operations = append(operations, []string{string(operation), string(outcome)})
		}
		if operation != Follow {
			timed = append(timed, []string{string(operation)})
		}
	}
	for _, reason := range guard.Reasons {
		// Labels are gathered in the order of their names.
		decided = append(decided, []string{string(DecisionOutcomeOf(reason)), "rest_v2", string(reason)})
	}
	for _, kind := range throttle.Kinds {
		refused = append(refused, []string{string(kind), "rest_v2"})
	}
	var checked [][]string
	for _, kind := range quota.Kinds {
		for _, result := range quota.Results {
			checked = append(checked, []string{string(kind), string(result)})
		}
	}
	none := [][]string{nil}
	want := map[string][][]string{
		"registrations_total":              each(registration.Outcomes),
		"registration_duration_seconds":    none,
		"tokens_total":                     each(oauth.Outcomes),
		"token_auth_methods_total":         each(oauth.AuthMethods),
		"token_revocations_total":          each(oauth.RevocationOutcomes),
		"introspections_total":             each(oauth.IntrospectionOutcomes),
		"managed_registrations_total":      each(registration.ManagedOutcomes),
		"registered_clients_total":         each(device.Platforms),
		"token_duration_seconds":           none,
		"last_used_notes_total":            each(lastused.Outcomes),
		"quota_checks_total":               checked,
		"reused_registrations_total":       none,
		"censuses_total":                   each(census.Outcomes),
		"reaped_clients_total":             each(reaper.Outcomes),
		"device_source_total":              each(device.Sources),
		"platform_mismatches_total":        none,
		"decisions_total":                  decided,
		"decision_duration_seconds":        {{"rest_v2"}},
		"store_operations_total":           operations,
		"store_operation_duration_seconds": timed,
		"store_errors_total":               each(plugins.Faults),
		"revocation_lag_seconds":           none,
		"snapshot_loads_total":             each(state.SnapshotReasons),
		"snapshot_load_duration_seconds":   none,
		"follow_failures_total":            none,
		"token_cache_lookups_total":        each(Lookups),
		"store_breaker_open":               each(BrokenSet),
		"token_cache_entries":              none,
		"token_cache_capacity":             none,
		"live_tokens":                      none,
		"events_total":                     each(event.Names),
		"refusals_shared_total":            each(explain.SharedSet),
		"events_dropped_total":             none,
		"statement_checks_total":           each(statement.Checks),
		"upstream_duration_seconds":        {{"rest_v2"}},
		"configurations_total":             each(Configurations),
		"guesses_refused_total":            each(guesses.Bys),
		"audit_writes_total":               each(audit.Writes),
		"throttled_total":                  refused,
		"throttle_fallbacks_total":         none,
		"throttle_devices":                 none,
		"throttle_evictions_total":         none,
		"forgeries_total":                  each(forgery.Ofs),
		"forgeries_withheld_total":         each(forgery.Ofs),
		"clients_spread_total":             none,
	}
	families := gather(t, m)
	for name, children := range want {
		assert.Len(t, families[name].GetMetric(), len(children), name)
		for _, values := range children {
			assert.NotNil(t, find(families[name], values...), "%s%v", name, values)
			assert.Zero(t, count(t, m, name, values...), "%s%v", name, values)
		}
	}
	for name := range families {
		assert.Contains(t, want, name, "a metric that this test does not know")
	}
}

func TestEveryHistogramHasClassicAndNativeBuckets(t *testing.T) {
	m := New()
	m.ForProfile("rest_v2")
	histograms := 0
	for name, family := range gather(t, m) {
		for _, metric := range family.GetMetric() {
			if h := metric.GetHistogram(); h != nil {
				histograms++
				assert.NotEmpty(t, h.GetBucket(), name)
				assert.NotNil(t, h.Schema, "%s has no native buckets", name)
			}
		}
	}
	assert.NotZero(t, histograms)
}

// The library can empty a histogram to bound its buckets, which looks like a
// restart. Ours grow coarser instead.
func TestAHistogramIsNeverEmptied(t *testing.T) {
	m := New()
	observer := m.Observer()
	const spread = 5000
	lag := time.Nanosecond
	for i := range spread {
		observer.EntryApplied(lag, 1)
		lag += lag/50 + 1
		if i%1000 == 0 {
			require.EqualValues(t, i+1, count(t, m, "revocation_lag_seconds"))
		}
		if lag > time.Hour {
			lag = time.Nanosecond
		}
	}
	h := gather(t, m)["revocation_lag_seconds"].GetMetric()[0].GetHistogram()
	assert.EqualValues(t, spread, h.GetSampleCount())
	assert.LessOrEqual(t, len(h.GetPositiveDelta()), 2*160, "the buckets are bounded")
}

func TestTheNamesAreAsPrometheusWantsThem(t *testing.T) {
	m := New()
	m.ForProfile("rest_v2")
	m.ForThrottled("rest_v2")
	m.TrackReplica(&replicaDouble{})
	m.TrackKeys(ringDouble{state.KeyForTokens: time.Hour})
	var families []*dto.MetricFamily
	for name, family := range gather(t, m) {
		assert.True(t, strings.HasPrefix(family.GetName(), "caddy_dcr_"), name)
		assert.True(t, strings.HasSuffix(family.GetHelp(), "."), "the help of %s is a sentence", name)
		families = append(families, family)
	}
	problems, err := promlint.NewWithMetricFamilies(families).Lint()
	require.NoError(t, err)
	assert.Empty(t, problems)
}

func TestAValueOutsideTheSetIsNotCountedAndHurtsNobody(t *testing.T) {
	m := New()
	m.DeviceDescribed("a client's own word")
	for _, child := range gather(t, m)["device_source_total"].GetMetric() {
		assert.Zero(t, child.GetCounter().GetValue())
	}
}
