package explain

import (
	"runtime"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"

	"github.com/caddy-dcr/caddy-dcr/internal/endpoint"
	"github.com/caddy-dcr/caddy-dcr/plugins"
)

// What docs/explain.md, docs/configuration.md and the option's own text say
// that a refusal costs in memory: about 350 bytes, and never more than 1110.
func TestWhatARefusalCosts(t *testing.T) {
	const count = 10_000
	heap := func() uint64 {
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	for name, test := range map[string]struct {
		entry       func(proven bool) Entry
		least, most float64
	}{
		"usual ones":  {usual, 300, 400},
		"the longest": {longest, 1000, 1110},
	} {
		t.Run(name, func(t *testing.T) {
			before := heap()
			m := New(Config{Size: count})
			defer m.Close()
			for i := range 3 * count { // until every part is full, and has forgotten
				e := test.entry(i%2 == 0)
				e.Trace, e.Proven = uuid.New(), i%2 == 0
				m.Remember(&e)
			}
			each := float64(heap()-before) / count
			t.Logf("%.0f bytes each", each)
			assert.GreaterOrEqual(t, each, test.least)
			assert.LessOrEqual(t, each, test.most)
			runtime.KeepAlive(m)
		})
	}
}

// usual is a refusal of a token that had expired, or of a stranger who has none.
func usual(proven bool) Entry {
	e := full()
	if !proven {
		return Entry{
			At: e.At, Gateway: e.Gateway, Decider: Guard, Reason: "token_absent", Status: 401, Method: e.Method, Path: e.Path,
			Profile: e.Profile, Route: e.Route, Address: e.Address, Facts: Facts{Token: "absent", Needed: []string{"api:client:v2"}},
		}
	}
	e.Reason, e.Detail, e.Named, e.Had, e.Needed = "token_expired", "", e.Named[:1], []string{"api:client:v2"}, []string{"api:client:v2"}
	e.Refused, e.Missing, e.RetryAfter = endpoint.Named{}, plugins.Parameter{}, 0
	return e
}

// longest has more in every text than is kept of it.
func longest(bool) Entry {
	e := full()
	text := strings.Repeat("x", 2*Limit)
	e.Path, e.Route, e.Detail, e.Gateway, e.Profile, e.Subject.Issuer = text, text, text, text, text, text
	e.Had, e.Needed = []string{text, text}, []string{text}
	return e
}
