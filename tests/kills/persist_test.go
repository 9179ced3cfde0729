package kills

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/caddy-dcr/caddy-dcr/internal/management"
)

func TestKillsOutliveARestartOfEveryGateway(t *testing.T) {
	everywhere(t, "", func(t *testing.T, w *world) {
		statement := w.issue(t, w.common)
		client := w.admit(t, statement, "", "CH1")
		token := w.admit(t, statement, "", "CH1")
		roku := w.admit(t, statement, "Roku/DVP-9.10", "CH1")
		channel := w.admit(t, statement, "", "GONE")
		lives := w.admit(t, statement, "", "CH1")
		w.kill(t, "client", client.client.ClientID)
		w.kill(t, "token", token.known.ID)
		w.kill(t, "platform", "Roku")
		w.lift(t, "platform", "Roku")
		w.kill(t, "channel", "GONE")
		for i, end := range []func(){w.first().Kill, w.gateways[len(w.gateways)-1].Stop} {
			if i == 0 || len(w.gateways) > 1 {
				end()
			}
		}
		for _, g := range w.gateways {
			g.Run()
		}
		for _, g := range w.gateways {
			clientDead.check(t, oauth, client.callTempPass(g, client.known))
			tokenDead.check(t, oauth, token.callTempPass(g, token.known))
			clientDead.check(t, enhanced, roku.callV2(g, roku.known))
			channelDead.check(t, enhanced, channel.callV2(g, channel.known))
			passes.check(t, enhanced, lives.callV2(g, lives.known))
		}
		kinds := map[string]int{}
		for _, kill := range ask[management.Kills](t, w.first(), "kills", "list").Kills {
			kinds[kill.Kind]++
		}
		assert.Equal(t, map[string]int{"client": 1, "token": 1, "platform": 2, "channel": 1}, kinds)
	})
}
