package management_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/caddy-dcr/caddy-dcr/internal/access"
	"github.com/caddy-dcr/caddy-dcr/internal/audit"
	"github.com/caddy-dcr/caddy-dcr/internal/changeset"
	"github.com/caddy-dcr/caddy-dcr/internal/management"
)

// draft begins a set of an operator's and gathers changes in it.
func (w *world) draft(t *testing.T, changes ...management.Change) management.ChangeSet {
	t.Helper()
	set, err := w.CreateChangeSet(within(t), call(ann), management.ChangeSetSpec{Title: "spring"})
	require.NoError(t, err)
	for _, c := range changes {
		set, err = w.AddChange(within(t), call(ann), set.ID, c)
		require.NoError(t, err)
	}
	return set
}

func rename(channel, name string) management.Change {
	return management.Change{Operation: access.UpdateChannel, ID: channel, Channel: &management.ChannelSpec{Name: name}}
}

// launch makes a programmer, a channel of it and an application for that.
func launch() []management.Change {
	return []management.Change{
		{Operation: access.CreateProgrammer, ID: "NEW", Programmer: &management.ProgrammerSpec{Name: "New", NewScheme: true}},
		{Operation: access.CreateChannel, ID: "NEW1", Channel: &management.ChannelSpec{Programmer: "NEW", Domains: []string{"new.example"}}},
		{Operation: access.CreateApplication, Application: &management.Spec{
			Name: "Demo", Programmer: "NEW", Channels: []string{"NEW1"}, Platforms: []string{"iOS"}, Scopes: []string{"api:client:v2"},
		}},
	}
}

func TestASetIsReviewedAndPushedWhole(t *testing.T) {
	overBoth(t, func(t *testing.T, w *world) {
		w.settle(t)
		set := w.draft(t, append(launch(), rename("REF30", "Reference"), management.Change{Operation: access.RevokePlatform, ID: "tvos", Reason: "bad release"})...)
		require.Len(t, set.Changes, 5)
		for i, c := range set.Changes {
			assert.Equal(t, i+1, c.Number)
			assert.Nil(t, c.Conflict)
			assert.NotEmpty(t, c.Difference)
		}
		assert.Equal(t, `[{"field":"name","from":"REF30","to":"Reference"}]`, toJSON(t, set.Changes[3].Difference))
		assert.NotEmpty(t, set.Changes[3].Change.IfVersion, "the version that was seen")
		app := set.Changes[2]
		_, err := w.Application(within(t), ann, uuid.MustParse(app.Change.ID))
		assertFault(t, management.NotFound, "application", "", err)
		_, err = w.Programmer(ann, "NEW")
		assertFault(t, management.NotFound, "programmer", "", err)

		again, err := w.ChangeSet(within(t), ann, set.ID)
		require.NoError(t, err)
		assert.Equal(t, withoutTimes(t, set), withoutTimes(t, again), "what is reviewed twice is the same, schemes that were drawn too")

		before, _, err := w.store.Tail(within(t))
		require.NoError(t, err)
		pushed, err := w.PushChangeSet(within(t), call(ann), set.ID)
		require.NoError(t, err)
		after, _, err := w.store.Tail(within(t))
		require.NoError(t, err)
		assert.Equal(t, before.Seq+1, after.Seq, "one act of the store")
		assert.Equal(t, management.Pushed, pushed.Status)
		assert.Equal(t, "ann", pushed.PushedBy)
		assert.NotZero(t, pushed.PushedAt)

		made, err := w.Application(within(t), ann, uuid.MustParse(app.Change.ID))
		require.NoError(t, err)
		assert.Equal(t, []string{"new.example"}, made.Domains, "it inherits from what came before it in the set")
		var reviewed management.Application
		require.NoError(t, json.Unmarshal(app.After, &reviewed))
		assert.Equal(t, reviewed.CustomSchemes, made.CustomSchemes)
		kills, err := w.Kills(within(t), ann, "platform", management.Part{})
		require.NoError(t, err)
		require.Len(t, kills.Kills, 1)
		assert.Equal(t, "bad release", kills.Kills[0].Reason)

		entries := w.entries(t, ann, management.AuditFilter{ChangeSet: set.ID.String()})
		var operations []string
		for _, e := range entries {
			operations = append(operations, e.Operation)
		}
		assert.Equal(t, []string{"programmer.create", "channel.create", "application.create", "channel.update", "platform.revoke", "change_set.push"}, operations)
		_, err = w.PushChangeSet(within(t), call(ann), set.ID)
		assertFault(t, management.Changed, "status", "was pushed already", err)
		_, err = w.AddChange(within(t), call(ann), set.ID, rename("REF30", "x"))
		assertFault(t, management.Changed, "status", "was pushed already", err)
		w.whole(t)
	})
}

