package metrics

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestTheFirstStatementToExpireIsThatOfTheNewestConfiguration(t *testing.T) {
	m := New()
	assert.NotContains(t, gather(t, m), "statement_expiry_seconds")
	first := m.TrackStatements(func() (time.Duration, bool) { return time.Hour, true })
	assert.EqualValues(t, 3600, count(t, m, "statement_expiry_seconds"))
	m.TrackStatements(func() (time.Duration, bool) { return 0, false })
	first()
	assert.NotContains(t, gather(t, m), "statement_expiry_seconds", "none of them does")
}
