package observability

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/tests/harness"
)

func TestAPersonOnCallSeesWhatHappens(t *testing.T) {
	w := newWorld(t)

	// Health: a dozen evaluations with data, and nobody is alarmed.
	w.until(t, "for a healthy while", w.healthy, func() bool {
		points := w.query(`count_over_time(caddy_dcr:calls_failed:ratio_rate1h[10m])`)
		return len(points) == 1 && points[0].value >= 25
	})
	assert.Empty(t, w.firing(patience), "nothing is wrong")

	for _, trouble := range troubles {
		require.True(t, t.Run(trouble.name, func(t *testing.T) {
			for _, alert := range trouble.alerts {
				assert.NotContains(t, w.firing(patience), alert, "too early")
			}
			if trouble.once != nil {
				trouble.once(t, w)
			}
			w.until(t, "for "+strings.Join(trouble.alerts, ", "), func() {
				w.healthy()
				if trouble.traffic != nil {
					trouble.traffic(t, w)
				}
			}, w.fires(trouble.alerts...))
			if trouble.after != nil {
				trouble.after(t, w)
			}
		}))
	}
	assert.NotContains(t, w.firing(10*time.Minute), "DCRClientsBlamed", "what must never be")

	t.Run("every metric of the page is seen", w.everyMetricIsSeen)
	t.Run("what happened is counted", w.whatHappenedIsCounted)
	t.Run("every panel has data", w.everyPanelHasData)
	t.Run("a refusal leads to its explanation", w.aRefusalLeadsToItsExplanation)
	t.Run("durations lead to requests", w.durationsLeadToRequests)

	w.Stop()
	w.until(t, "for the gateway to be missed", func() {}, w.fires("DCRNoGateway"))
}

// troubles are what goes wrong, each with the alerts that fire then and not
// before.
var troubles = []struct {
	name    string
	traffic func(t *testing.T, w *world)
	once    func(t *testing.T, w *world)
	after   func(t *testing.T, w *world)
	alerts  []string
}{
	{"devices register in a storm", storm, nil, nil, []string{"DCRRegistrationStorm", "DCRQuotaNear"}},
	{"somebody guesses, and somebody forges", mischief, nil, nil, []string{"DCRGuessing", "DCRForging"}},
	{"a client is used everywhere, and a statement ends", leak, expiring, nil, []string{"DCRClientLeaked", "DCRStatementExpires"}},
	{"Redis is away", outage, stopRedis, restartRedis, []string{
		"DCRCallsFail", "DCRCallsFailSlowly", "DCRTokensFail", "DCRTokensFailSlowly",
		"DCRStateOld", "DCRStoreNotAsked", "DCRStoreFails", "DCRNotCounted",
	}},
	{"a key is replaced, and a reload fails", nil, blunder, nil, []string{"DCRKeyChanged", "DCRConfigurationFailed"}},
	{"a gateway hears of revocations late", revocations, joined, nil, []string{"DCRRevocationsLate"}},
	{"a gateway does not keep up", nil, fallBehind, alone, []string{"DCRGatewaysDiffer"}},
	{"somebody meddles with the store", nil, meddle, mend, []string{"DCRRecordUnreadable", "DCRKeyOld", "DCRUnrecorded"}},
}

// inUnitTests are the alerts that only promtool's tests have fire, with the
// reason. docs/operations.md has the same list.
var inUnitTests = map[string]string{"DCRClientsBlamed": "this must never be, and the scenario says that it is not"}

var alertName = regexp.MustCompile(`(?m)^ +- alert: (\S+)$`)

func TestEveryAlertFiresInTheScenarioOrHasAReasonWhyNot(t *testing.T) {
	text, err := os.ReadFile("../../docs/prometheus/rules.yml")
	require.NoError(t, err)
	page, err := os.ReadFile("../../docs/operations.md")
	require.NoError(t, err)
	_, listed, found := strings.Cut(string(page), "only in the unit tests of the rules: ")
	require.True(t, found)
	listed, _, _ = strings.Cut(listed, "\n\n")
	fires := map[string]bool{"DCRNoGateway": true} // at the end
	for _, trouble := range troubles {
		for _, alert := range trouble.alerts {
			fires[alert] = true
		}
	}
	for _, alert := range alertName.FindAllStringSubmatch(string(text), -1) {
		name := alert[1]
		assert.True(t, fires[name] != (inUnitTests[name] != ""), "%s fires, or has a reason why not", name)
		assert.Equal(t, !fires[name], strings.Contains(listed, "`"+name+"`"), "docs/operations.md on %s", name)
	}
}

// expiring registers with another's statement that ends tomorrow.
func expiring(t *testing.T, w *world) {
	now := time.Now()
	raw, err := w.partner.Sign("JWT", map[string]any{
		"iss": "partner", "sub": application, "iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(24 * time.Hour).Unix(),
	})
	require.NoError(t, err)
	answer := w.register(raw, "X-Forwarded-For: 203.0.113.249")
	require.Equal(t, http.StatusCreated, answer.Status, answer.Body)
}

