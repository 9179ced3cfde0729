package metrics

import (
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// longestShown is how long a token may live to be counted to its end. Tokens
// live for a day at most.
const longestShown = 25 * time.Hour

// liveTokens counts the tokens that were issued here and have not expired, by
// the minute in which they do. Nobody knows them all: a fleet's are in no one
// place, and asking the store for each would cost more than knowing is worth.
type liveTokens struct {
	now func() time.Time

	mu      sync.Mutex
	minutes [longestShown / time.Minute]expiring
}

// expiring is how many tokens expire in a minute.
type expiring struct {
	minute int64
	tokens uint64
}

func (l *liveTokens) build() []prometheus.Collector {
	l.now = time.Now
	return []prometheus.Collector{prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Namespace: namespace, Name: "live_tokens",
		Help: "Access tokens that were issued here since the start and have not expired, to the minute.",
	}, func() float64 { return float64(l.count()) })}
}

// TokenLives counts a token that lives so long from now on.
func (l *liveTokens) TokenLives(lifetime time.Duration) {
	minute := l.now().Add(min(lifetime, longestShown-time.Minute)).Unix() / 60
	l.mu.Lock()
	defer l.mu.Unlock()
	e := &l.minutes[minute%int64(len(l.minutes))]
	if e.minute != minute {
		*e = expiring{minute: minute}
	}
	e.tokens++
}

func (l *liveTokens) count() (tokens uint64) {
	minute := l.now().Unix() / 60
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range l.minutes {
		if l.minutes[i].minute >= minute {
			tokens += l.minutes[i].tokens
		}
	}
	return tokens
}
