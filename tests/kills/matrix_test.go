package kills

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/management"
)

// cast is who plays in a row: the one whom the kill stops, another one that
// must go on, and what is killed.
type cast struct {
	victim, sibling *party
	ids             []string
	flags           []string
}

// What clients see of a kill.
var (
	oneToken     = expectation{calls: tokenDead, own: tokenDead, later: passes}
	oneClient    = expectation{calls: clientDead, own: clientDead, token: "invalid_client", later: passes}
	allOfIts     = expectation{calls: clientDead, own: clientDead, token: "invalid_client", register: "unapproved_software_statement"}
	oneChannel   = expectation{calls: channelDead, own: passes, later: channelDead}
	allowUnknown = []string{"--allow-unknown"}
)

// rows are the kinds of kill, with what they stop. The last kills the key of
// every statement that the gateways had signed.
var rows = []struct {
	name, kind string
	want       expectation
	cast       func(t *testing.T, w *world) cast
}{
	{"a token", "token", oneToken, func(t *testing.T, w *world) cast {
		statement := w.issue(t, w.common)
		victim := w.admit(t, statement, "", "CH1")
		ids := []string{victim.known.ID}
		for _, token := range victim.fresh {
			ids = append(ids, token.ID)
		}
		return cast{victim: victim, sibling: victim.of(t, w, "CH1"), ids: ids}
	}},
	{"a client", "client", oneClient, func(t *testing.T, w *world) cast {
		statement := w.issue(t, w.common)
		victim := w.admit(t, statement, "", "CH1")
		return cast{victim: victim, sibling: w.admit(t, statement, "", "CH1"), ids: []string{victim.client.ClientID}}
	}},
	{"a statement", "statement", allOfIts, func(t *testing.T, w *world) cast {
		leaked := w.issue(t, w.common)
		return cast{
			victim: w.admit(t, leaked, "", "CH1"), sibling: w.admit(t, w.issue(t, w.common), "", "CH1"),
			ids: []string{idOf(t, leaked)},
		}
	}},
	{"a statement of somebody else", "statement", allOfIts, func(t *testing.T, w *world) cast {
		leaked := w.partner.issue(t, w.common)
		inspected := ask[management.Inspection](t, w.first(), "statement", "inspect", leaked)
		require.Equal(t, management.Approved, inspected.Verdict)
		return cast{
			victim: w.admit(t, leaked, "", "CH1"), sibling: w.admit(t, w.partner.issue(t, w.common), "", "CH1"),
			ids: []string{inspected.StatementID.String()}, flags: allowUnknown,
		}
	}},
	{"an application", "application", allOfIts, func(t *testing.T, w *world) cast {
		rogue := w.first().CreateApp(app())
		return cast{
			victim: w.admit(t, w.issue(t, rogue), "", "CH1"), sibling: w.admit(t, w.issue(t, w.common), "", "CH1"),
			ids: []string{rogue},
		}
	}},
	{"a platform", "platform", allOfIts, func(t *testing.T, w *world) cast {
		statement := w.issue(t, w.common)
		return cast{
			victim: w.admit(t, statement, "Roku/DVP-9.10", "CH1"), sibling: w.admit(t, statement, "", "CH1"),
			ids: []string{"Roku"},
		}
	}},
	{"a channel", "channel", oneChannel, func(t *testing.T, w *world) cast {
		victim := w.admit(t, w.issue(t, w.common), "", "DOOMED")
		return cast{victim: victim, sibling: victim.of(t, w, "CH1"), ids: []string{"DOOMED"}}
	}},
	{"a trusted issuer", "issuer", allOfIts, func(t *testing.T, w *world) cast {
		return cast{
			victim:  w.admit(t, w.doomed.issue(t, w.common), "", "CH1"),
			sibling: w.admit(t, w.partner.issue(t, w.common), "", "CH1"), ids: []string{w.doomed.name},
		}
	}},
	{"the key of statements", "key", allOfIts, func(t *testing.T, w *world) cast {
		statement := w.issue(t, w.common)
		return cast{
			victim:  w.admit(t, statement, "", "CH1"),
			sibling: w.admit(t, w.partner.issue(t, w.common), "", "CH1"), ids: []string{keyOf(t, statement)},
		}
	}},
	{"the key of somebody else's statements", "key", allOfIts, func(t *testing.T, w *world) cast {
		return cast{
			victim:  w.admit(t, w.partner.issue(t, w.common), "", "CH1"),
			sibling: w.admit(t, w.issue(t, w.common), "", "CH1"),
			ids:     []string{w.partner.key.Thumbprint()}, flags: allowUnknown,
		}
	}},
}

func TestAKillStopsWhatIsUnderItAndNothingElse(t *testing.T) {
	for name, options := range map[string]string{"JWTs": "", "opaque tokens": "tokens {\n\t\t\tformat opaque\n\t\t}"} {
		t.Run(name, func(t *testing.T) {
			everywhere(t, options, func(t *testing.T, w *world) {
				for _, row := range rows {
					t.Run(row.name, func(t *testing.T) {
						c := row.cast(t, w)
						for _, id := range c.ids {
							w.kill(t, row.kind, id, c.flags...)
						}
						t.Run("what is killed", func(t *testing.T) { row.want.check(t, w, c.victim) })
						t.Run("its sibling", func(t *testing.T) { untouched.check(t, w, c.sibling) })
					})
				}
			})
		})
	}
}

// A channel's kill stops whoever asks about it: also those who need no token.
func TestEveryRouteOfAKilledChannelStops(t *testing.T) {
	everywhere(t, "", func(t *testing.T, w *world) {
		navigate := func(channel string) int {
			return w.gateways[len(w.gateways)-1].Do(http.MethodGet, "/api/v2/authenticate/"+channel+"/CODE", "").Status
		}
		assert.Equal(t, http.StatusOK, navigate("GONE"))
		w.kill(t, "channel", "GONE")
		assert.Equal(t, http.StatusUnauthorized, navigate("GONE"))
		assert.Equal(t, http.StatusOK, navigate("STAYS"))
		w.lift(t, "channel", "GONE")
		assert.Equal(t, http.StatusOK, navigate("GONE"), "nothing that was issued before is at work here")
	})
}
