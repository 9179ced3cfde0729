package doctor_test

import (
	"encoding/json"
	"errors"
	"os"
	"regexp"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/doctor"
	"github.com/caddy-dcr/caddy-dcr/internal/keyring"
	"github.com/caddy-dcr/caddy-dcr/internal/state"
	"github.com/caddy-dcr/caddy-dcr/internal/statement"
	"github.com/caddy-dcr/caddy-dcr/plugins"
)

var (
	now     = time.Date(2025, 11, 24, 16, 0, 0, 0, time.UTC)
	errAway = errors.New("redis tail: cannot connect: store unavailable")
	year    = 365 * 24 * time.Hour
)

func key(use state.KeyUse, stage keyring.Stage, sealed bool) keyring.Story {
	return keyring.Story{Use: use, ID: "k-" + string(use), Stage: stage, Sealed: sealed, SignsFrom: now.Add(-time.Hour), DueAt: now.Add(year)}
}

func keys(sealed bool) []keyring.Story {
	return []keyring.Story{
		key(state.KeyForTokens, keyring.Signs, sealed), key(state.KeyForStatements, keyring.Signs, sealed), key(state.KeyForSecrets, keyring.Signs, sealed),
	}
}

func aged(stories []keyring.Story) []keyring.Story {
	stories[0].DueAt, stories[0].SignsFrom = now.Add(-time.Hour), now.Add(-year)
	return stories
}

func unreadable(stories []keyring.Story) []keyring.Story {
	stories[1].Stage = keyring.Unreadable
	return stories
}

func certificate(from, to time.Duration) doctor.Certificate {
	return doctor.Certificate{Host: "sp.example.com", Listener: ":443", Names: true, NotBefore: now.Add(from), NotAfter: now.Add(to)}
}

func st(ends time.Duration) statement.Statement {
	s := statement.Statement{ID: uuid.New(), ApplicationID: uuid.New(), Issuer: "partner.example"}
	if ends != 0 {
		s.ExpiresAt = now.Add(ends)
	}
	return s
}

// want is a check, how it is, and a part of what it says or has one do.
type want struct {
	check  doctor.Check
	status doctor.Status
	text   string
}