func toJSON(t *testing.T, value any) string {
	text, err := json.Marshal(value)
	require.NoError(t, err)
	return string(text)
}

// withoutTimes is a set as JSON, without the times at which its changes would
// have been made: that is the moment of the review.
func withoutTimes(t *testing.T, set management.ChangeSet) string {
	for i := range set.Changes {
		for _, view := range []*json.RawMessage{&set.Changes[i].Before, &set.Changes[i].After} {
			var members map[string]any
			if json.Unmarshal(*view, &members) == nil {
				for _, name := range []string{"created_at", "updated_at", "at", "version", "record_version"} {
					delete(members, name)
				}
				*view = json.RawMessage(toJSON(t, members))
			}
		}
		set.Changes[i].Difference = slices.DeleteFunc(set.Changes[i].Difference, func(d changeset.Difference) bool { return d.Field == "at" })
	}
	return toJSON(t, set)
}

func TestWhatHasChangedSinceIsNamed(t *testing.T) {
	overBoth(t, func(t *testing.T, w *world) {
		w.settle(t)
		set := w.draft(t, rename("REF30", "one"), rename("REF31", "two"),
			management.Change{Operation: access.CreateProgrammer, ID: "ABC"}, management.Change{Operation: access.DeleteChannel, ID: "FOX1"})
		_, err := w.UpdateChannel(within(t), call(refAdmin), "REF31", management.ChannelSpec{Name: "meanwhile"})
		require.NoError(t, err)
		_, err = w.CreateProgrammer(within(t), call(ann), "ABC", management.ProgrammerSpec{})
		require.NoError(t, err)
		require.NoError(t, w.DeleteChannel(within(t), call(ann), "FOX1"))

		_, err = w.PushChangeSet(within(t), call(ann), set.ID)
		f := fault(t, err)
		assert.Equal(t, management.Changed, f.Code)
		var found []string
		for _, c := range f.Conflicts {
			found = append(found, fmt.Sprintf("%d %s", c.Number, c.Code))
		}
		assert.Equal(t, []string{"2 changed", "3 exists", "4 not_found"}, found)
		shown, err := w.ChangeSet(within(t), ann, set.ID)
		require.NoError(t, err)
		assert.Nil(t, shown.Changes[0].Conflict)
		assert.Equal(t, management.Changed, shown.Changes[1].Conflict.Code, "the review names them too")
		channel, err := w.Channel(ann, "REF30")
		require.NoError(t, err)
		assert.Equal(t, "REF30", channel.Name, "nothing of the set was done")

		for _, number := range []int{4, 3, 2} {
			_, err = w.RemoveChange(within(t), call(ann), set.ID, number)
			require.NoError(t, err)
		}
		_, err = w.PushChangeSet(within(t), call(ann), set.ID)
		require.NoError(t, err)
	})
}

