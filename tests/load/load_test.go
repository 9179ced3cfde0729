//go:build linux

package load

import (
	"flag"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/caddy-dcr/caddy-dcr/plugins/storetest/redistest"
	"github.com/caddy-dcr/caddy-dcr/tests/harness"
)

// The defaults show that the measurement works, and measure nothing.
var (
	rounds = flag.Int("rounds", 1, "how many rounds to take the median of; make load takes 11, and 5 where no gate hangs on it")
	lasts  = flag.Duration("lasts", 200*time.Millisecond, "how long a round takes; make load takes 1s")
	gate   = flag.Float64("gate", 0, "the most that a validated request may cost, as a multiple of a plain one with as many header lines; 0 is any")
)

// clients is how many applications call, with a token each.
const clients = 100

func TestAValidatedRequestBesideAPlainOne(t *testing.T) {
	upstreams := backend(t)
	site := "dcr_issuer\n\tdcr_proxy rest_v2 " + upstreams + " " + upstream
	with := guarded(t, setup{}, site)
	same := calls(with, clients)
	validated := side{"validated", with, same, 200}
	bare := side{"plain", plain(t, "reverse_proxy "+upstreams+" "+upstream), same, 200}
	again := side{"plain", plain(t, "reverse_proxy "+upstreams+" "+upstream), same, 200}
	lines := side{"plain", plain(t, "reverse_proxy "+upstreams+" "+upstreamWithLines), same, 200}

	t.Logf("processor time for a request, two at a time on one core:")
	compare(t, "the method itself: plain beside plain", again, bare)
	compareIn(t, *rounds, "a known token beside plain", validated, bare)
	compare(t, "seven header lines beside plain", lines, bare)
	ratio := compareIn(t, *rounds, "a known token beside seven header lines", validated, lines)
	inPlace(t, with)
	if *gate > 0 {
		assert.LessOrEqual(t, ratio.median, *gate, "what the gateway does costs too much")
	}

	t.Logf("requests a second on one core, %d connections, one at a time:", connections)
	alone(t, []side{bare, validated})
}

func TestWhatAnOperatorCanTurnBesideAPlainRequest(t *testing.T) {
	upstreams := backend(t)
	site := "dcr_issuer\n\tdcr_proxy rest_v2 " + upstreams + " " + upstream
	bare := plain(t, "reverse_proxy "+upstreams+" "+upstream)
	for _, turned := range []struct{ name, global, collector string }{
		{"a known token, log without proxies", quiet, "100"},
		{"a known token, GOGC=400", "", "400"},
		{"a known token, both", quiet, "400"},
	} {
		t.Setenv("GOGC", turned.collector)
		with := guarded(t, setup{global: turned.global}, site)
		same := calls(with, clients)
		compare(t, turned.name, side{"validated", with, same, 200}, side{"plain", bare, same, 200})
		with.Stop()
	}
}

// The gateway's own metrics have no switch, so they are on in both; what they
// cost, BenchmarkDecision says.
func TestLoggingAndCaddysMetricsBesideNeither(t *testing.T) {
	upstreams := backend(t)
	site := "dcr_issuer\n\tdcr_proxy rest_v2 " + upstreams + " " + upstream
	const log = "log {\n\t\toutput file {DIR}/access.log\n\t\tformat filter {\n\t\t\twrap json\n" +
		"\t\t\trequest>uri dcr_secrets\n\t\t\trequest>headers dcr_secrets\n\t\t\tresp_headers dcr_secrets\n\t\t}\n\t}\n\t"
	neither := guarded(t, setup{}, site)
	same := calls(neither, clients)
	for _, with := range []struct{ name, global, log string }{
		{"an access log, filtered, beside none", "", log},
		{"Caddy's own metrics beside none", "metrics", ""},
		{"both beside neither", "metrics", log},
	} {
		g := guarded(t, setup{global: with.global}, with.log+site)
		compare(t, with.name, side{"with", g, calls(g, clients), 200}, side{"without", neither, same, 200})
		g.Stop()
	}
}

func TestTheSiteWithEveryAPIBesideAPlainOne(t *testing.T) {
	upstreams := backend(t)
	site := "dcr_issuer"
	for _, profile := range []string{"temp_pass", "degradation", "proxy_mvpd", "esm", "rest_v1", "rest_v2", "sdk"} {
		site += "\n\tdcr_proxy " + profile + " " + upstreams + " " + upstream
	}
	without := plain(t, "reverse_proxy "+upstreams+" "+upstream)
	with := guarded(t, setup{}, site)
	same := calls(with, clients)
	compare(t, "a known token, seven APIs in the site", side{"validated", with, same, 200}, side{"plain", without, same, 200})
}

// The table of known tokens holds one, so that each of many is always new.
func TestAFirstSeenTokenBesideAPlainRequest(t *testing.T) {
	upstreams := backend(t)
	without := plain(t, "reverse_proxy "+upstreams+" "+upstream)
	for _, algorithm := range []string{"HS256", "EdDSA", "ES256", "RS256"} {
		with := guarded(t, setup{tokens: "cache_size 1\n\t\t\talgorithm " + algorithm}, "dcr_issuer\n\tdcr_proxy rest_v2 "+upstreams+" "+upstream)
		same := calls(with, clients)
		compare(t, "a new token, "+algorithm, side{"validated", with, same, 200}, side{"plain", without, same, 200})
		with.Stop()
	}
}

