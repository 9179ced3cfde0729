package metrics

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// unlooked are the metrics that no panel, alert or recorded rule asks for, each
// with the reason.
var unlooked = map[string]string{}

// A metric that nobody looks at is one that nobody misses when it lies.
func TestEveryMetricIsLookedAtByAPanelOrARule(t *testing.T) {
	asked := map[string]bool{}
	ask := func(query string) {
		for _, name := range mentioned.FindAllString(query, -1) {
			asked[name] = true
			asked[suffix.ReplaceAllString(name, "")] = true
		}
	}
	for _, panels := range dashboards(t) {
		for _, p := range panels {
			for _, target := range p.Targets {
				ask(target.Expr)
			}
		}
	}
	for _, r := range rules(t) {
		ask(r.expr)
	}
	there := exposed(t)
	for name := range there {
		reason, excused := unlooked[name]
		assert.True(t, asked[name] || reason != "", "nobody looks at %s: give it a panel or an alert, or say why not", name)
		assert.False(t, asked[name] && excused, "%s is looked at, and excused", name)
	}
	for name := range unlooked {
		assert.Contains(t, there, name, "an excuse for a metric that there is not")
	}
}
