// Package throttle counts what each caller may still ask for, in token buckets
// of which there is a bounded number.
package throttle

import (
	"fmt"
	"math"
	"time"
)

// Limit is a token bucket: it fills by Rate tokens a second and holds up to
// Burst of them, as a plugins.Bucket does. It begins full.
type Limit struct {
	Rate  float64
	Burst int
}

// Ahead is the limit of a published schedule: one request every 1/rate, and up
// to burst of them ahead of their time. So it holds one token more than burst,
// the one whose time has come. With a rate of 1 and a burst of 10 this is, to
// the request, what the throttling document of Adobe Pass Authentication shows
// in its table, and what nginx means by limit_req with burst and nodelay; a
// bucket that holds ten refuses the table's thirteenth request.
func Ahead(rate float64, burst int) Limit { return Limit{Rate: rate, Burst: burst + 1} }

const (
	slowest = 1.0 / 86400 // one a day
	fastest = 1e6
	// deepest keeps the time in which the slowest bucket fills within an int64
	// of nanoseconds.
	deepest = 100_000
)

// Validate says what is wrong with a limit.
func (l Limit) Validate() error {
	if math.IsNaN(l.Rate) || l.Rate < slowest || l.Rate > fastest {
		return fmt.Errorf("rate: got %v a second, want one between 1 a day and %.0f a second", l.Rate, fastest)
	}
	if l.Burst < 1 || l.Burst > deepest {
		return fmt.Errorf("burst: got room for %d, want 1 to %d", l.Burst, deepest)
	}
	return nil
}

// token is how long one token takes to come.
func (l Limit) token() int64 { return max(1, int64(math.Round(float64(time.Second)/l.Rate))) }

// Result is what became of a wish for one token.
type Result struct {
	OK bool
	// Remaining is how many whole tokens are left.
	Remaining int
	// RetryAfter is how long until one token is there; zero when OK.
	RetryAfter time.Duration
	// Reset is how long until the bucket is full again.
	Reset time.Duration
}
