package faults

import (
	"sync"
	"testing"
)

// atOnce is how many lanes run beside each other: they wait more than they
// work, but what is measured should not be a busy machine.
const atOnce = 5

// TestNoFaultOfTheStoreIsBlamedOnAClient is the table of faults: each of them
// befalls two gateways while good and killed clients call both.
func TestNoFaultOfTheStoreIsBlamedOnAClient(t *testing.T) {
	r := &results{}
	lanes := []struct {
		name string
		run  func(*testing.T, *results)
	}{
		{"connections", connections}, {"messages", messages}, {"errors", refusals}, {"opaque", mixed},
		{"trouble", troubled}, {"changes", changed}, {"one of two", oneOfTwo},
		{"failover", failover}, {"cluster", resharding}, {"promoted", promoted}, {"emptied", emptied}, {"renewed", renewed},
	}
	room := make(chan struct{}, atOnce)
	var running sync.WaitGroup
	for _, lane := range lanes {
		running.Go(func() {
			room <- struct{}{}
			defer func() { <-room }()
			t.Run(lane.name, func(t *testing.T) { lane.run(t, r) })
		})
	}
	running.Wait()
	t.Logf("\n%s", r)
}