var cases = []struct {
	name string
	got  []doctor.Result
	want []want
}{
	{"a clock that is kept", one(doctor.AboutClock(-30*time.Millisecond, true)), []want{{doctor.Clock, doctor.OK, "30ms apart"}}},
	{"a clock that is off", one(doctor.AboutClock(-5*time.Second, true)), []want{{doctor.Clock, doctor.Warning, "NTP"}}},
	{"a clock that is wrong", one(doctor.AboutClock(90*time.Second, true)), []want{{doctor.Clock, doctor.Fault, "1m30s"}}},
	{"a clock of which nobody knows", one(doctor.AboutClock(0, false)), []want{{doctor.Clock, doctor.Fault, "has not told"}}},

	{"a state that is fresh", one(doctor.AboutState(time.Second, true, 5*time.Minute)), []want{{doctor.State, doctor.OK, "1s ago"}}},
	{"a state that grows old", one(doctor.AboutState(time.Minute, true, 5*time.Minute)), []want{{doctor.State, doctor.Warning, "before that"}}},
	{"a state that is too old", one(doctor.AboutState(6*time.Minute, true, 5*time.Minute)), []want{{doctor.State, doctor.Fault, "503"}}},
	{"no state", one(doctor.AboutState(0, false, 5*time.Minute)), []want{{doctor.State, doctor.Fault, "never loaded"}}},

	{"a store that answers", one(doctor.AboutStore([]time.Duration{time.Second, time.Millisecond, time.Millisecond}, nil)), []want{{doctor.Store, doctor.OK, "1ms"}}},
	{"a slow store", one(doctor.AboutStore([]time.Duration{80 * time.Millisecond}, nil)), []want{{doctor.Store, doctor.Warning, "nearer"}}},
	{"a store that is away", one(doctor.AboutStore(nil, errAway)), []want{{doctor.Store, doctor.Fault, "cannot connect"}}},

	{"a fleet", doctor.AboutGateways([]state.NodeReport{{Name: "a"}, {Name: "b"}}, now, nil), []want{{doctor.Gateways, doctor.OK, "2 of 2"}}},
	{"one that is behind", doctor.AboutGateways([]state.NodeReport{{Name: "a"}, {Name: "b", Behind: 2}}, now, nil), []want{{doctor.Gateways, doctor.Warning, "b has not applied"}}},
	{"one that follows another feed", doctor.AboutGateways([]state.NodeReport{{Name: "b", OtherFeed: true}}, now, nil), []want{{doctor.Gateways, doctor.Warning, "b has not applied"}}},
	{"one that is silent", doctor.AboutGateways([]state.NodeReport{{Name: "b", Silent: true, ReportedAt: now.Add(-time.Minute)}}, now, nil), []want{{doctor.Gateways, doctor.Warning, "for 1m0s"}}},
	{"nobody to ask for the others", doctor.AboutGateways(nil, now, errAway), []want{{doctor.Gateways, doctor.Fault, "could not be asked"}}},

	{"keys in order", doctor.AboutKeys(keys(true), now, nil), []want{{doctor.Keys, doctor.OK, "3 keys"}, {doctor.KeysSealed, doctor.OK, "encrypted"}, {doctor.KeyAge, doctor.OK, "due"}}},
	{"keys in the clear", doctor.AboutKeys(keys(false), now, nil), []want{{doctor.Keys, doctor.OK, ""}, {doctor.KeysSealed, doctor.Warning, "secret, statement, token"}, {doctor.KeyAge, doctor.OK, ""}}},
	{"an old key", doctor.AboutKeys(aged(keys(true)), now, nil), []want{{doctor.Keys, doctor.OK, ""}, {doctor.KeysSealed, doctor.OK, ""}, {doctor.KeyAge, doctor.Warning, "keys rotate token"}}},
	{"a key that cannot be read", doctor.AboutKeys(unreadable(keys(true)), now, errAway), []want{{doctor.Keys, doctor.Fault, "key_encryption_key"}, {doctor.KeysSealed, doctor.OK, ""}, {doctor.KeyAge, doctor.OK, ""}}},
	{"a use without a key", doctor.AboutKeys(keys(true)[1:], now, nil), []want{{doctor.Keys, doctor.Fault, "no key of tokens"}, {doctor.KeysSealed, doctor.OK, ""}, {doctor.KeyAge, doctor.OK, ""}}},
	{"a ring that is broken", doctor.AboutKeys(keys(true), now, errAway), []want{{doctor.Keys, doctor.Fault, "cannot connect"}, {doctor.KeysSealed, doctor.OK, ""}, {doctor.KeyAge, doctor.OK, ""}}},

	{"statements of the gateway alone", doctor.AboutStatements(nil, 0, now), []want{{doctor.Statements, doctor.OK, "no end"}}},
	{"statements of others that last", doctor.AboutStatements([]statement.Statement{st(year), st(0)}, 1, now), []want{{doctor.Statements, doctor.OK, "none of the 2"}}},
	{"a statement that ends soon", doctor.AboutStatements([]statement.Statement{st(24 * time.Hour)}, 1, now), []want{{doctor.Statements, doctor.Warning, "ends on 2025-11-25"}}},
	{"a statement that has ended", doctor.AboutStatements([]statement.Statement{st(-24 * time.Hour)}, 1, now), []want{{doctor.Statements, doctor.Warning, "ended on 2025-11-23"}}},

	{"the newest configuration", one(doctor.AboutConfiguration(now, time.Time{})), []want{{doctor.Configuration, doctor.OK, "2025-11-24 16:00"}}},
	{"a configuration that failed", one(doctor.AboutConfiguration(now, now.Add(time.Hour))), []want{{doctor.Configuration, doctor.Warning, "17:00"}}},

	{"an issuer under its name", one(doctor.AboutIssuer("https://sp.example.com", "sp.example.com", []string{"SP.example.com"}, false)), []want{{doctor.Issuer, doctor.OK, ""}}},
	{"an issuer under a pattern", one(doctor.AboutIssuer("https://sp.example.com", "sp.example.com", []string{"*.example.com"}, false)), []want{{doctor.Issuer, doctor.OK, ""}}},
	{"an issuer for everybody", one(doctor.AboutIssuer("https://sp.example.com", "sp.example.com", nil, true)), []want{{doctor.Issuer, doctor.OK, ""}}},
	{"an issuer under another name", one(doctor.AboutIssuer("https://sp.example.com", "sp.example.com", []string{"a.example"}, false)), []want{{doctor.Issuer, doctor.Warning, "a.example"}}},
	{"no issuer", one(doctor.AboutIssuer("https://sp.example.com", "sp.example.com", nil, false)), []want{{doctor.Issuer, doctor.Fault, "dcr_issuer"}}},

	{"no proxy", one(doctor.AboutProxies("")), []want{{doctor.TrustedProxies, doctor.OK, ""}}},
	{"a proxy", one(doctor.AboutProxies("requests come from 10.0.0.3: name it")), []want{{doctor.TrustedProxies, doctor.Warning, "name it"}}},

	{"routes with scopes", doctor.AboutRoutes(nil, 3), []want{{doctor.Routes, doctor.OK, "all 3"}}},
	{"routes that are documented to be open", doctor.AboutRoutes([]doctor.OpenRoute{{"sdk", "POST /indiv/devices", true}}, 3), []want{{doctor.Routes, doctor.OK, "1 of 3"}}},
	{"a route that the operator opened", doctor.AboutRoutes([]doctor.OpenRoute{{"custom", "GET /a", false}}, 3), []want{{doctor.Routes, doctor.Warning, "GET /a"}}},
	{"no route", doctor.AboutRoutes(nil, 0), []want{{doctor.Routes, doctor.Warning, "nothing is guarded"}}},

	{"no way past the guard", doctor.AboutBypass([]string{"a:1"}, []string{"b:1"}), []want{{doctor.Bypass, doctor.OK, ""}}},
	{"a way past the guard", doctor.AboutBypass([]string{"a:1"}, []string{"a:1"}), []want{{doctor.Bypass, doctor.Warning, "a:1"}}},

	{"upstreams that are there", doctor.AboutUpstreams([]doctor.Reached{{"a:1", nil}}), []want{{doctor.Upstreams, doctor.OK, "all 1"}}},
	{"an upstream that is not", doctor.AboutUpstreams([]doctor.Reached{{"a:1", nil}, {"b:1", errAway}}), []want{{doctor.Upstreams, doctor.Fault, "b:1"}}},
	{"no upstream", doctor.AboutUpstreams(nil), []want{{doctor.Upstreams, doctor.NotApplicable, ""}}},

	{"a certificate that lasts", doctor.AboutTLS([]doctor.Certificate{certificate(-year/2, year/2)}, now), []want{{doctor.TLS, doctor.OK, "2026"}}},
	{"a short one that was renewed", doctor.AboutTLS([]doctor.Certificate{certificate(-time.Hour, 11*time.Hour)}, now), []want{{doctor.TLS, doctor.OK, ""}}},
	{"a short one that was not renewed", doctor.AboutTLS([]doctor.Certificate{certificate(-10*time.Hour, 2*time.Hour)}, now), []want{{doctor.TLS, doctor.Warning, "18:00"}}},
	{"a long one that was not renewed", doctor.AboutTLS([]doctor.Certificate{certificate(-year, 20*24*time.Hour)}, now), []want{{doctor.TLS, doctor.Warning, "expires"}}},
	{"an expired certificate", doctor.AboutTLS([]doctor.Certificate{certificate(-year, -time.Hour)}, now), []want{{doctor.TLS, doctor.Fault, "expired on 2025-11-24"}}},
	{"a certificate of tomorrow", doctor.AboutTLS([]doctor.Certificate{certificate(time.Hour, year)}, now), []want{{doctor.TLS, doctor.Fault, "clock"}}},
	{"another's certificate", doctor.AboutTLS([]doctor.Certificate{{Host: "a", NotBefore: now, NotAfter: now.Add(year)}}, now), []want{{doctor.TLS, doctor.Fault, "other names"}}},
	{"no certificate", doctor.AboutTLS([]doctor.Certificate{{Host: "a", Err: errAway}}, now), []want{{doctor.TLS, doctor.Fault, "no TLS"}}},
	{"no site with TLS", doctor.AboutTLS(nil, now), []want{{doctor.TLS, doctor.NotApplicable, ""}}},

	{"a configuration that is safe", doctor.AboutSafety(nil), []want{{doctor.AdminEndpoint, doctor.OK, ""}, {doctor.ClearText, doctor.OK, ""}, {doctor.Exposure, doctor.OK, ""}, {doctor.Console, doctor.OK, ""}, {doctor.Files, doctor.OK, ""}, {doctor.Logs, doctor.OK, ""}}},
	{"one that is not", doctor.AboutSafety([]doctor.Unsafe{{doctor.Files, "a", "chmod"}, {doctor.Files, "b", "chmod"}, {doctor.Logs, "c", "log"}}), []want{
		{doctor.AdminEndpoint, doctor.OK, ""}, {doctor.ClearText, doctor.OK, ""}, {doctor.Exposure, doctor.OK, ""}, {doctor.Console, doctor.OK, ""}, {doctor.Files, doctor.Warning, "a"}, {doctor.Files, doctor.Warning, "b"}, {doctor.Logs, doctor.Warning, "c"},
	}},

	{"a store that is set up", doctor.AboutSetUp([]plugins.Finding{{Aspect: plugins.StoreVersion, Says: "8"}}, nil), setUp(map[doctor.Check]doctor.Status{doctor.StoreVersion: doctor.OK}, doctor.NotApplicable)},
	{"a store that forgets", doctor.AboutSetUp([]plugins.Finding{{Aspect: plugins.StoreEviction, Says: "lru", Do: "noeviction"}, {Aspect: plugins.StoreRights, Says: "no set", Do: "+set"}}, nil),
		setUp(map[doctor.Check]doctor.Status{doctor.StoreEviction: doctor.Warning, doctor.StoreRights: doctor.Fault}, doctor.NotApplicable)},
	{"a store that cannot be asked", doctor.AboutSetUp(nil, errAway), setUp(nil, doctor.Fault)},
}

