package metrics

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/caddy-dcr/caddy-dcr/internal/explain"
)

func TestEverySharedRefusalIsCountedByItsOutcome(t *testing.T) {
	m := New()
	for _, outcome := range explain.SharedSet {
		m.RefusalShared(outcome)
		assert.EqualValues(t, 1, count(t, m, "refusals_shared_total", string(outcome)))
	}
}
