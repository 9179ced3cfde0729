package metrics

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestLiveTokensAreThoseThatHaveNotExpired(t *testing.T) {
	m := New()
	now := time.Date(2030, 1, 1, 12, 0, 0, 0, time.UTC)
	m.liveTokens.now = func() time.Time { return now }
	live := func() float64 { return count(t, m, "live_tokens") }
	assert.Zero(t, live())
	for range 3 {
		m.TokenLives(6 * time.Hour)
	}
	m.TokenLives(10 * time.Minute)
	m.TokenLives(24 * time.Hour)
	assert.EqualValues(t, 5, live())
	now = now.Add(11 * time.Minute)
	assert.EqualValues(t, 4, live())
	now = now.Add(6 * time.Hour)
	assert.EqualValues(t, 1, live())
	now = now.Add(20 * time.Hour)
	assert.Zero(t, live())
	m.TokenLives(6 * time.Hour)
	assert.EqualValues(t, 1, live(), "a minute of yesterday makes room for one of today")
}
