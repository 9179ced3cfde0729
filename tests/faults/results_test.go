package faults

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/caddy-dcr/caddy-dcr/tests/faults/crowd"
)

// row is what one fault did.
type row struct {
	fault    string
	tally    *crowd.Tally
	recovery time.Duration
}

// results is the table of all faults.
type results struct {
	mu   sync.Mutex
	rows []row
}

func (r *results) add(one row) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.rows = append(r.rows, one)
}

func (r *results) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	slices.SortFunc(r.rows, func(a, b row) int { return strings.Compare(a.fault, b.fault) })
	var b strings.Builder
	fmt.Fprintf(&b, "%-64s %9s %7s %6s %9s %9s\n", "fault", "requests", "503", "wrong", "slowest", "recovery")
	for _, one := range r.rows {
		fmt.Fprintf(&b, "%-64s %9d %7d %6d %9s %9s\n", one.fault, one.tally.Requests(), one.tally.Refused(), one.tally.Wrong(),
			one.tally.Slowest().Round(time.Millisecond), one.recovery.Round(time.Millisecond))
	}
	return b.String()
}

// spread describes durations, of which there are some.
func spread(all []time.Duration) string {
	slices.Sort(all)
	at := func(part float64) time.Duration {
		return all[int(part*float64(len(all)-1))].Round(10 * time.Microsecond)
	}
	return fmt.Sprintf("p50 %s, p90 %s, p99 %s, max %s of %d", at(0.5), at(0.9), at(0.99), at(1), len(all))
}
