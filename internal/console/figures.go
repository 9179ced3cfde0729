package console

import "time"

// Figures are the live numbers of one gateway.
type Figures struct {
	// Since is when it began to count.
	Since time.Time
	// Step is how long each point of a series is. Series are of one length,
	// the oldest point first; the last one is not over yet.
	Step time.Duration
	// Registered and Issued are clients that registered and tokens that were
	// issued, Passed and Refused what became of all other requests: of those
	// under a guard, and refused ones at the client endpoints besides.
	Registered, Issued, Passed, Refused []uint64
	// Reasons are the refusals of the whole series, the most frequent first.
	Reasons []Reason
	// Lag is how long revocations took to be applied here.
	Lag Lag
}

// Reason is why requests were refused, and how many.
type Reason struct {
	// By is who decided: `guard`, `registration` or `token`.
	By, Name string
	Count    uint64
}

// Lag sums up how long revocations took, in the time of the series.
type Lag struct {
	// Count is of how many.
	Count uint64
	// Median and Slowest are bounds, as good as the buckets of the metric.
	Median, Slowest time.Duration
	// Beyond says that the slowest took longer than the largest bucket knows.
	Beyond bool
	// Points are how many were applied, like the other series.
	Points []uint64
}

func sum(series []uint64) uint64 {
	var total uint64
	for _, n := range series {
		total += n
	}
	return total
}
