//go:build linux

package load

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/tests/harness"
)

// side is one of the things that are compared.
type side struct {
	name     string
	gateway  *harness.Gateway
	requests [][]byte
	status   int
}

// connections is how many clients there are, in a comparison or alone.
const connections = 50

// sample is what one round said about one side.
type sample struct {
	rate float64       // requests a second
	cost time.Duration // processor time for a request
}

// turn has the crowd work on the side for one round.
func (s side) turn(t *testing.T, clients int, lasts time.Duration) (sample, error) {
	t.Helper()
	pid := s.gateway.PID()
	before, begun := processorTime(t, pid), time.Now()
	answered, err := crowd{
		address: s.gateway.URL[len("http://"):], requests: s.requests, status: s.status, connections: clients,
	}.run(lasts)
	if err != nil || answered == 0 {
		return sample{}, fmt.Errorf("%s: %d answers, %w", s.name, answered, err)
	}
	return sample{
		rate: float64(answered) / time.Since(begun).Seconds(),
		cost: (processorTime(t, pid) - before) / time.Duration(answered),
	}, nil
}

// together compares two sides that work at the same moment on the same core,
// with half of the clients each: whatever else the machine does, it does to
// both. Who begins is chosen anew for each round.
func together(t *testing.T, rounds int, lasts time.Duration, sides [2]side) [2][]sample {
	t.Helper()
	var samples [2][]sample
	for round := -1; round < rounds; round++ {
		length := lasts
		if round < 0 {
			length = lasts/4 + 50*time.Millisecond // for connections, caches and heaps; it does not count
		}
		var at [2]sample
		var faults [2]error
		var working sync.WaitGroup
		for _, i := range rand.Perm(2) {
			working.Go(func() { at[i], faults[i] = sides[i].turn(t, connections/2, length) })
		}
		working.Wait()
		require.NoError(t, faults[0])
		require.NoError(t, faults[1])
		for i := range at {
			if round >= 0 {
				samples[i] = append(samples[i], at[i])
			}
		}
	}
	return samples
}

// inTurn has the sides work alone, one after the other, in another order each
// round.
func inTurn(t *testing.T, rounds int, lasts time.Duration, sides []side) [][]sample {
	t.Helper()
	samples := make([][]sample, len(sides))
	for range rounds {
		for _, i := range rand.Perm(len(sides)) {
			at, err := sides[i].turn(t, connections, lasts)
			require.NoError(t, err)
			samples[i] = append(samples[i], at)
		}
	}
	return samples
}

// figures are a median and what lies around it.
type figures struct{ median, least, most float64 }

func figuresOf(values []float64) figures {
	sorted := slices.Sorted(slices.Values(values))
	return figures{sorted[len(sorted)/2], sorted[0], sorted[len(sorted)-1]}
}

func rates(samples []sample) figures {
	return each(samples, func(s sample) float64 { return s.rate })
}

func costs(samples []sample) figures {
	return each(samples, func(s sample) float64 { return float64(s.cost) / float64(time.Microsecond) })
}

func each(samples []sample, of func(sample) float64) figures {
	values := make([]float64, len(samples))
	for i, s := range samples {
		values[i] = of(s)
	}
	return figuresOf(values)
}

// ratios divides round by round: what disturbs a round disturbs both sides.
func ratios(over, under []sample, of func(sample) float64) figures {
	values := make([]float64, len(over))
	for i := range over {
		values[i] = of(over[i]) / of(under[i])
	}
	return figuresOf(values)
}

func rateOf(s sample) float64 { return s.rate }
func costOf(s sample) float64 { return float64(s.cost) }