func one(r doctor.Result) []doctor.Result { return []doctor.Result{r} }

func setUp(found map[doctor.Check]doctor.Status, otherwise doctor.Status) (all []want) {
	for _, check := range []doctor.Check{doctor.StoreVersion, doctor.StorePersistence, doctor.StoreEviction, doctor.StoreRights, doctor.StoreMemory, doctor.StoreTransport} {
		status, known := found[check]
		if !known {
			status = otherwise
		}
		all = append(all, want{check, status, ""})
	}
	return all
}

func TestEachCheckSaysHowItIsAndWhatToDo(t *testing.T) {
	seen := map[doctor.Status]bool{}
	checked := map[doctor.Check]map[doctor.Status]bool{}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			require.Len(t, c.got, len(c.want), "%+v", c.got)
			for i, w := range c.want {
				got := c.got[i]
				assert.Equal(t, w.check, got.Check)
				assert.Equal(t, w.status, got.Status, "%+v", got)
				assert.Contains(t, got.Says+" | "+got.Do, w.text)
				assert.NotEmpty(t, got.Says)
				bad := got.Status == doctor.Warning || got.Status == doctor.Fault
				assert.Equal(t, bad, got.Do != "", "what is wrong, and nothing else, has something to do: %+v", got)
				seen[got.Status] = true
				if checked[got.Check] == nil {
					checked[got.Check] = map[doctor.Status]bool{}
				}
				checked[got.Check][got.Status] = true
			}
		})
	}
	for _, status := range doctor.Statuses {
		assert.True(t, seen[status], "%s", status)
	}
	for _, check := range doctor.Checks {
		trouble := checked[check][doctor.Warning] || checked[check][doctor.Fault] || unsafe[check]
		assert.True(t, trouble, "no case shows how %s fails", check)
		assert.True(t, checked[check][doctor.OK] || checked[check][doctor.NotApplicable], "no case shows %s in order", check)
	}
}

