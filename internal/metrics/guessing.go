package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/caddy-dcr/caddy-dcr/internal/guesses"
)

// guessing counts what is done about callers who try.
type guessing struct {
	refused counters[guesses.By]
}

func (g *guessing) build() []prometheus.Collector {
	var refused prometheus.Collector
	g.refused, refused = newCounters("guesses_refused_total",
		"Wrong client credentials that were one too many, by what they were counted by.", "by", guesses.Bys)
	return []prometheus.Collector{refused}
}

// GuessRefused counts wrong credentials that were one too many.
func (g *guessing) GuessRefused(by guesses.By) { g.refused.add(by) }