func storm(_ *testing.T, w *world) {
	for i := range 20 {
		w.register(w.other, address("203.0.113", w.turn*20+i))
	}
}

func mischief(_ *testing.T, w *world) {
	victim := w.tvs[0].client
	victim.ClientSecret = strings.Repeat("x", len(victim.ClientSecret))
	from := address("203.0.113", w.turn)
	for range 3 {
		w.PostToken(victim.Form(), from)
		w.Do(http.MethodGet, call, "", "Authorization: Bearer "+forged(w.tvs[1].token.AccessToken), "X-Forwarded-For: 203.0.113.252")
	}
	w.Do(http.MethodGet, call, "", from)
	w.Do(http.MethodGet, "/api/v2/no/such/route", "", from)
	w.register(forged(w.statement), from)
}

func leak(_ *testing.T, w *world) {
	for i := range 5 {
		w.PostToken(w.tvs[2].client.Form(), address("203.0.113", w.turn*5+i))
	}
}

// blunder revokes the key of a token, which the gateway replaces, and has the
// gateway take up a configuration that cannot be.
func blunder(t *testing.T, w *world) {
	var header struct{ Kid string }
	encoded, _, _ := strings.Cut(w.tvs[3].token.AccessToken, ".")
	decode(t, encoded, &header)
	w.MustDCR("revoke", "client", w.tvs[3].client.ClientID)
	w.MustDCR("revoke", "key", header.Kid)
	w.PostToken(w.tvs[4].client.Form(), "X-Forwarded-For: 203.0.113.253")
	harness.Eventually(t, "for new tokens", func() bool {
		for i := range w.tvs {
			answer := w.PostToken(w.tvs[i].client.Form(), address("203.0.113", 100+i))
			if json.Unmarshal([]byte(answer.Body), &w.tvs[i].token) != nil || (answer.Status != http.StatusCreated && i != 3) {
				return false
			}
		}
		return true
	})
	text, err := os.ReadFile(w.Caddyfile())
	require.NoError(t, err)
	broken := strings.Replace(string(text), "staleness", "trusted_issuer other {\n\t\t\tkey /nowhere.pem\n\t\t}\n\t\tstaleness", 1)
	require.NoError(t, os.WriteFile(w.Caddyfile(), []byte(broken), 0o600))
	assert.NotZero(t, w.Reload().Status)
	require.NoError(t, os.WriteFile(w.Caddyfile(), text, 0o600))
}

func stopRedis(_ *testing.T, w *world) { w.redis.Kill() }

func restartRedis(t *testing.T, w *world) {
	w.redis.Restart()
	w.until(t, "for the alarm to end", w.healthy, func() bool {
		return !w.firing(time.Second)["DCRStateOld"] &&
			w.PostToken(w.tvs[0].client.Form(), "X-Forwarded-For: 203.0.113.251").Status == http.StatusCreated
	})
}

func outage(_ *testing.T, w *world) {
	for _, d := range w.tvs[:4] {
		w.Do(http.MethodGet, call, "", d.token.Bearer(), d.from)
		w.register(w.statement, d.from)
	}
}

var section = regexp.MustCompile("(?m)^### `(caddy_dcr_[a-z_]+)`\n\n- Type: ([a-z]+)$")

func (w *world) everyMetricIsSeen(t *testing.T) {
	page, err := os.ReadFile("../../docs/metrics.md")
	require.NoError(t, err)
	sections := section.FindAllStringSubmatch(string(page), -1)
	require.Greater(t, len(sections), 40)
	for _, s := range sections {
		name := s[1]
		if s[2] == "histogram" {
			name += "_bucket"
		}
		assert.NotEmpty(t, w.query("max_over_time("+name+"[10m])"), "Prometheus has not seen it")
	}
}

