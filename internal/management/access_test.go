package management_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/access"
	"github.com/caddy-dcr/caddy-dcr/internal/management"
	"github.com/caddy-dcr/caddy-dcr/internal/state"
)

// things are one of everything that belongs to somebody.
type things struct {
	programmer, channel         string
	app, statement, client, set uuid.UUID
	raw                         string
}

func (x things) texts() []string {
	return []string{x.channel, x.programmer, x.app.String(), x.statement.String(), x.client.String(), x.set.String()}
}

// missing are things that there are not.
func missing() things {
	return things{programmer: "NOBODY", channel: "NOBODY1", app: uuid.New(), statement: uuid.New(), client: uuid.New(), set: uuid.New()}
}

// belongings makes one of everything for a channel.
func (w *world) belongings(t *testing.T, programmer, channel string) things {
	t.Helper()
	s := spec()
	s.Programmer, s.Channels, s.Level = programmer, []string{channel}, "channel"
	app, err := w.CreateApplication(within(t), call(ann), s)
	require.NoError(t, err)
	issued, err := w.IssueStatement(within(t), call(ann), app.ID)
	require.NoError(t, err)
	c := w.client(t, app.ID, issued.ID, nil)
	set, err := w.CreateChangeSet(within(t), call(ann), management.ChangeSetSpec{Programmer: programmer, Channel: channel})
	require.NoError(t, err)
	return things{programmer: programmer, channel: channel, app: app.ID, statement: issued.ID, client: c.ID, raw: issued.JWT, set: set.ID}
}

// asks are all that can be asked of a single thing, by what is asked for.
// Those that end something come last.
var asks = []struct {
	op  access.Operation
	ask func(t *testing.T, w *world, who access.Actor, x things) error
}{
	{access.ShowProgrammer, func(_ *testing.T, w *world, who access.Actor, x things) error {
		_, err := w.Programmer(who, x.programmer)
		return err
	}},
	{access.UpdateProgrammer, func(t *testing.T, w *world, who access.Actor, x things) error {
		_, err := w.UpdateProgrammer(within(t), call(who), x.programmer, management.ProgrammerSpec{Name: "new"})
		return err
	}},
	{access.ShowChannel, func(_ *testing.T, w *world, who access.Actor, x things) error {
		_, err := w.Channel(who, x.channel)
		return err
	}},
	{access.UpdateChannel, func(t *testing.T, w *world, who access.Actor, x things) error {
		_, err := w.UpdateChannel(within(t), call(who), x.channel, management.ChannelSpec{Name: "new"})
		return err
	}},
	{access.ShowApplication, func(t *testing.T, w *world, who access.Actor, x things) error {
		_, err := w.Application(within(t), who, x.app)
		return err
	}},
	{access.CreateApplication, func(t *testing.T, w *world, who access.Actor, x things) error {
		s := spec()
		s.Programmer, s.Channels, s.Level = x.programmer, []string{x.channel}, "channel"
		_, err := w.CreateApplication(within(t), call(who), s)
		return err
	}},
	{access.CreateApplication, func(t *testing.T, w *world, who access.Actor, x things) error {
		_, err := w.CreateApplication(within(t), call(who), management.Spec{Predecessor: x.app.String()})
		return err
	}},
	{access.ShowStatement, func(t *testing.T, w *world, who access.Actor, x things) error {
		_, err := w.StatementsOf(within(t), who, x.app, management.StatementFilter{}, management.Part{})
		return err
	}},
	{access.IssueStatement, func(t *testing.T, w *world, who access.Actor, x things) error {
		_, err := w.IssueStatement(within(t), call(who), x.app)
		return err
	}},
	{access.ShowClient, func(t *testing.T, w *world, who access.Actor, x things) error {
		_, err := w.Client(within(t), who, x.client)
		return err
	}},
	{access.ShowClient, func(t *testing.T, w *world, who access.Actor, x things) error {
		_, err := w.Clients(within(t), who, x.app, management.Part{})
		return err
	}},
	{access.ShowChangeSet, func(t *testing.T, w *world, who access.Actor, x things) error {
		_, err := w.ChangeSet(within(t), who, x.set)
		return err
	}},
	{access.EditChangeSet, func(t *testing.T, w *world, who access.Actor, x things) error {
		_, err := w.AddChange(within(t), call(who), x.set, management.Change{
			Operation: access.UpdateChannel, ID: x.channel, Channel: &management.ChannelSpec{Name: "newer"},
		})
		return err
	}},
	{access.EditChangeSet, func(t *testing.T, w *world, who access.Actor, x things) error {
		_, err := w.CreateChangeSet(within(t), call(who), management.ChangeSetSpec{Programmer: x.programmer, Channel: x.channel})
		return err
	}},
	{access.PushChangeSet, func(t *testing.T, w *world, who access.Actor, x things) error {
		_, err := w.PushChangeSet(within(t), call(who), x.set)
		return err
	}},
	{access.RollBackChangeSet, func(t *testing.T, w *world, who access.Actor, x things) error {
		_, err := w.RollBackChangeSet(within(t), call(who), x.set, management.RollBackOptions{})
		return err
	}},
	{access.RevokeClient, revoking("client", func(x things) string { return x.client.String() })},
	{access.RevokeStatement, revoking("statement", func(x things) string { return x.statement.String() })},
	{access.RevokeApplication, revoking("application", func(x things) string { return x.app.String() })},
}

