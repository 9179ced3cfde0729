package faults

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/plugins/storetest/redistest"
	"github.com/caddy-dcr/caddy-dcr/tests/faults/crowd"
	"github.com/caddy-dcr/caddy-dcr/tests/faults/fleet"
)

// crashes is how often the gateway is killed under load.
const crashes = 4

func TestNothingThatWasAcknowledgedIsLostWhenAGatewayCrashes(t *testing.T) {
	for name, start := range map[string]func(*testing.T) string{
		"embedded": func(*testing.T) string { return "" },
		"redis":    func(t *testing.T) string { return "redis " + redistest.Start(t, redistest.Options{}).URL() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := open(t, &results{}, []string{start(t)}, "")
			g := l.gateways[0]
			for range crashes {
				doomed, err := l.crowd.Enroll(0)
				require.NoError(t, err)
				acknowledged := l.crowd.Registered()
				ctx, stop := context.WithCancel(context.Background())
				var running sync.WaitGroup
				running.Go(func() { l.crowd.Run(ctx) })
				for deadline := time.Now().Add(patience); l.crowd.Registered() < acknowledged+3; time.Sleep(time.Millisecond) {
					require.True(t, time.Now().Before(deadline), "nobody can register")
				}
				// The kill is the last thing that the gateway acknowledges.
				require.NoError(t, fleet.Kill(g, doomed.ID))
				g.Kill()
				stop()
				running.Wait()
				l.crowd.Bury(doomed)
				g.Run()

				require.Eventually(t, func() bool { return len(untrue(l.crowd.Everybody(0))) == 0 }, patience, 100*time.Millisecond,
					"each of %d clients gets a token: %+v", l.crowd.Registered(), untrue(l.crowd.Everybody(0)))
				assert.Empty(t, untrue(l.crowd.Departed(0)), "whoever was killed stays dead")
			}
			t.Logf("%d clients acknowledged over %d crashes, none lost", l.crowd.Registered(), crashes)
		})
	}
}

func untrue(answers []crowd.Answer) []crowd.Answer {
	var all []crowd.Answer
	for _, a := range answers {
		if !a.True() {
			all = append(all, a)
		}
	}
	return all
}
