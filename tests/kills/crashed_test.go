package kills

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/caddy-dcr/caddy-dcr/plugins/storetest/redistest"
	"github.com/caddy-dcr/caddy-dcr/tests/harness"
)

// A gateway that is silent may have crashed, or may be cut off from the store
// and let known tokens through: it is named for as long as it could, and not
// waited for.
func TestAGatewayThatCrashedIsNotWaitedForLong(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t, redistest.Options{})
	w := start(t, settings{store: "redis " + redis.URL(), gateways: 2, options: "staleness 3s\n"})
	w.gateways[1].Kill()
	assert.Equal(t, "gateway-1 applied, gateway-2 not", w.throw(t, "channel", "CH1"))
	harness.Eventually(t, "for the gateway not to be waited for", func() bool {
		began := time.Now()
		told := w.throw(t, "channel", "CH1")
		waited := time.Since(began) >= 2*time.Second
		assert.Equal(t, "gateway-1 applied, gateway-2 not", told)
		return !waited
	})
	harness.Eventually(t, "for the gateway to be forgotten", func() bool {
		return w.throw(t, "channel", "CH1") == "gateway-1 applied"
	})
	w.gateways[1].Run()
	w.gather(t)
	assert.Equal(t, "gateway-1 applied, gateway-2 applied", w.throw(t, "channel", "CH2"))
}

// Whoever copies a configuration, node_name and all, would else be told by one
// gateway what the other has applied.
func TestTwoGatewaysThatAreCalledTheSameAreBothWaitedFor(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t, redistest.Options{})
	w := start(t, settings{store: "redis " + redis.URL(), gateways: 2, name: "copied"})
	assert.Regexp(t, `^copied applied, copied-\w{6} applied$`, w.throw(t, "channel", "CH1"))
}
