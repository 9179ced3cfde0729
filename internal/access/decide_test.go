package access_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/caddy-dcr/caddy-dcr/internal/access"
)

func actor(grants ...access.Grant) *access.Actor { return &access.Actor{Name: "ann", Grants: grants} }

func grant(t require.TestingT, role access.Role, place ...string) access.Grant {
	g, err := access.NewGrant(role, place...)
	require.NoError(t, err)
	return g
}

// theirs are the things that a request can be about, from REF30's admin's view.
var theirs = []struct {
	name string
	access.Resource
}{
	{"own channel", access.Resource{Programmer: "REF", Channel: "REF30"}},
	{"other channel", access.Resource{Programmer: "REF", Channel: "REF31"}},
	{"own programmer", access.Resource{Programmer: "REF"}},
	{"foreign channel", access.Resource{Programmer: "FOX", Channel: "FOX1"}},
	{"namesake channel", access.Resource{Programmer: "FOX", Channel: "REF30"}},
	{"foreign programmer", access.Resource{Programmer: "FOX"}},
	{"the operator's", access.Resource{}},
	{"common", access.Resource{Common: true}},
}

// The rows are the operations, the columns who asks: an operator, the admin of
// REF, the admin of REF30, and readers everywhere, of REF and of REF30. y is
// what it may do in its own place.
const table = `
programmer.show       y y . y y .
programmer.create     y . . . . .
programmer.update     y y . . . .
programmer.delete     y . . . . .
channel.show          y y y y y y
channel.create        y . . . . .
channel.update        y y y . . .
channel.delete        y . . . . .
application.show      y y y y y y
application.create    y y y . . .
application.revoke    y y y . . .
statement.show        y y y y y y
statement.issue       y y y . . .
statement.revoke      y y y . . .
client.show           y y y y y y
client.revoke         y y y . . .
kill.show             y y y y y y
token.revoke          y . . . . .
platform.revoke       y . . . . .
channel.revoke        y y y . . .
issuer.revoke         y . . . . .
key.revoke            y . . . . .
kill.lift             y . . . . .
key.show              y . . y . .
key.rotate            y . . . . .
proxy_mvpd.show       y . . y . .
proxy_mvpd.create     y . . . . .
proxy_mvpd.update     y . . . . .
proxy_mvpd.delete     y . . . . .
catalogue.show        y y y y y y
catalogue.extend      y . . . . .
catalogue.update      y . . . . .
catalogue.reduce      y . . . . .
application.adopt     y . . . . .
application.release   y . . . . .
manifest.show         y . . y . .
manifest.apply        y . . . . .
manifest.release      y . . . . .
store.export          y . . . . .
store.import          y . . . . .
store.move            y . . . . .
route.show            y . . y . .
refusal.show          y y y y y y
census.show           y y y y y y
trial.run             y . . y . .
gateway.examine       y . . y . .
audit.show            y y y y y y
audit.verify          y . . y . .
change_set.show       y y y y y y
change_set.edit       y y y . . .
change_set.push       y y y . . .
change_set.roll_back  y y y . . .
`

// Every role asks for every operation on everything; the answer follows from
// the table above and from what lies in the role's place, and from nothing else.
func TestEveryRoleAndOperation(t *testing.T) {
	who := []struct {
		access.Grant
		reaches func(access.Resource) bool
	}{
		{grant(t, access.Operator), everything},
		{grant(t, access.ProgrammerAdmin, "REF"), ofREF},
		{grant(t, access.ChannelAdmin, "REF", "REF30"), ofREF30},
		{grant(t, access.ReadOnly), everything},
		{grant(t, access.ReadOnly, "REF"), ofREF},
		{grant(t, access.ReadOnly, "REF", "REF30"), ofREF30},
	}
	rows := readTable(t)
	require.Len(t, rows, len(access.Operations), "the table has a row for every operation")
	for _, op := range access.Operations {
		row, found := rows[op]
		require.True(t, found, "the table has no row for %s", op)
		for i, w := range who {
			a := actor(w.Grant)
			assert.Equal(t, row[i], access.Ever(a, op), "%s ever asks for %s", w.Grant, op)
			for _, thing := range theirs {
				want := access.Decision{Verdict: access.Hidden}
				if w.reaches(thing.Resource) {
					want.Verdict = access.Forbidden
					if row[i] {
						want = access.Decision{Verdict: access.Allowed, Role: w.Role}
					}
				}
				assert.Equal(t, want, access.Decide(a, op, thing.Resource), "%s asks for %s of %s", w.Grant, op, thing.name)
			}
		}
	}
}

