package management_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/access"
	"github.com/caddy-dcr/caddy-dcr/internal/audit"
	"github.com/caddy-dcr/caddy-dcr/internal/management"
	"github.com/caddy-dcr/caddy-dcr/internal/manifest"
	"github.com/caddy-dcr/caddy-dcr/internal/state"
)

// unrecorded are the operations of which nothing is on record: they change
// nothing that has an effect.
var unrecorded = []access.Operation{
	access.ShowProgrammer, access.ShowChannel, access.ShowApplication, access.ShowStatement, access.ShowClient, access.ShowKill,
	access.ShowProxyMVPD, access.ShowCatalogue, access.ShowRoutes, access.ShowRefusal, access.ShowCensus, access.ShowKey, access.TryOut, access.ExamineGateway, access.ShowAudit, access.VerifyAudit, access.ShowChangeSet,
	access.EditChangeSet, access.ShowManifest,
}

// Every operation is done once. Each that changes something is on record, with
// who, where, what, before and after, and none of it holds a secret.
func TestEveryActIsOnRecord(t *testing.T) {
	overBoth(t, func(t *testing.T, w *world) {
		secrets := w.doEverything(t)
		entries := w.entries(t, ann, management.AuditFilter{})
		done := map[access.Operation]bool{}
		for i, e := range entries {
			done[access.Operation(e.Operation)] = true
			assert.Equal(t, uint64(i+1), e.Seq)
			assert.Equal(t, "ann", e.Actor)
			assert.Equal(t, "operator", e.Role)
			assert.Equal(t, "cli", e.Surface)
			assert.Equal(t, "127.0.0.1", e.Address)
			assert.Equal(t, "admin_endpoint", e.Method)
			assert.Equal(t, "gateway-1", e.Node)
			assert.Equal(t, "done", e.Outcome)
			assert.NotZero(t, e.At)
			assert.NotEmpty(t, e.Target.ID)
			verb := e.Operation[strings.IndexByte(e.Operation, '.')+1:]
			begins := slices.Contains([]string{"create", "extend", "issue", "revoke", "apply", "export", "import"}, verb) || e.Operation == "manifest.release"
			assert.Equal(t, begins, e.Before == nil, "%s: before", e.Operation)
			assert.Equal(t, slices.Contains([]string{"delete", "reduce"}, verb), e.After == nil, "%s: after", e.Operation)
			text, err := json.Marshal(e)
			require.NoError(t, err)
			for _, secret := range secrets {
				assert.NotContains(t, string(text), secret, "%s", e.Operation)
			}
		}
		for _, op := range access.Operations {
			assert.Equal(t, !slices.Contains(unrecorded, op), done[op], "%s", op)
		}
		w.whole(t)
	})
}

