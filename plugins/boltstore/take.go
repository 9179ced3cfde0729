package boltstore

import (
	"context"
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/caddy-dcr/caddy-dcr/plugins"
)

// buckets are token buckets in memory, each kept as the moment at which it
// will be full (the generic cell rate algorithm), in nanoseconds since the
// first use. The zero value works.
type buckets struct {
	mu    sync.Mutex
	since time.Time
	full  map[string]float64
	sweep int
}

const (
	// slack absorbs what float arithmetic loses, as a part of one token.
	slack = 1e-6
	// firstSweep is how many buckets are not worth a look.
	firstSweep = 1024
)

// Take takes one token.
func (s *Store) Take(ctx context.Context, b plugins.Bucket) (plugins.Taken, error) {
	if err := s.ready(ctx); err != nil {
		return plugins.Taken{}, err
	}
	if !(b.Rate > 0) || math.IsInf(b.Rate, 1) || b.Burst < 1 {
		return plugins.Taken{}, failed("take", fmt.Errorf("bucket with rate %v and burst %d never fills", b.Rate, b.Burst))
	}
	return s.limits.take(b, time.Now()), nil
}

func (l *buckets) take(b plugins.Bucket, at time.Time) plugins.Taken {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.full == nil {
		l.since, l.full, l.sweep = at, map[string]float64{}, firstSweep
	}
	now := float64(at.Sub(l.since))
	l.forget(now)
	token := float64(time.Second) / b.Rate
	room := float64(b.Burst) * token
	full := max(l.full[b.Key], now) + token
	if over := full - now - room; over > slack*token {
		return plugins.Taken{RetryAfter: time.Duration(math.Ceil(over))}
	}
	l.full[b.Key] = full
	return plugins.Taken{OK: true, Remaining: int((room-(full-now))/token + slack)}
}

// forget drops full buckets whenever their number has doubled, which costs
// every take a constant.
func (l *buckets) forget(now float64) {
	if len(l.full) < l.sweep {
		return
	}
	for key, full := range l.full {
		if full <= now {
			delete(l.full, key)
		}
	}
	l.sweep = max(firstSweep, 2*len(l.full))
}
