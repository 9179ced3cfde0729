package faults

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/plugins/storetest/redistest"
	"github.com/caddy-dcr/caddy-dcr/tests/faults/crowd"
	"github.com/caddy-dcr/caddy-dcr/tests/faults/fleet"
)

const (
	// throws is how often the lag is measured, and between how often.
	throws  = 120
	between = 50 * time.Millisecond
	// haste makes about a thousand requests a second for three gateways.
	haste = 8
)

func TestAKillIsSeenByEveryGatewayAtOnce(t *testing.T) {
	store := "redis " + redistest.Start(t, redistest.Options{}).URL()
	l := open(t, &results{}, []string{store, store, store}, "")
	doomed := make([]crowd.Device, throws)
	for i := range doomed {
		var err error
		doomed[i], err = l.crowd.Enroll(i % len(l.gateways))
		require.NoError(t, err)
	}
	tally := &crowd.Tally{}
	l.crowd.Observe, l.crowd.Haste = tally.Add, haste
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { l.crowd.Run(ctx) })
	var refused, acknowledged []time.Duration
	began := time.Now()
	for i, device := range doomed {
		lag, answered := l.measure(t, i%len(l.gateways), device)
		refused, acknowledged = append(refused, lag), append(acknowledged, answered)
		l.crowd.Bury(device)
		time.Sleep(between)
	}
	lasted := time.Since(began)
	stop()
	running.Wait()

	assert.Zero(t, tally.Wrong(), "%s\n%s", tally.Words(), tally.Statuses())
	t.Logf("from the call to the last of %d gateways' refusal: %s", len(l.gateways), spread(refused))
	t.Logf("from the call to its answer: %s", spread(acknowledged))
	t.Logf("%d kills beside %.0f other requests a second", throws, float64(tally.Requests())/lasted.Seconds())
	assert.Less(t, slices.Max(refused), recovery)
}

// measure kills the device through a gateway, and answers how long it took
// until the last gateway refused it, and until the call was answered.
func (l *lane) measure(t *testing.T, via int, device crowd.Device) (lag, answered time.Duration) {
	t.Helper()
	var waiting sync.WaitGroup
	lags := make([]time.Duration, len(l.gateways))
	began := time.Now()
	for gateway := range l.gateways {
		waiting.Go(func() {
			for l.crowd.Passes(gateway, device) && time.Since(began) < patience {
				time.Sleep(200 * time.Microsecond)
			}
			lags[gateway] = time.Since(began)
		})
	}
	require.NoError(t, fleet.Kill(l.gateways[via], device.ID))
	answered = time.Since(began)
	waiting.Wait()
	return slices.Max(lags), answered
}