func everything(access.Resource) bool { return true }
func ofREF(r access.Resource) bool    { return r.Common || r.Programmer == "REF" }
func ofREF30(r access.Resource) bool {
	return r.Common || r.Programmer == "REF" && r.Channel == "REF30"
}

func readTable(t *testing.T) map[access.Operation][6]bool {
	rows := map[access.Operation][6]bool{}
	for _, line := range lines(table) {
		var op string
		var cell [6]string
		_, err := fmt.Sscan(line, &op, &cell[0], &cell[1], &cell[2], &cell[3], &cell[4], &cell[5])
		require.NoError(t, err, line)
		var row [6]bool
		for i := range cell {
			row[i] = cell[i] == "y"
		}
		rows[access.Operation(op)] = row
	}
	return rows
}

func TestWhoHasNoRoleHasNoAccess(t *testing.T) {
	for name, a := range map[string]*access.Actor{
		"no grant":                       actor(),
		"the zero grant":                 actor(access.Grant{}),
		"a role that there is not":       actor(access.Grant{Role: "root"}),
		"a channel's admin without one":  actor(access.Grant{Role: access.ChannelAdmin, Programmer: "REF"}),
		"an admin of nobody":             actor(access.Grant{Role: access.ProgrammerAdmin}),
		"an operator of one programmer":  actor(access.Grant{Role: access.Operator, Programmer: "REF"}),
		"a channel of no programmer":     actor(access.Grant{Role: access.ChannelAdmin, Channel: "REF30"}),
		"a reader of a nobody's channel": actor(access.Grant{Role: access.ReadOnly, Channel: "REF30"}),
		"a programmer's admin of one":    actor(access.Grant{Role: access.ProgrammerAdmin, Programmer: "REF", Channel: "REF30"}),
	} {
		t.Run(name, func(t *testing.T) {
			assert.False(t, a.IsOperator())
			for _, op := range access.Operations {
				assert.False(t, access.Ever(a, op), "%s", op)
				for _, thing := range theirs {
					assert.Equal(t, access.Decision{}, access.Decide(a, op, thing.Resource), "%s of %s", op, thing.name)
				}
			}
		})
	}
}

func TestAnOperationWithoutARuleIsNobodys(t *testing.T) {
	operator := actor(grant(t, access.Operator))
	assert.False(t, access.Ever(operator, "everything.delete"))
	assert.Equal(t, access.Forbidden, access.Decide(operator, "everything.delete", access.Resource{}).Verdict)
}

func TestTheWidestRoleIsTheOneOnRecord(t *testing.T) {
	reads, admin, channel := grant(t, access.ReadOnly), grant(t, access.ProgrammerAdmin, "REF"), grant(t, access.ChannelAdmin, "REF", "REF30")
	thing := access.Resource{Programmer: "REF", Channel: "REF30"}
	for _, grants := range [][]access.Grant{{reads, channel, admin}, {admin, channel, reads}, {channel, admin, reads}} {
		assert.Equal(t, access.Decision{Verdict: access.Allowed, Role: access.ProgrammerAdmin}, access.Decide(actor(grants...), access.ShowApplication, thing))
	}
	assert.Equal(t, access.Forbidden, access.Decide(actor(reads, grant(t, access.ProgrammerAdmin, "FOX")), access.RevokeApplication, thing).Verdict,
		"whoever sees it is told that it is not theirs to change")
	assert.Equal(t, access.Hidden, access.Decide(actor(grant(t, access.ProgrammerAdmin, "FOX"), channel), access.RevokeApplication, access.Resource{Programmer: "REF"}).Verdict)
}

// More roles never mean less, and nothing is allowed that no single role allows.
func TestRolesAddUp(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		name := rapid.SampledFrom([]string{"", "REF", "FOX", "REF30"})
		grants := rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) access.Grant {
			return access.Grant{
				Role:       rapid.SampledFrom(append(access.Roles, "")).Draw(rt, "role"),
				Programmer: name.Draw(rt, "programmer"), Channel: name.Draw(rt, "channel"),
			}
		}), 0, 4).Draw(rt, "grants")
		op := rapid.SampledFrom(access.Operations).Draw(rt, "operation")
		thing := access.Resource{Programmer: name.Draw(rt, "owner"), Channel: name.Draw(rt, "part"), Common: rapid.Bool().Draw(rt, "common")}
		best := access.Hidden
		for _, g := range grants {
			best = max(best, access.Decide(actor(g), op, thing).Verdict)
		}
		assert.Equal(rt, best, access.Decide(actor(grants...), op, thing).Verdict)
	})
}