// doEverything does every operation, and answers what must be on no record.
func (w *world) doEverything(t *testing.T) (secrets []string) {
	t.Helper()
	ok := func(_ any, err error) {
		t.Helper()
		require.NoError(t, err)
	}
	w.settle(t)
	ok(w.UpdateProgrammer(within(t), call(ann), "REF", management.ProgrammerSpec{}))
	ok(w.UpdateChannel(within(t), call(ann), "REF30", management.ChannelSpec{}))
	require.NoError(t, w.DeleteChannel(within(t), call(ann), "FOX1"))
	require.NoError(t, w.DeleteChannel(within(t), call(ann), "FOX2"))
	require.NoError(t, w.DeleteProgrammer(within(t), call(ann), "FOX"))
	ok(w.CreateProxyMVPD(within(t), call(ann), "P", management.ProxyMVPDSpec{}))
	ok(w.UpdateProxyMVPD(within(t), call(ann), "P", management.ProxyMVPDSpec{Name: "Proxy"}))
	require.NoError(t, w.DeleteProxyMVPD(within(t), call(ann), "P"))
	ok(w.AddScope(within(t), call(ann), "a:b", management.ScopeSpec{}))
	ok(w.UpdateScope(within(t), call(ann), "a:b", management.ScopeSpec{Restricted: true}))
	require.NoError(t, w.RemoveScope(within(t), call(ann), "a:b"))
	set := w.draft(t, rename("REF31", "x"))
	ok(w.PushChangeSet(within(t), call(ann), set.ID))
	ok(w.RollBackChangeSet(within(t), call(ann), set.ID, management.RollBackOptions{}))

	require.NoError(t, w.Keys.Ensure(within(t), state.KeyForStatements, w.Signing[state.KeyForStatements]))
	ok(w.RotateKey(within(t), call(ann), management.KeyOrder{Use: "statement"}))
	taken := w.create(t, nil)
	w.apply(t, manifest.Manifest{Name: "streaming", Applications: []manifest.Application{
		{Key: "taken", ID: taken.ID.String(), Name: "Demo", Programmer: "REF", Channels: []string{"REF30"}, Scopes: []string{"api:client:v2"}},
	}})
	ok(w.ReleaseManifest(within(t), call(ann), "streaming"))
	w.Mover = still{}
	ok(w.BeginMove(within(t), call(ann), nil))
	ok(w.BeginExport(within(t), call(ann), management.ExportOrder{}))
	ok(w.BeginImport(within(t), call(ann), management.ImportOrder{From: "backup.ndjson"}))

	app := w.create(t, nil)
	issued, err := w.IssueStatement(within(t), keyed(ann, "a secret key of the caller's"), app.ID)
	require.NoError(t, err)
	c := w.client(t, app.ID, issued.ID, nil)
	for kind, id := range map[string]string{
		"token": uuid.NewString(), "platform": "tvOS", "channel": "REF30", "issuer": theirIssuer, "client": c.ID.String(), "statement": issued.ID.String(),
	} {
		w.revoke(t, kind, id)
	}
	w.revoke(t, "application", app.ID.String())
	position, err := w.Records.AddSigningKey(within(t), state.SigningKey{Use: state.KeyForTokens, Generation: 9, ID: "killed", Material: []byte("material")})
	require.NoError(t, err)
	require.NoError(t, w.Replica.WaitFor(within(t), position))
	w.revoke(t, "key", "killed")
	ok(w.Unrevoke(within(t), call(ann), "platform", "tvOS"))
	return []string{issued.JWT, strings.Split(issued.JWT, ".")[2], "never shown", "a secret key of the caller's"}
}

// Who is refused is on record too, though not without end, and never learns by
// the answer's time whether there was something to be refused.
func TestRefusedAttemptsAreOnRecord(t *testing.T) {
	w := newWorld(t)
	w.settle(t)
	foreign := w.belongings(t, "FOX", "FOX1")
	before := len(w.entries(t, ann, management.AuditFilter{}))
	_, err := w.Revoke(within(t), call(refAdmin), management.KillOrder{Kind: "application", ID: foreign.app.String()})
	assertFault(t, management.NotFound, "application", "", err)
	_, err = w.Application(within(t), refAdmin, foreign.app)
	assertFault(t, management.NotFound, "application", "", err)
	require.Eventually(t, func() bool { return len(w.entries(t, ann, management.AuditFilter{})) > before }, 10*time.Second, 5*time.Millisecond)
	entries := w.entries(t, ann, management.AuditFilter{Actor: "rae"})
	require.Len(t, entries, 1, "looking is not on record")
	assert.Equal(t, "denied", entries[0].Outcome)
	assert.Equal(t, "application.revoke", entries[0].Operation)
	assert.Equal(t, foreign.app.String(), entries[0].Target.ID)
	assert.Equal(t, "FOX", entries[0].Programmer)
	assert.Len(t, w.entries(t, foxAdmin, management.AuditFilter{Actor: "rae"}), 1, "whose it is sees who tried")
	assert.Empty(t, w.entries(t, refAdmin, management.AuditFilter{Actor: "rae"}), "whoever tried does not, because it would tell that it is there")

	for range 60 {
		_, err := w.Revoke(within(t), call(refAdmin), management.KillOrder{Kind: "application", ID: foreign.app.String()})
		require.Error(t, err)
	}
	last := 0
	require.Eventually(t, func() bool {
		now := len(w.entries(t, ann, management.AuditFilter{Actor: "rae"}))
		settled := now == last && now > 20
		last = now
		return settled
	}, 20*time.Second, 300*time.Millisecond)
	assert.Less(t, last, 60, "there is a budget")
	w.whole(t)
}