func revoking(kind string, id func(things) string) func(*testing.T, *world, access.Actor, things) error {
	return func(t *testing.T, w *world, who access.Actor, x things) error {
		_, err := w.Revoke(within(t), call(who), management.KillOrder{Kind: kind, ID: id(x), AllowUnknown: true})
		return err
	}
}

// said is an error without the names of the things.
func said(err error, x things) string {
	var e *management.Error
	if !errors.As(err, &e) {
		return err.Error()
	}
	text := e.Error() + " | " + e.Field + " | " + e.Hint
	for _, name := range x.texts() {
		text = strings.ReplaceAll(text, name, "X")
	}
	return text
}

// What belongs to others is answered, word by word, as what there is not: for
// everything that can be asked, by everybody who is not trusted with all.
func TestOthersThingsAreNotThere(t *testing.T) {
	w := newWorld(t)
	w.settle(t)
	sibling, foreign := w.belongings(t, "REF", "REF31"), w.belongings(t, "FOX", "FOX1")
	for _, test := range []struct {
		who    access.Actor
		others []things
	}{
		{ref30Admin, []things{sibling, foreign}},
		{person("rob", access.ReadOnly, "REF", "REF30"), []things{sibling, foreign}},
		{refAdmin, []things{foreign}},
		{refReader, []things{foreign}},
	} {
		for _, a := range asks {
			for _, others := range test.others {
				nothing := missing()
				if others.programmer == "REF" {
					// The programmer is known to whoever looks after a channel of it.
					nothing.programmer = "REF"
				}
				want, got := a.ask(t, w, test.who, nothing), a.ask(t, w, test.who, others)
				require.Error(t, got, "%s asks for %s of %s", test.who.Name, a.op, others.channel)
				require.Error(t, want)
				assert.Equal(t, said(want, nothing), said(got, others), "%s asks for %s of %s", test.who.Name, a.op, others.channel)
				code := fault(t, got).Code
				if access.Ever(&test.who, a.op) {
					assert.Equal(t, management.NotFound, code, "%s of %s: %v", a.op, others.channel, got)
				} else {
					assert.Equal(t, management.Forbidden, code, "%s: %v", a.op, got)
				}
			}
		}
	}
	// Nothing of it happened.
	for _, x := range []things{sibling, foreign} {
		app, err := w.Application(within(t), ann, x.app)
		require.NoError(t, err)
		assert.False(t, app.Revoked)
		client, err := w.Client(within(t), ann, x.client)
		require.NoError(t, err)
		assert.Empty(t, client.StoppedBy)
	}
}

// Everybody may do to their own what the table of access says.
func TestOnesOwnThings(t *testing.T) {
	for _, who := range []access.Actor{ann, refAdmin, ref30Admin, reader, refReader, person("rob", access.ReadOnly, "REF", "REF30")} {
		t.Run(who.Grants[0].String(), func(t *testing.T) {
			w := newWorld(t)
			w.settle(t)
			own := w.belongings(t, "REF", "REF30")
			for _, a := range asks {
				err := a.ask(t, w, who, own)
				if access.Ever(&who, a.op) {
					assert.NoError(t, err, "%s", a.op)
				} else {
					assertFault(t, management.Forbidden, "", string(a.op), err)
				}
			}
			w.whole(t)
		})
	}
}