func TestAPushIsRolledBack(t *testing.T) {
	overBoth(t, func(t *testing.T, w *world) {
		w.settle(t)
		_, err := w.UpdateChannel(within(t), call(ann), "REF31", management.ChannelSpec{Name: "before", Domains: []string{"ref.example"}})
		require.NoError(t, err)
		set := w.draft(t, append(launch(), rename("REF31", "one"), rename("REF31", "two"),
			management.Change{Operation: access.DeleteChannel, ID: "FOX1"},
			management.Change{Operation: access.ExtendCatalogue, Kind: "scope", ID: "a:b", Scope: &management.ScopeSpec{}},
			management.Change{Operation: access.RevokeChannel, ID: "REF30"})...)
		pushed, err := w.PushChangeSet(within(t), call(ann), set.ID)
		require.NoError(t, err)
		assert.Equal(t, access.RevokeApplication, pushed.Changes[2].Undo)
		assert.Contains(t, pushed.Changes[2].UndoNote, "never deleted")

		back, err := w.RollBackChangeSet(within(t), call(ann), set.ID, management.RollBackOptions{})
		require.NoError(t, err, "%v", err)
		assert.Equal(t, management.RolledBack, back.Status)
		assert.Equal(t, "ann", back.UndoneBy)
		app, err := w.Application(within(t), ann, uuid.MustParse(set.Changes[2].Change.ID))
		require.NoError(t, err)
		assert.True(t, app.Revoked)
		assert.Equal(t, "rolled back", app.Revocation.Reason)
		channel, err := w.Channel(ann, "REF31")
		require.NoError(t, err)
		assert.Equal(t, "before", channel.Name)
		assert.Equal(t, []string{"ref.example"}, channel.Domains)
		fox, err := w.Channel(ann, "FOX1")
		require.NoError(t, err)
		assert.Equal(t, "FOX", fox.Programmer)
		_, err = w.Channel(ann, "NEW1")
		assertFault(t, management.NotFound, "channel", "", err)
		kills, err := w.Kills(within(t), ann, "channel", management.Part{})
		require.NoError(t, err)
		assert.NotZero(t, kills.Kills[0].LiftedAt)
		_, err = w.RollBackChangeSet(within(t), call(ann), set.ID, management.RollBackOptions{})
		assertFault(t, management.Changed, "status", "is rolled_back, and not pushed", err)
		w.whole(t)
	})
}

func TestWhatCannotBeTakenBackIsNamed(t *testing.T) {
	w := newWorld(t)
	w.settle(t)
	app := w.create(t, nil)
	c := w.client(t, app.ID, uuid.New(), nil)
	set := w.draft(t, rename("REF30", "new"), management.Change{Operation: access.RevokeClient, ID: c.ID.String()})
	_, err := w.PushChangeSet(within(t), call(ann), set.ID)
	require.NoError(t, err)
	_, err = w.RollBackChangeSet(within(t), call(ann), set.ID, management.RollBackOptions{})
	f := fault(t, err)
	assert.Equal(t, management.Irreversible, f.Code)
	require.Len(t, f.Conflicts, 1)
	assert.Equal(t, 2, f.Conflicts[0].Number)
	assert.Contains(t, f.Conflicts[0].Message, "stays so")

	_, err = w.RollBackChangeSet(within(t), call(ann), set.ID, management.RollBackOptions{Partly: true})
	require.NoError(t, err)
	channel, err := w.Channel(ann, "REF30")
	require.NoError(t, err)
	assert.Equal(t, "REF30", channel.Name)
	shown, err := w.Client(within(t), ann, c.ID)
	require.NoError(t, err)
	assert.Equal(t, "client", shown.StoppedBy)
}

func TestARollBackTakesNothingAwayFromOthers(t *testing.T) {
	w := newWorld(t)
	w.settle(t)
	set := w.draft(t, rename("REF30", "mine"), rename("REF31", "mine too"))
	_, err := w.PushChangeSet(within(t), call(ann), set.ID)
	require.NoError(t, err)
	_, err = w.UpdateChannel(within(t), call(refAdmin), "REF30", management.ChannelSpec{Name: "theirs"})
	require.NoError(t, err)
	_, err = w.RollBackChangeSet(within(t), call(ann), set.ID, management.RollBackOptions{})
	f := fault(t, err)
	assert.Equal(t, management.Changed, f.Code)
	require.Len(t, f.Conflicts, 1)
	assert.Contains(t, f.Conflicts[0].Message, "channel/REF30 has changed")
	channel, err := w.Channel(ann, "REF31")
	require.NoError(t, err)
	assert.Equal(t, "mine too", channel.Name, "all of it is taken back, or nothing")
}