// unsafe are the checks whose trouble is found elsewhere, word by word.
var unsafe = map[doctor.Check]bool{doctor.AdminEndpoint: true, doctor.ClearText: true, doctor.Exposure: true, doctor.Console: true}

func TestAReportCountsWhatIsNotIgnored(t *testing.T) {
	results := []doctor.Result{
		{Check: doctor.TLS, Status: doctor.Fault}, {Check: doctor.Clock, Status: doctor.OK}, {Check: doctor.Files, Status: doctor.Warning},
		{Check: doctor.Files, Status: doctor.Warning}, {Check: doctor.Upstreams, Status: doctor.NotApplicable},
	}
	report := doctor.Summarize("gateway-1", now, results, nil)
	assert.False(t, report.Healthy)
	assert.Equal(t, 1, report.Faults)
	assert.Equal(t, 2, report.Warnings)
	assert.Equal(t, doctor.Files, report.Checks[0].Check, "in the order of the list")
	assert.Equal(t, doctor.TLS, report.Checks[4].Check)
	report = doctor.Summarize("gateway-1", now, results, []doctor.Check{doctor.TLS, doctor.Files})
	assert.True(t, report.Healthy)
	assert.True(t, report.Checks[0].Ignored)
	assert.Equal(t, doctor.TLS, results[0].Check, "what was given stays as it is")
}

// Pipelines read it.
func TestTheReportAsJSON(t *testing.T) {
	report := doctor.Summarize("gateway-1", now, []doctor.Result{
		{Check: doctor.Clock, Status: doctor.OK, Says: "s"}, {Check: doctor.TLS, Status: doctor.Fault, Says: "s", Do: "d"},
	}, []doctor.Check{doctor.Clock})
	text, err := json.Marshal(report)
	require.NoError(t, err)
	assert.JSONEq(t, `{"gateway":"gateway-1","at":"2025-11-24T16:00:00Z","healthy":false,"faults":1,"warnings":0,"checks":[
		{"check":"clock","status":"ok","says":"s","ignored":true},{"check":"tls","status":"fault","says":"s","do":"d"}]}`, string(text))
}

// The page has a row for every check, and no other.
func TestThePageListsEveryCheck(t *testing.T) {
	page, err := os.ReadFile("../../docs/doctor.md")
	require.NoError(t, err)
	var listed []doctor.Check
	for _, row := range regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| [^|]+ \\| [^|]+ \\|$").FindAllStringSubmatch(string(page), -1) {
		listed = append(listed, doctor.Check(row[1]))
	}
	assert.Equal(t, doctor.Checks, listed)
}