// Lists are filtered by the same rule.
func TestListsShowOnesOwn(t *testing.T) {
	w := newWorld(t)
	w.settle(t)
	own, sibling, foreign := w.belongings(t, "REF", "REF30"), w.belongings(t, "REF", "REF31"), w.belongings(t, "FOX", "FOX1")
	wide := w.create(t, nil) // of REF, programmer level, REF30 alone
	for _, x := range []things{own, sibling, foreign} {
		w.revoke(t, "client", x.client.String())
	}
	w.revoke(t, "platform", "tvOS")
	for _, test := range []struct {
		who                                              access.Actor
		programmers, channels, apps, clients, kills, set int
	}{
		{ann, 2, 4, 4, 3, 4, 3},
		{reader, 2, 4, 4, 3, 4, 3},
		{refAdmin, 1, 2, 3, 2, 2, 2},
		{refReader, 1, 2, 3, 2, 2, 2},
		{foxAdmin, 1, 2, 1, 1, 1, 1},
		{ref30Admin, -1, 1, 1, 1, 1, 1},
	} {
		t.Run(test.who.Name, func(t *testing.T) {
			programmers, err := w.Programmers(test.who, management.Part{})
			if test.programmers < 0 {
				assertFault(t, management.Forbidden, "", "", err)
			} else {
				require.NoError(t, err)
				assert.Len(t, programmers.Programmers, test.programmers)
			}
			channels, err := w.Channels(test.who, "", management.Part{})
			require.NoError(t, err)
			assert.Len(t, channels.Channels, test.channels)
			apps, err := w.Applications(test.who, management.Filter{}, management.Part{})
			require.NoError(t, err)
			assert.Len(t, apps.Applications, test.apps)
			clients, err := w.Clients(within(t), test.who, uuid.Nil, management.Part{})
			require.NoError(t, err)
			assert.Len(t, clients.Clients, test.clients)
			kills, err := w.Kills(within(t), test.who, "", management.Part{})
			require.NoError(t, err)
			assert.Len(t, kills.Kills, test.kills)
			sets, err := w.ChangeSets(test.who, management.SetFilter{}, management.Part{})
			require.NoError(t, err)
			assert.Len(t, sets.ChangeSets, test.set)
			for _, e := range w.entries(t, test.who, management.AuditFilter{}) {
				if !access.Ever(&test.who, access.VerifyAudit) {
					assert.Equal(t, test.who.Grants[0].Programmer, e.Programmer)
				}
			}
		})
	}
	_, err := w.Application(within(t), ref30Admin, wide.ID)
	assertFault(t, management.NotFound, "application", "", err)
}