// A set stays in the place that it was begun for, whoever fills it.
func TestASetHoldsNothingOfOthers(t *testing.T) {
	w := newWorld(t)
	w.settle(t)
	set, err := w.CreateChangeSet(within(t), call(ann), management.ChangeSetSpec{Programmer: "REF", Channel: "REF30"})
	require.NoError(t, err)
	for _, c := range []management.Change{
		rename("REF31", "x"), rename("FOX1", "x"),
		{Operation: access.UpdateProgrammer, ID: "REF", Programmer: &management.ProgrammerSpec{}},
		{Operation: access.ExtendCatalogue, Kind: "scope", ID: "a:b"},
		{Operation: access.RevokePlatform, ID: "tvOS"},
		{Operation: access.CreateApplication, Application: &management.Spec{Name: "x", Programmer: "REF", Channels: []string{"REF31"}, Scopes: []string{"a"}}},
	} {
		_, err := w.AddChange(within(t), call(ann), set.ID, c)
		assertFault(t, management.NotFound, fault(t, err).Field, "there is no", err)
	}
	set, err = w.AddChange(within(t), call(ref30Admin), set.ID, management.Change{
		Operation: access.CreateApplication, Application: &management.Spec{Name: "x", Programmer: "REF", Channels: []string{"REF30"}, Scopes: []string{"api:client:v2"}},
	})
	require.NoError(t, err)
	pushed, err := w.PushChangeSet(within(t), call(refAdmin), set.ID)
	require.NoError(t, err, "the programmer's admin may push what the channel's gathered")
	var app management.Application
	require.NoError(t, json.Unmarshal(pushed.Changes[0].After, &app))
	assert.Equal(t, "channel", app.Level)
	assert.Equal(t, "rae", app.CreatedBy)
}

// Whoever pushes must have the right to everything that is in the set.
func TestAPushNeedsTheRights(t *testing.T) {
	w := newWorld(t)
	w.settle(t)
	set, err := w.CreateChangeSet(within(t), call(ann), management.ChangeSetSpec{Programmer: "REF"})
	require.NoError(t, err)
	_, err = w.AddChange(within(t), call(ann), set.ID, management.Change{Operation: access.CreateChannel, ID: "REF32", Channel: &management.ChannelSpec{Programmer: "REF"}})
	require.NoError(t, err)
	_, err = w.PushChangeSet(within(t), call(refAdmin), set.ID)
	f := fault(t, err)
	require.Len(t, f.Conflicts, 1)
	assert.Equal(t, management.Forbidden, f.Conflicts[0].Code)
	_, err = w.PushChangeSet(within(t), call(ann), set.ID)
	require.NoError(t, err)
	_, err = w.RollBackChangeSet(within(t), call(refAdmin), set.ID, management.RollBackOptions{})
	require.Len(t, fault(t, err).Conflicts, 1)
	_, err = w.AddChange(within(t), call(refAdmin), w.draft(t).ID, rename("REF30", "x"))
	assertFault(t, management.NotFound, "change_set", "", err)
	_, err = w.CreateChangeSet(within(t), call(refAdmin), management.ChangeSetSpec{})
	assertFault(t, management.Invalid, "programmer", "want yours", err)
}

