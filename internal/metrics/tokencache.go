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

	caches tracked[trackedCache]
}

// trackedCache is a cache as far as a scrape asks it.
type trackedCache struct {
	entries  func() int
	capacity int
}

func (t *tokenCache) build() []prometheus.Collector {
	lookups, vec := newCounters("token_cache_lookups_total",
		"Access tokens looked up among those verified before.", "result", Lookups)
	t.hits, t.misses = lookups[LookupHit], lookups[LookupMiss]
	entries := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Namespace: namespace, Name: "token_cache_entries",
		Help: "Verified access tokens held in memory.",
	}, t.entries)
	capacity := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Namespace: namespace, Name: "token_cache_capacity",
		Help: "Verified access tokens that memory is set up to hold.",
	}, t.capacity)
	return []prometheus.Collector{vec, entries, capacity}
}

// TokenFound counts a token that was verified before: one atomic addition.
func (t *tokenCache) TokenFound() { t.hits.Inc() }

// TokenNotFound counts a token whose signature has to be verified.
func (t *tokenCache) TokenNotFound() { t.misses.Inc() }

// TrackTokenCache adds the cache to the gauges until the returned function is
// called. The given function must be cheap and safe for concurrent use.
func (t *tokenCache) TrackTokenCache(entries func() int, capacity int) (untrack func()) {
	return t.caches.add(trackedCache{entries, capacity})
}

func (t *tokenCache) capacity() float64 {
	sum := 0
	for _, cache := range t.caches.all() {
		sum += cache.capacity
	}
	return float64(sum)
}

func (t *tokenCache) entries() float64 {
	sum := 0
	for _, cache := range t.caches.all() {
		sum += cache.entries()
	}
	return float64(sum)
}