// whatHappenedIsCounted says what the scenario must have moved.
func (w *world) whatHappenedIsCounted(t *testing.T) {
	for _, moved := range []string{
		`caddy_dcr_registrations_total{outcome="registered"}`,
		`caddy_dcr_registrations_total{outcome="statement_invalid"}`,
		`caddy_dcr_registrations_total{outcome="unavailable"}`,
		`caddy_dcr_registration_duration_seconds_count`,
		`caddy_dcr_statement_checks_total{result="remembered"}`,
		`caddy_dcr_statement_checks_total{result="refused"}`,
		`caddy_dcr_tokens_total{outcome="issued"}`,
		`caddy_dcr_tokens_total{outcome="secret_wrong"}`,
		`caddy_dcr_tokens_total{outcome="unavailable"}`,
		`caddy_dcr_token_duration_seconds_count`,
		`caddy_dcr_decisions_total{reason="allowed"}`,
		`caddy_dcr_decisions_total{reason="token_absent"}`,
		`caddy_dcr_decisions_total{reason="token_invalid"}`,
		`caddy_dcr_decisions_total{reason="route_unknown"}`,
		`caddy_dcr_decisions_total{reason="state_unavailable"}`,
		`caddy_dcr_decision_duration_seconds_count`,
		`caddy_dcr_upstream_duration_seconds_count`,
		`caddy_dcr_token_cache_lookups_total{result="hit"}`,
		`caddy_dcr_guesses_refused_total`,
		`caddy_dcr_forgeries_total{of="token"}`,
		`caddy_dcr_forgeries_withheld_total{of="token"}`,
		`caddy_dcr_clients_spread_total`,
		`caddy_dcr_quota_checks_total{result="refused"}`,
		`caddy_dcr_throttle_fallbacks_total`,
		`caddy_dcr_refusals_shared_total{outcome="stored"}`,
		`caddy_dcr_replica_kills`,
		`caddy_dcr_replica_applications`,
		`caddy_dcr_feed_position`,
		`caddy_dcr_revocation_lag_seconds_count`,
		`caddy_dcr_follow_failures_total`,
		`caddy_dcr_store_breaker_open`,
		`caddy_dcr_store_operations_total{operation="put", outcome="ok"}`,
		`caddy_dcr_store_operations_total{outcome="unavailable"}`,
		`caddy_dcr_configurations_total{result="failed"}`,
		`caddy_dcr_events_total{event="revoked"}`,
		`caddy_dcr_events_total{event="client_spread"}`,
		`caddy_dcr_events_total{event="registered"}`,
		`caddy_dcr_events_total{event="token_issued"}`,
		`caddy_dcr_events_total{event="refused"}`,
		`caddy_dcr_events_total{event="key_rotated"}`,
		`caddy_dcr_events_total{event="replica_stale"}`,
		`caddy_dcr_events_total{event="breaker_changed"}`,
		`caddy_dcr_store_errors_total{class="unreachable"}`,
		`caddy_dcr_store_errors_total{class="not_asked"}`,
		`caddy_dcr_application_registrations_total{application="tv_app", outcome="allowed"}`,
		`caddy_dcr_application_registrations_total{application="other", outcome="allowed"}`,
		`caddy_dcr_application_tokens_total{application="tv_app", outcome="allowed"}`,
		`caddy_dcr_application_decisions_total{application="tv_app", outcome="allowed"}`,
		`caddy_dcr_application_live_clients{application="tv_app"}`,
		`caddy_dcr_platform_registrations_total{platform="other", outcome="allowed"}`,
		`caddy_dcr_platform_decisions_total{platform="other", outcome="allowed"}`,
		`caddy_dcr_live_tokens`,
		`caddy_dcr_token_cache_capacity`,
		`caddy_dcr_key_due_seconds{use="token"}`,
	} {
		points := w.query("sum(max_over_time(" + moved + "[10m]))")
		if assert.Len(t, points, 1, moved) {
			assert.Positive(t, points[0].value, moved)
		}
	}
}

// everyPanelHasData asks what the panels ask, over all of the test.
func (w *world) everyPanelHasData(t *testing.T) {
	files, err := filepath.Glob("../../docs/grafana/*.json")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	fill := strings.NewReplacer("$profile", ".*", "$__rate_interval", "10m")
	for _, file := range files {
		content, err := os.ReadFile(file)
		require.NoError(t, err)
		var board struct {
			Panels []struct {
				Title   string
				Targets []struct{ Expr string }
			}
		}
		require.NoError(t, json.Unmarshal(content, &board))
		for _, panel := range board.Panels {
			for _, target := range panel.Targets {
				assert.NotEmpty(t, w.query(fill.Replace(target.Expr)), "%s: %s: no data for %s", filepath.Base(file), panel.Title, target.Expr)
			}
		}
	}
}

// aRefusalLeadsToItsExplanation goes from an exemplar to what explains it.
func (w *world) aRefusalLeadsToItsExplanation(t *testing.T) {
	var found []struct {
		Exemplars []struct{ Labels map[string]string }
	}
	w.get("/api/v1/query_exemplars", parameters(`caddy_dcr_decisions_total{reason="token_absent"}`), &found)
	require.NotEmpty(t, found, "no exemplar")
	trace := found[0].Exemplars[0].Labels["trace_id"]
	assert.Contains(t, w.MustDCR("explain", trace), "no access token")
}

// durationsLeadToRequests finds a trace on each histogram of what requests wait for.
func (w *world) durationsLeadToRequests(t *testing.T) {
	for _, name := range []string{"registration", "token", "decision", "upstream"} {
		var found []struct {
			Exemplars []struct{ Labels map[string]string }
		}
		w.get("/api/v1/query_exemplars", parameters("caddy_dcr_"+name+"_duration_seconds_bucket"), &found)
		if assert.NotEmpty(t, found, "no exemplar on the durations of a %s", name) {
			_, err := uuid.Parse(found[0].Exemplars[0].Labels["trace_id"])
			assert.NoError(t, err, name)
		}
	}
}