func TestDrafts(t *testing.T) {
	w := newWorld(t)
	w.settle(t)
	set := w.draft(t, rename("REF30", "x"))
	stale := call(ann)
	stale.IfVersion = set.Version
	set, err := w.AddChange(within(t), stale, set.ID, rename("REF31", "y"))
	require.NoError(t, err)
	_, err = w.AddChange(within(t), stale, set.ID, rename("FOX1", "z"))
	assertFault(t, management.Changed, "version", "has changed", err)
	_, err = w.PushChangeSet(within(t), stale, set.ID)
	assertFault(t, management.Changed, "version", "has changed", err)
	_, err = w.RemoveChange(within(t), call(ann), set.ID, 3)
	assertFault(t, management.NotFound, "number", "no change 3", err)
	_, err = w.PushChangeSet(within(t), call(ann), w.draft(t).ID)
	assertFault(t, management.Invalid, "changes", "the set has none", err)
	for name, c := range map[string]management.Change{
		"statements are issued at once":           {Operation: access.IssueStatement, ID: uuid.NewString()},
		"nothing is done by showing":              {Operation: access.ShowChannel, ID: "REF30"},
		"there is no such operation":              {Operation: "everything.delete"},
		"a catalogue of what":                     {Operation: access.ExtendCatalogue, ID: "a:b"},
		"an application's id is not for its spec": {Operation: access.CreateApplication, Application: &management.Spec{ID: uuid.NewString()}},
		"a channel cannot become of another": {Operation: access.UpdateChannel, ID: "REF30",
			Channel: &management.ChannelSpec{Programmer: "FOX"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := w.AddChange(within(t), call(ann), set.ID, c)
			assert.Equal(t, management.Invalid, fault(t, err).Code)
		})
	}
	before := len(w.entries(t, ann, management.AuditFilter{}))
	require.NoError(t, w.DiscardChangeSet(within(t), call(ann), set.ID))
	_, err = w.ChangeSet(within(t), ann, set.ID)
	assertFault(t, management.NotFound, "change_set", "", err)
	assert.Len(t, w.entries(t, ann, management.AuditFilter{}), before, "a draft changes nothing, and nothing is on record of it")
}

func TestASetHasAnEnd(t *testing.T) {
	w := newWorld(t)
	w.settle(t)
	long := strings.Repeat("x", 190)
	changes := make([]management.Change, 100)
	for i := range changes {
		changes[i] = management.Change{Operation: access.CreateProgrammer, ID: fmt.Sprintf("P%d", i), Programmer: &management.ProgrammerSpec{Name: long}}
	}
	set := w.draft(t, changes...)
	_, err := w.AddChange(within(t), call(ann), set.ID, rename("REF30", "x"))
	assertFault(t, management.Invalid, "change", "100 changes", err)
	_, err = w.PushChangeSet(within(t), call(ann), set.ID)
	require.NoError(t, err)
	w.whole(t)
	assert.Len(t, w.entries(t, ann, management.AuditFilter{ChangeSet: set.ID.String()}), 101)
}

func TestSetsAreListedTheNewestFirst(t *testing.T) {
	w := newWorld(t)
	w.settle(t)
	var ids []uuid.UUID
	for range 3 {
		ids = append(ids, w.draft(t, rename("REF30", fmt.Sprint(len(ids)))).ID)
	}
	_, err := w.PushChangeSet(within(t), call(ann), ids[0])
	require.NoError(t, err)
	list, err := w.ChangeSets(ann, management.SetFilter{Status: management.Draft}, management.Part{})
	require.NoError(t, err)
	assert.Len(t, list.ChangeSets, 2)
	for _, set := range list.ChangeSets {
		assert.Equal(t, 1, set.Count)
		assert.Nil(t, set.Changes, "a list leaves them out")
	}
	page, err := w.ChangeSets(ann, management.SetFilter{}, management.Part{Limit: 2})
	require.NoError(t, err)
	rest, err := w.ChangeSets(ann, management.SetFilter{}, management.Part{Limit: 2, Cursor: page.Cursor})
	require.NoError(t, err)
	seen := map[uuid.UUID]bool{}
	for _, set := range append(page.ChangeSets, rest.ChangeSets...) {
		seen[set.ID] = true
	}
	assert.ElementsMatch(t, ids, slices.Collect(maps.Keys(seen)))
	assert.Empty(t, rest.Cursor)
}