func TestFiltersOfTheAudit(t *testing.T) {
	w := newWorld(t)
	w.settle(t) // 2 programmers, 4 channels
	app := w.create(t, nil)
	_, err := w.UpdateChannel(within(t), call(refAdmin), "REF30", management.ChannelSpec{Name: "x"})
	require.NoError(t, err)
	all := w.entries(t, ann, management.AuditFilter{})
	require.Len(t, all, 8)
	for name, test := range map[string]struct {
		filter management.AuditFilter
		want   int
	}{
		"all":                     {management.AuditFilter{}, 8},
		"of an actor":             {management.AuditFilter{Actor: "rae"}, 1},
		"of nobody":               {management.AuditFilter{Actor: "ra"}, 0},
		"on a programmer's":       {management.AuditFilter{Programmer: "FOX"}, 3},
		"on a channel's":          {management.AuditFilter{Channel: "REF30"}, 2},
		"an operation":            {management.AuditFilter{Operation: "channel.update"}, 1},
		"a kind of operation":     {management.AuditFilter{Operation: "channel"}, 5},
		"a target":                {management.AuditFilter{Target: "application/" + app.ID.String()}, 1},
		"a target's id":           {management.AuditFilter{Target: app.ID.String()}, 1},
		"a kind of target":        {management.AuditFilter{Target: "programmer"}, 2},
		"since the last":          {management.AuditFilter{Since: all[7].At}, len(slices.Collect(since(all, all[7].At)))},
		"before the first":        {management.AuditFilter{Until: all[0].At}, 0},
		"of a set that is none":   {management.AuditFilter{ChangeSet: "x"}, 0},
		"two things at once":      {management.AuditFilter{Actor: "ann", Channel: "REF30"}, 1},
		"two that exclude others": {management.AuditFilter{Programmer: "FOX", Channel: "REF30"}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Len(t, w.entries(t, ann, test.filter), test.want)
		})
	}
	_, err = w.AuditEntries(within(t), ann, management.AuditFilter{}, management.Part{Cursor: "x"})
	assertFault(t, management.Invalid, "cursor", "", err)
	_, err = w.VerifyAudit(within(t), ann, "", []string{"x"})
	assertFault(t, management.Invalid, "anchor", "want the number of an entry", err)
}

func TestAStoreThatIsAwayRefusesActs(t *testing.T) {
	w := newWorld(t)
	w.settle(t)
	w.store.appends.Store(true)
	_, err := w.UpdateChannel(within(t), call(ann), "REF30", management.ChannelSpec{Name: "x"})
	assertFault(t, management.Unavailable, "", "updating channel REF30", err)
	assert.Contains(t, fault(t, err).Hint, "may have happened all the same")
	w.store.away.Store(true)
	_, err = w.AuditEntries(within(t), ann, management.AuditFilter{}, management.Part{})
	assertFault(t, management.Unavailable, "", "reading the audit", err)
	_, err = w.PushChangeSet(within(t), call(ann), uuid.New())
	assertFault(t, management.Unavailable, "", "pushing the change set", err)
}

func since(all []audit.Entry, at time.Time) func(func(audit.Entry) bool) {
	return func(yield func(audit.Entry) bool) {
		for _, e := range all {
			if !e.At.Before(at) && !yield(e) {
				return
			}
		}
	}
}

// still moves nowhere.
type still struct{ management.Mover }

func (still) Begin(context.Context, json.RawMessage) error { return nil }
func (still) State() management.Move                       { return management.Move{State: "copying"} }
