package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/caddy-dcr/caddy-dcr/internal/forgery"
	"github.com/caddy-dcr/caddy-dcr/internal/guesses"
)

// guessing counts what is done about callers who try.
type guessing struct {
	refused         counters[guesses.By]
	found, withheld counters[forgery.Of]
	spread          prometheus.Counter
}

func (g *guessing) build() []prometheus.Collector {
	var refused, found, withheld prometheus.Collector
	g.refused, refused = newCounters("guesses_refused_total",
		"Wrong client credentials that were one too many, by what they were counted by.", "by", guesses.Bys)
	g.found, found = newCounters("forgeries_total",
		"Forged signatures that took work to find, by what they were on.", "of", forgery.Ofs)
	g.withheld, withheld = newCounters("forgeries_withheld_total",
		"Tokens and statements that nobody looked at, since too many from the same address were forged.", "of", forgery.Ofs)
	g.spread = newCounter("clients_spread_total",
		"Clients seen from more devices than one client ought to be, each counted once in the time of the limit.")
	return []prometheus.Collector{refused, found, withheld, g.spread}
}

// GuessRefused counts wrong credentials that were one too many.
func (g *guessing) GuessRefused(by guesses.By) { g.refused.add(by) }

// ForgeryFound counts a forged signature that was looked at.
func (g *guessing) ForgeryFound(of forgery.Of) { g.found.add(of) }

// ForgeryWithheld counts a credential that nobody looked at.
func (g *guessing) ForgeryWithheld(of forgery.Of) { g.withheld.add(of) }

// ClientSpread counts a client that is seen from too many devices.
func (g *guessing) ClientSpread() { g.spread.Inc() }
