package kills

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// What was registered or issued before a switch was put back stays dead, so
// that nothing which was made while the switch was thrown slips through.
func TestAPlatformThatComesBackWantsItsClientsToRegisterAgain(t *testing.T) {
	everywhere(t, "", func(t *testing.T, w *world) {
		const roku = "Roku/DVP-9.10"
		statement := w.issue(t, w.common)
		older := w.admit(t, statement, roku, "CH1")
		thrown := w.kill(t, "platform", "roku")
		assert.Equal(t, "Roku", thrown.Kill.ID, "in the spelling that is compared")
		allOfIts.check(t, w, older)

		lifted := w.lift(t, "platform", "Roku")
		assert.Equal(t, thrown.Kill.At, lifted.Kill.At)
		assert.True(t, lifted.Kill.LiftedAt.After(thrown.Kill.At))
		t.Run("a client from before", func(t *testing.T) { oneClient.check(t, w, older) })
		younger := w.admit(t, statement, roku, "CH1")
		t.Run("a client from after", func(t *testing.T) { untouched.check(t, w, younger) })

		w.kill(t, "platform", "Roku")
		t.Run("a client from between two kills", func(t *testing.T) { allOfIts.check(t, w, younger) })
		w.lift(t, "platform", "Roku")
		t.Run("after the second comes back too", func(t *testing.T) { oneClient.check(t, w, younger) })
	})
}

func TestAChannelThatComesBackWantsNewTokens(t *testing.T) {
	everywhere(t, "", func(t *testing.T, w *world) {
		here := w.admit(t, w.issue(t, w.common), "", "REF30")
		there := *here
		there.channel = "CH1"
		w.kill(t, "channel", "REF30")
		during := *here
		during.known = w.first().Token(here.client)
		oneChannel.check(t, w, &during)

		w.lift(t, "channel", "REF30")
		// The client is well, and so are the tokens that it gets from now on.
		t.Run("tokens from before, for the channel", func(t *testing.T) {
			expectation{calls: channelDead, own: passes, later: passes}.check(t, w, here)
		})
		t.Run("a token from while it was killed", func(t *testing.T) {
			channelDead.check(t, enhanced, during.callV2(w.first(), during.known))
		})
		t.Run("tokens from before, for another channel", func(t *testing.T) { untouched.check(t, w, &there) })
	})
}

// A backend that does not mind the case of letters must not serve a killed
// channel under another spelling of its name.
func TestAChannelIsKilledAndComesBackInEverySpelling(t *testing.T) {
	everywhere(t, "", func(t *testing.T, w *world) {
		p := w.admit(t, w.issue(t, w.common), "", "REF30")
		w.kill(t, "channel", "ref30")
		oneChannel.check(t, w, p)
		again := w.kill(t, "channel", "REF30")
		assert.True(t, again.Already)
		assert.Equal(t, "ref30", again.Kill.ID, "the first kill stands, as it was written")
		w.lift(t, "channel", "Ref30")
		for _, g := range w.gateways {
			passes.check(t, enhanced, p.callV2(g, g.Token(p.client)))
			passes.check(t, oauth, p.of(t, w, "rEF30").callTempPass(g, g.Token(p.client)))
		}
	})
}