// What reaches beyond one programmer is the operators' alone.
func TestWhatOnlyAnOperatorMay(t *testing.T) {
	w := newWorld(t)
	w.settle(t)
	for name, test := range map[string]struct {
		change func(*management.Spec)
		field  string
	}{
		"choose an id":             {func(s *management.Spec) { s.ID = uuid.NewString() }, "id"},
		"act for a proxy MVPD":     {func(s *management.Spec) { s.ProxyMVPDs = []string{"P"} }, "proxy_mvpds"},
		"have a restricted scope":  {func(s *management.Spec) { s.Scopes = []string{"mvpd:proxies:owner"} }, "scopes"},
		"have a scope of no API":   {func(s *management.Spec) { s.Scopes = []string{"api:client:v2", "admin:everything"} }, "scopes"},
		"copy what an operator is": {func(s *management.Spec) { *s = management.Spec{Predecessor: w.proxying(t).String()} }, "proxy_mvpds"},
	} {
		t.Run(name, func(t *testing.T) {
			s := spec()
			test.change(&s)
			_, err := w.CreateApplication(within(t), call(refAdmin), s)
			assertFault(t, management.Forbidden, test.field, "only an operator", err)
			_, err = w.CreateApplication(within(t), call(ann), s)
			assert.NoError(t, err)
		})
	}
	t.Run("make an application of a programmer without a record", func(t *testing.T) {
		abc := person("abe", access.ProgrammerAdmin, "ABC")
		s := spec()
		s.Programmer, s.Channels, s.AllChannels = "ABC", nil, true
		_, err := w.CreateApplication(within(t), call(abc), s)
		assertFault(t, management.NotFound, "programmer", "no programmer ABC", err)
	})
	t.Run("revoke what is everybody's", func(t *testing.T) {
		for kind, id := range map[string]string{"platform": "tvOS", "issuer": ourIssuer, "key": ourKey, "token": uuid.NewString()} {
			_, err := w.Revoke(within(t), call(refAdmin), management.KillOrder{Kind: kind, ID: id})
			assertFault(t, management.Forbidden, "", kind+".revoke", err)
		}
	})
	t.Run("revoke another's channel, or one of nobody's", func(t *testing.T) {
		for _, id := range []string{"FOX1", "fox1", "NOBODY1"} {
			_, err := w.Revoke(within(t), call(refAdmin), management.KillOrder{Kind: "channel", ID: id})
			assertFault(t, management.NotFound, "id", "no channel "+id, err)
		}
	})
	t.Run("lift a kill", func(t *testing.T) {
		_, err := w.Revoke(within(t), call(ref30Admin), management.KillOrder{Kind: "channel", ID: "ref30"})
		require.NoError(t, err, "one's own channel, in any spelling")
		_, err = w.Unrevoke(within(t), call(refAdmin), "channel", "REF30")
		assertFault(t, management.Forbidden, "", "kill.lift", err)
		_, err = w.Unrevoke(within(t), call(ann), "channel", "REF30")
		assert.NoError(t, err)
	})
}

// proxying is an application of REF that an operator bound to a proxy MVPD.
func (w *world) proxying(t *testing.T) uuid.UUID {
	return w.create(t, func(s *management.Spec) { s.ProxyMVPDs = []string{"P"} }).ID
}

func TestWhoHasNoRoleIsTurnedAway(t *testing.T) {
	w := newWorld(t)
	w.settle(t)
	own := w.belongings(t, "REF", "REF30")
	nobody := access.Actor{Name: "eve", Method: "http_basic"}
	for _, a := range asks {
		assertFault(t, management.Forbidden, "", string(a.op), a.ask(t, w, nobody, own))
	}
	_, err := w.Applications(nobody, management.Filter{}, management.Part{})
	assertFault(t, management.Forbidden, "", "", err)
	_, err = w.AuditEntries(within(t), nobody, management.AuditFilter{}, management.Part{})
	assertFault(t, management.Forbidden, "", "", err)
	_, err = w.VerifyAudit(within(t), refAdmin, "", nil)
	assertFault(t, management.Forbidden, "", "", err)
	_, err = w.GuardedRoutes(refAdmin)
	assertFault(t, management.Forbidden, "", "", err)
}

// A statement of somebody else's application says nothing of that.
func TestInspectingOthersStatements(t *testing.T) {
	w := newWorld(t)
	w.settle(t)
	foreign := w.belongings(t, "FOX", "FOX1")
	unknown := w.papers.ofOurs(t, uuid.New())
	w.revoke(t, "application", foreign.app.String())
	got, err := w.InspectStatement(within(t), refAdmin, foreign.raw)
	require.NoError(t, err)
	assert.Equal(t, management.ApplicationUnknown, got.Verdict)
	assert.Nil(t, got.Application)
	assert.Empty(t, got.Kills)
	want, err := w.InspectStatement(within(t), refAdmin, unknown)
	require.NoError(t, err)
	assert.Equal(t, want.Verdict, got.Verdict)
	seen, err := w.InspectStatement(within(t), foxAdmin, foreign.raw)
	require.NoError(t, err)
	assert.Equal(t, management.StoppedByKill, seen.Verdict)
}

// A client whose application is declared elsewhere is nobody's but the operator's.
func TestAClientOfAnApplicationThatIsNotHere(t *testing.T) {
	w := newWorld(t)
	c := w.client(t, uuid.New(), uuid.New(), func(*state.Client) {})
	_, err := w.Client(within(t), refAdmin, c.ID)
	assertFault(t, management.NotFound, "client", "", err)
	_, err = w.Client(within(t), ann, c.ID)
	assert.NoError(t, err)
}
