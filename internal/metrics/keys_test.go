package metrics

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/caddy-dcr/caddy-dcr/internal/state"
)

// ringDouble holds the ages of keys.
type ringDouble map[state.KeyUse]time.Duration

func (r ringDouble) Age(use state.KeyUse) (time.Duration, bool) {
	age, found := r[use]
	return age, found
}

func (r ringDouble) Due(use state.KeyUse) (time.Duration, bool) {
	age, found := r[use]
	return 90*time.Minute - age, found && use != state.KeyForSecrets
}

func TestTheAgesOfKeysAreThoseOfTheNewestRing(t *testing.T) {
	m := New()
	assert.NotContains(t, gather(t, m), "key_age_seconds", "no number is better than a lie")
	first := m.TrackKeys(ringDouble{state.KeyForTokens: time.Hour, state.KeyForSecrets: 2 * time.Hour})
	assert.EqualValues(t, 3600, count(t, m, "key_age_seconds", "token"))
	assert.EqualValues(t, 7200, count(t, m, "key_age_seconds", "secret"))
	assert.Nil(t, find(gather(t, m)["key_age_seconds"], "statement"), "there is no such key")
	assert.EqualValues(t, 1800, count(t, m, "key_due_seconds", "token"))
	assert.Nil(t, find(gather(t, m)["key_due_seconds"], "secret"), "nobody gains from another one")

	second := m.TrackKeys(ringDouble{state.KeyForTokens: time.Minute})
	assert.EqualValues(t, 60, count(t, m, "key_age_seconds", "token"))
	first()
	second()
	assert.NotContains(t, gather(t, m), "key_age_seconds")
}
