package metrics

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/caddy-dcr/caddy-dcr/internal/lastused"
)

func TestEveryNoteOfAUseIsCountedByItsOutcome(t *testing.T) {
	m := New()
	for _, outcome := range lastused.Outcomes {
		m.UseNoted(outcome)
		assert.EqualValues(t, 1, count(t, m, "last_used_notes_total", string(outcome)))
	}
}
