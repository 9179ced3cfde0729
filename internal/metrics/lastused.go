package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/caddy-dcr/caddy-dcr/internal/lastused"
)

// lastUsed counts the notes of clients' last uses.
type lastUsed struct {
	notes counters[lastused.Outcome]
}

func (l *lastUsed) build() []prometheus.Collector {
	var notes prometheus.Collector
	l.notes, notes = newCounters("last_used_notes_total",
		"Notes of the day on which a client last got a token, by what became of them.", "outcome", lastused.Outcomes)
	return []prometheus.Collector{notes}
}

// UseNoted counts what became of a note.
func (l *lastUsed) UseNoted(outcome lastused.Outcome) { l.notes.add(outcome) }
