package boltstore

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/caddy-dcr/caddy-dcr/plugins"
)

func TestBucketFillsByItsRate(t *testing.T) {
	var l buckets
	start := time.Unix(1000, 0)
	published := plugins.Bucket{Key: "k", Rate: 1, Burst: 10}
	for left := 9; left >= 0; left-- {
		assert.Equal(t, plugins.Taken{OK: true, Remaining: left}, l.take(published, start))
	}
	assert.Equal(t, plugins.Taken{RetryAfter: time.Second}, l.take(published, start))
	assert.Equal(t, plugins.Taken{RetryAfter: time.Millisecond}, l.take(published, start.Add(999*time.Millisecond)))
	assert.Equal(t, plugins.Taken{OK: true}, l.take(published, start.Add(time.Second)))
	assert.Equal(t, plugins.Taken{OK: true, Remaining: 1}, l.take(published, start.Add(3*time.Second)))
	assert.Equal(t, plugins.Taken{OK: true, Remaining: 9}, l.take(published, start.Add(time.Hour)))
}

func TestBucketsThatAreFullAreForgotten(t *testing.T) {
	var l buckets
	at := time.Unix(1000, 0)
	for i := range 100 * firstSweep {
		at = at.Add(time.Millisecond)
		l.take(plugins.Bucket{Key: fmt.Sprint(i), Rate: 100, Burst: 5}, at)
	}
	assert.LessOrEqual(t, len(l.full), firstSweep)
}