// Whatever a set does to channels and programmers: pushing it does exactly
// what was reviewed, and rolling it back leaves everything as it was.
func TestPushAndRollBackAreInverse(t *testing.T) {
	w := newWorld(t)
	w.settle(t)
	snapshot := func(rt require.TestingT) map[string]string {
		all := map[string]string{}
		programmers, err := w.Programmers(ann, management.Part{})
		require.NoError(rt, err)
		for _, p := range programmers.Programmers {
			all["programmer/"+p.ID] = fmt.Sprint(p.Name, p.CustomSchemes)
		}
		channels, err := w.Channels(ann, "", management.Part{})
		require.NoError(rt, err)
		for _, c := range channels.Channels {
			all["channel/"+c.ID] = fmt.Sprint(c.Programmer, c.Name, c.Domains, c.DefaultRedirectURL, c.CustomSchemes)
		}
		return all
	}
	rapid.Check(t, func(rt *rapid.T) {
		before := snapshot(rt)
		set, err := w.CreateChangeSet(within(t), call(ann), management.ChangeSetSpec{})
		require.NoError(rt, err)
		for range rapid.IntRange(1, 6).Draw(rt, "changes") {
			next, err := w.AddChange(within(t), call(ann), set.ID, randomChange(rt))
			if err == nil {
				set = next // else it is one that cannot be made now
			}
		}
		if len(set.Changes) == 0 {
			return
		}
		pushed, err := w.PushChangeSet(within(t), call(ann), set.ID)
		require.NoError(rt, err)
		for i, c := range pushed.Changes {
			assert.Equal(rt, set.Changes[i].Difference, c.Difference, "it does what was reviewed")
		}
		_, err = w.RollBackChangeSet(within(t), call(ann), set.ID, management.RollBackOptions{})
		require.NoError(rt, err)
		assert.Equal(rt, before, snapshot(rt))
	})
	w.whole(t)
}

func randomChange(rt *rapid.T) management.Change {
	name := rapid.SampledFrom([]string{"one", "two", ""}).Draw(rt, "name")
	domains := rapid.SampledFrom([][]string{nil, {"a.example"}, {"a.example", "b.example"}}).Draw(rt, "domains")
	programmer := rapid.SampledFrom([]string{"REF", "FOX", "ABC", "XYZ"}).Draw(rt, "programmer")
	channel := rapid.SampledFrom([]string{"REF30", "FOX1", "NEW1", "NEW2"}).Draw(rt, "channel")
	switch op := rapid.SampledFrom([]access.Operation{
		access.CreateProgrammer, access.UpdateProgrammer, access.DeleteProgrammer, access.CreateChannel, access.UpdateChannel, access.DeleteChannel,
	}).Draw(rt, "operation"); op {
	case access.CreateProgrammer, access.UpdateProgrammer:
		return management.Change{Operation: op, ID: programmer, Programmer: &management.ProgrammerSpec{Name: name, NewScheme: name == "one"}}
	case access.DeleteProgrammer:
		return management.Change{Operation: op, ID: programmer}
	case access.CreateChannel:
		return management.Change{Operation: op, ID: channel, Channel: &management.ChannelSpec{Programmer: programmer, Name: name, Domains: domains}}
	case access.UpdateChannel:
		return management.Change{Operation: op, ID: channel, Channel: &management.ChannelSpec{Name: name, Domains: domains}}
	default:
		return management.Change{Operation: op, ID: channel}
	}
}

// The whole of what a set did is on record, under its own entry.
func TestAPushIsOnRecord(t *testing.T) {
	w := newWorld(t)
	w.settle(t)
	set := w.draft(t, rename("REF30", "x"))
	_, err := w.PushChangeSet(within(t), call(ann), set.ID)
	require.NoError(t, err)
	entries := w.entries(t, ann, management.AuditFilter{Operation: "change_set"})
	require.Len(t, entries, 1)
	assert.Equal(t, audit.Target{Kind: "change_set", ID: set.ID.String()}, entries[0].Target)
	assert.Contains(t, string(entries[0].Before), `"status":"draft"`)
	assert.Contains(t, string(entries[0].After), `"status":"pushed"`)
	entries = w.entries(t, refAdmin, management.AuditFilter{Target: "channel/REF30"})
	require.Len(t, entries, 2, "the channel's programmer sees what was done to it")
	assert.Contains(t, string(entries[1].After), `"name":"x"`)
}
