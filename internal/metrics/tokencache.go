package metrics

import (
	"github.com/prometheus/client_golang/prometheus"
)

// Lookup says what came of looking a token up in memory. The set is closed: it
// is a label.
type Lookup string

const (
	// LookupHit is a token that was verified before.
	LookupHit Lookup = "hit"
	// LookupMiss is a token whose signature has to be verified.
	LookupMiss Lookup = "miss"
)

// Lookups lists the closed set.
var Lookups = []Lookup{LookupHit, LookupMiss}

// tokenCache counts what the caches of verified tokens do.
type tokenCache struct {
	hits, misses prometheus.Counter

	sizes tracked[func() int]
}

func (t *tokenCache) build() []prometheus.Collector {
	lookups, vec := newCounters("token_cache_lookups_total",
		"Access tokens looked up among those verified before.", "result", Lookups)
	t.hits, t.misses = lookups[LookupHit], lookups[LookupMiss]
	entries := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Namespace: namespace, Name: "token_cache_entries",
		Help: "Verified access tokens held in memory.",
	}, t.entries)
	return []prometheus.Collector{vec, entries}
}

// TokenFound counts a token that was verified before: one atomic addition.
func (t *tokenCache) TokenFound() { t.hits.Inc() }

// TokenNotFound counts a token whose signature has to be verified.
func (t *tokenCache) TokenNotFound() { t.misses.Inc() }

// TrackTokenCache adds the cache to the gauge until the returned function is
// called. The given function must be cheap and safe for concurrent use.
func (t *tokenCache) TrackTokenCache(entries func() int) (untrack func()) {
	return t.sizes.add(entries)
}

func (t *tokenCache) entries() float64 {
	sum := 0
	for _, entries := range t.sizes.all() {
		sum += entries()
	}
	return float64(sum)
}