func TestRefusingBesideProxying(t *testing.T) {
	upstreams := backend(t)
	without := plain(t, "reverse_proxy "+upstreams+" "+upstream)
	proxied := side{"plain", without, [][]byte{call("")}, 200}
	for _, algorithm := range []string{"HS256", "ES256"} {
		with := guarded(t, setup{tokens: "algorithm " + algorithm, options: "forgeries off"}, "dcr_issuer\n\tdcr_proxy rest_v2 "+upstreams+" "+upstream)
		forged := forgery(with)
		if algorithm == "HS256" {
			faster(t, "no token", side{"refused", with, [][]byte{call("")}, 401}, proxied)
			faster(t, "junk", side{"refused", with, [][]byte{call(strings.Repeat("junk", 150))}, 401}, proxied)
		}
		faster(t, "a forged signature, "+algorithm, side{"refused", with, [][]byte{call(forged)}, 401}, proxied)
		with.Stop()
	}
	with := guarded(t, setup{tokens: "algorithm ES256", options: "forgeries 1/h burst 1"}, "dcr_issuer\n\tdcr_proxy rest_v2 "+upstreams+" "+upstream)
	forged := forgery(with)
	with.Do(http.MethodGet, target, "", "Authorization: Bearer "+forged) // the one that is looked at
	faster(t, "a forged signature, ES256, beyond the budget", side{"refused", with, [][]byte{call(forged)}, 429}, proxied)
}

// forgery is a token of the gateway with another signature.
func forgery(g *harness.Gateway) string {
	_, _, token := g.Enroll(app)
	raw := token.AccessToken
	return raw[:len(raw)-10] + "AAAAAA" + raw[len(raw)-4:]
}

func TestIssuingBesideAnsweringAtAll(t *testing.T) {
	pin(t, os.Getpid(), ours)
	answer := "respond /o/client/token `" + strings.Repeat("x", 900) + "` 201"
	without := plain(t, answer)
	for _, store := range []struct{ name, line string }{
		{"embedded", ""},
		{"redis", "redis " + redistest.Start(t, redistest.Options{}).URL()},
	} {
		with := guarded(t, setup{store: store.line}, "dcr_issuer")
		statement := with.IssueStatement(with.CreateApp(app))
		var forms [][]byte
		for range clients {
			forms = append(forms, post("/o/client/token", "application/x-www-form-urlencoded", with.Register(statement).Form().Encode()))
		}
		registration := post("/o/client/register", "application/json", `{"software_statement":"`+statement+`"}`)
		registered := side{"register", with, [][]byte{registration}, 201}
		issued := side{"token", with, forms, 201}
		answered := side{"respond", without, forms, 201}
		compare(t, "a token, "+store.name+" store", issued, answered)
		compare(t, "a registration, "+store.name+" store", registered, answered)
		alone(t, []side{answered, issued, registered})
		with.Stop()
	}
}

// fewer rounds are enough for what is told and not judged.
func fewer() int { return (*rounds + 1) / 2 }

// compare prints what the first costs beside the second.
func compare(t *testing.T, what string, over, under side) {
	t.Helper()
	compareIn(t, fewer(), what, over, under)
}

func compareIn(t *testing.T, rounds int, what string, over, under side) figures {
	t.Helper()
	samples := together(t, rounds, *lasts, [2]side{over, under})
	ratio := ratios(samples[0], samples[1], costOf)
	t.Logf("%-40s %6.1f µs beside %6.1f µs   ratio %.3f [%.3f-%.3f]", what,
		costs(samples[0]).median, costs(samples[1]).median, ratio.median, ratio.least, ratio.most)
	return ratio
}

// faster prints how many of the first go into one of the second.
func faster(t *testing.T, what string, over, under side) {
	t.Helper()
	samples := together(t, fewer(), *lasts, [2]side{over, under})
	ratio := ratios(samples[1], samples[0], costOf)
	t.Logf("%-40s %6.1f µs beside %6.1f µs   %.1f times as many [%.1f-%.1f]", what,
		costs(samples[0]).median, costs(samples[1]).median, ratio.median, ratio.least, ratio.most)
}

// alone prints how many each side does, compared with the first.
func alone(t *testing.T, sides []side) {
	t.Helper()
	samples := inTurn(t, fewer(), *lasts, sides)
	for i, s := range sides {
		rate, ratio := rates(samples[i]), ratios(samples[i], samples[0], rateOf)
		t.Logf("%-40s %6.0f/s [%.0f-%.0f], %.1f µs each   ratio %.3f [%.3f-%.3f]", s.name,
			rate.median, rate.least, rate.most, costs(samples[i]).median, ratio.median, ratio.least, ratio.most)
	}
}
